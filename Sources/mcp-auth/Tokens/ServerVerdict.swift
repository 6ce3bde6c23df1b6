import HTTPMessages
import JOSE
import OAuthMetadata
import OAuthResourceServer
import SafeFetch
import Synchronization
import TokenVerification
import WireFormat

/// `token verify` without keys in the arguments: asks a guard that the variables `OAUTH_*` configure, exactly as the
/// server does, with its issuers, keys, introspection and scopes.
struct ServerVerdict {
    private let tokenFile: String?
    private let requiredScopes: ScopeSet

    /// Parses the arguments after `token verify`.
    init(_ arguments: [String]) throws(CommandFault) {
        var list = ArgumentList(arguments, flags: ["--token-file"], repeatableFlags: ["--required-scope"])
        tokenFile = list["--token-file"]
        let scopes = list.values("--required-scope", VerificationOptions.scopes) { ScopeSet(parsing: $0) }
        requiredScopes = scopes.reduce(ScopeSet()) { $0.union($1) }
        guard list.faults.isEmpty else { throw CommandFault(list.faults) }
    }

    /// Whether the arguments name neither keys nor an issuer nor an audience, so that the environment decides.
    static func isMeant(by arguments: [String]) -> Bool {
        !arguments.contains { argument in
            ["--jwks", "--issuer", "--audience"].contains { flag in
                argument.hasSameBytes(as: flag) || argument.utf8.starts(with: (flag + "=").utf8)
            }
        }
    }

    /// Keeps the events of one request.
    private final class EventList: Sendable {
        private let list = Mutex<[ResourceServerEvent]>([])
        func add(_ event: ResourceServerEvent) { list.withLock { $0.append(event) } }
        var all: [ResourceServerEvent] { list.withLock { $0 } }
    }

    func run(in environment: CommandEnvironment) async throws(CommandFault) -> Outcome {
        guard environment.variables.keys.contains(where: { $0.utf8.starts(with: "OAUTH_".utf8) }) else {
            throw CommandFault([
                "--jwks is required: a file, a URL, or - for standard input; or --issuer, to discover the keys",
                "--audience is required: the identifier of the resource that the token must be for",
                "without them, the variables OAUTH_RESOURCE and OAUTH_ISSUERS must be set, as for the server",
            ])
        }
        let token = PresentedToken(
            TokenText.withoutScheme(try TokenText.read(from: tokenFile, in: environment)))
        var configuration = ResourceServerConfiguration(environment: environment.variables)
        configuration.requirements.scopes += requiredScopes.tokens
        let network = try environment.network(try Self.network(configuration))
        let events = EventList()
        let guarding: ResourceServer
        do throws(ConfigurationError) {
            guarding = try ResourceServer(configuration, fetcher: network, observer: events.add)
        } catch {
            throw CommandFault(error.lines)
        }
        guard let text = String(validating: token.bytes, as: UTF8.self),
            let decision = await Self.ask(guarding, text)
        else { throw CommandFault("the token has bytes that no header field holds") }
        return outcome(decision, token, configuration, events.all, environment)
    }

    /// The network with the permissions of the configuration.
    private static func network(
        _ configuration: ResourceServerConfiguration
    ) throws(CommandFault) -> ClientNetwork.Options {
        let fetching = configuration.tokens.fetching
        var options = ClientNetwork.Options()
        options.privateHosts = fetching.privateHosts.compactMap { HTTPHost($0) }
        options.proxy = fetching.proxy.flatMap { try? AbsoluteURL(parsing: $0) }
        guard let path = fetching.certificateAuthorityFile else { return options }
        do throws(CertificateAuthorityFile.Unusable) {
            options.certificateAuthorities = try CertificateAuthorityFile(path: path)
        } catch {
            throw CommandFault(error.description)
        }
        return options
    }

    /// Sends `initialize` with the token to the guard, in this process.
    private static func ask(_ guarding: ResourceServer, _ token: String) async -> ResourceServer.Decision? {
        let url = guarding.resource.url
        let host = url.hostKind == .ipv6 ? "[\(url.host)]" : url.host
        guard let target = HTTPRequest.Target(url.path.isEmpty ? "/" : url.path),
            let authorization = HTTPFields.Value("Bearer \(token)"),
            let authority = HTTPFields.Value(url.port.map { "\(host):\($0)" } ?? host)
        else { return nil }
        var fields = HTTPFields()
        fields.append(.host, authority)
        fields.append(.authorization, authorization)
        fields.append(.contentType, "application/json")
        return await guarding.decide(
            method: .post, target: target, fields: fields, body: MCPClient.initialize.encoded(), listener: .loopback)
    }

    private func outcome(
        _ decision: ResourceServer.Decision, _ token: PresentedToken, _ configuration: ResourceServerConfiguration,
        _ events: [ResourceServerEvent], _ environment: CommandEnvironment
    ) -> Outcome {
        var answer: JSONDocument.Object
        switch decision {
        case .proceed(let admission):
            answer = ["valid": .bool(!admission.principal.isAnonymous)]
            if admission.principal.isAnonymous { answer["note"] = "The mode lets every request through." }
            answer["subject"] = admission.principal.subject.map { .string($0) }
            answer["client_id"] = admission.principal.clientID.map { .string($0) }
            answer["issuer"] = admission.principal.issuer.map { .string($0) }
            answer["scopes"] = .array(admission.principal.scopes.tokens.map { .string($0) })
            answer["claims"] = .object(admission.principal.claims)
        case .respond(let response):
            let code = events.compactMap(Self.reason).last ?? "unknown"
            answer = [
                "valid": false, "status": .number(JSONDocument.Number(response.status.code)), "code": .string(code),
            ]
            if let explanation = CodeExplanation.of(code) {
                answer["explanation"] = .string(explanation.meaning)
                answer["fix"] = .string(explanation.fix)
            }
            answer["expected"] = .object(Self.expected(configuration))
            if let jwt = try? UnverifiedJWT(parsing: token.bytes, limit: TokenText.maximumBytes) {
                answer["found"] = .object(Self.found(jwt, now: environment.now()))
            }
        }
        answer["fingerprint"] = .string(token.fingerprint)
        answer["judged_by"] = "environment"
        let text = DisplayText.json(.object(answer), isIndented: environment.outputIsTerminal)
        var outcome = Outcome(status: answer["valid"]?.bool == true ? .good : .refused, output: text + "\n")
        outcome.notes = events.compactMap { event in
            if case .verification(let event) = event { return DisplayText.escaped(event.description) }
            return nil
        }
        return outcome
    }

    private static func reason(_ event: ResourceServerEvent) -> String? {
        switch event {
        case .denied(let refusal, _), .wouldDeny(let refusal, _): refusal.code
        default: nil
        }
    }

    private static func expected(_ configuration: ResourceServerConfiguration) -> JSONDocument.Object {
        let issuers = configuration.tokens.issuers
        let audiences = Set(issuers.flatMap(\.policy.audiences)).sorted()
        let algorithms = Set(issuers.flatMap(\.policy.algorithms).map(\.name)).sorted()
        return [
            "iss": .array(issuers.map { .string($0.issuer) }),
            "aud": .array(([configuration.resource] + audiences).map { .string($0) }),
            "alg": .array(algorithms.map { .string($0) }),
            "scopes": .array(configuration.requirements.scopes.map { .string($0) }),
        ]
    }

    /// What the token says, unverified.
    private static func found(_ jwt: UnverifiedJWT, now: Double) -> JSONDocument.Object {
        var found: JSONDocument.Object = [:]
        found["iss"] = jwt.payload.root["iss"]?.value
        found["aud"] = jwt.payload.root["aud"]?.value
        found["alg"] = jwt.header.root["alg"]?.value
        for name in ["exp", "nbf", "iat"] {
            guard let seconds = jwt.payload.root[name]?.double else { continue }
            found[name] = DisplayTime.describe(seconds, now: now).map { .string($0) }
        }
        return found
    }
}
