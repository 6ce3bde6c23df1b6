import Foundation
import HTTPMessages
import JOSE
import OAuthMetadata
import OAuthResourceServer
import OAuthTestKit
import SocketHTTP
import Synchronization
import Testing
import TokenVerification
import WireFormat

/// Tokens that are bound to a client certificate, behind a proxy on this machine: each row has one defect.
@Suite("Client certificates, request by request", .serialized, .timeLimit(.minutes(5)))
struct GuardCertificateTests {
    /// SEQUENCEs that stand for certificates: nothing looks inside.
    private static let mine: [UInt8] = [0x30, 0x03, 1, 2, 3]
    private static let other: [UInt8] = [0x30, 0x03, 3, 2, 1]

    private static func thumbprint(_ certificate: [UInt8]) -> String { Base64URL.encode(Digest.sha256(certificate)) }

    private static func token(_ cnf: JSONValue?, scope: String = "mcp:use", expired: Bool = false) -> String {
        GuardUnderTest.issuer.token {
            $0.claims["cnf"] = cnf
            $0.claims["scope"] = .string(scope)
            if expired { $0.expiresAt = GuardUnderTest.now - 600 }
        }
    }

    private static let bound = token(["x5t#S256": .string(thumbprint(mine))])

    private static func clientCert(_ certificate: [UInt8]) -> String { ":\(Base64.encode(certificate)):" }

    private static func pem(_ certificate: [UInt8]) -> String {
        PercentEncoding.encode(
            "-----BEGIN CERTIFICATE-----\n\(Base64.encode(certificate))\n-----END CERTIFICATE-----\n")
    }

    /// A guard whose proxy is at `proxies`, and the codes of its denials and ignored fields.
    private func guarded(
        _ field: ClientCertificateField = .clientCert, at proxies: [String] = ["127.0.0.1"],
        configure: (inout ResourceServerConfiguration) -> Void = { _ in }
    ) throws -> (GuardUnderTest, CodeLog) {
        let log = CodeLog()
        var policy = JWTPolicy(issuer: GuardUnderTest.issuer.url, resource: GuardUnderTest.resource)
        policy.confirmations = [.mutualTLS, .dpop]
        let verifier = try JWTTokenVerifier(
            [.init(try JWTValidation(policy), keys: GuardUnderTest.issuer.keySource)],
            clock: WallClock { GuardUnderTest.now })
        let guarded = try GuardUnderTest(
            verifier: verifier,
            observer: { log.record($0) },
            configure: {
                $0.metadata.authorizationServers = [GuardUnderTest.issuer.url]
                $0.mutualTLS = .fromProxy(field, at: proxies)
                configure(&$0)
            })
        return (guarded, log)
    }

    /// A row and the codes that the operator sees for it.
    private struct Row {
        let row: GuardRow
        let codes: [String]

        init(_ title: String, _ token: String, _ lines: [String]..., answer: RowAnswer, codes: String...) {
            var request = RowRequest.call(token)
            for line in lines { request.lines.append((line[0], line[1])) }
            row = GuardRow(title, request, answer)
            self.codes = codes
        }
    }

    private func check(_ guarded: (GuardUnderTest, CodeLog), _ rows: [Row]) async throws {
        try await RowPaths(guarded: guarded.0).check(rows.map(\.row))
        // Each row ran twice: in process and over a socket.
        #expect(guarded.1.codes == rows.flatMap { $0.codes + $0.codes })
    }

    private static let unreadable = RowAnswer.invalidRequest("The client certificate of the request cannot be read.")
    private static let missing = "client_certificate_missing"

    @Test("RFC 8705 §3, RFC 9440: a bound token needs its certificate, and the proxy's field is read strictly")
    func fromTrustedProxy() async throws {
        let (mine, other) = (Self.clientCert(Self.mine), Self.clientCert(Self.other))
        let name = "Client-Cert"
        func malformed(_ title: String, _ value: String) -> Row {
            Row(title, Self.bound, [name, value], answer: Self.unreadable, codes: "client_certificate_malformed")
        }
        let fields: [Row] = [
            Row("the certificate of the token", Self.bound, [name, mine], answer: .passed()),
            Row("the name in small letters", Self.bound, ["client-cert", mine], answer: .passed()),
            Row("a token that is not bound", Self.token(nil), [name, other], answer: .passed()),
            Row(
                "a token that is not bound, two fields", Self.token(nil), [name, mine], [name, other],
                answer: .passed()),
            Row("a token that is not bound, a broken field", Self.token(nil), [name, "x"], answer: .passed()),
            Row(
                "another certificate", Self.bound, [name, other], answer: .invalidToken(),
                codes: "client_certificate_mismatch"),
            Row("no field", Self.bound, answer: .invalidToken(), codes: Self.missing),
            Row("an empty field", Self.bound, [name, ""], answer: .invalidToken(), codes: Self.missing),
            Row("an empty byte sequence", Self.bound, [name, "::"], answer: .invalidToken(), codes: Self.missing),
            Row(
                "another field", Self.bound, ["X-Client-Cert", mine], answer: .invalidToken(), codes: Self.missing),
            Row("an underscore", Self.bound, ["Client_Cert", mine], answer: .invalidToken(), codes: Self.missing),
            Row(
                "two lines: the client's first", Self.bound, [name, other], [name, mine], answer: Self.unreadable,
                codes: "client_certificate_repeated"),
            Row(
                "two lines: the proxy's first", Self.bound, [name, mine], [name, other], answer: Self.unreadable,
                codes: "client_certificate_repeated"),
            Row(
                "two equal lines", Self.bound, [name, mine], ["CLIENT-CERT", mine], answer: Self.unreadable,
                codes: "client_certificate_repeated"),
            Row(
                "a line without a value beside it", Self.bound, [name, mine], [name, ""], answer: Self.unreadable,
                codes: "client_certificate_repeated"),
        ]
        let values: [Row] = [
            malformed("two values", "\(mine), \(mine)"),
            malformed("two values without a space", "\(other),\(mine)"),
            malformed("a parameter", "\(mine);a=1"), malformed("no colons", Base64.encode(Self.mine)),
            malformed("base64url", ":MAMBAgM:"), malformed("white space inside", ":MAMB AgM=:"),
            malformed("not DER", ":AAAA:"), malformed("a byte more", Self.clientCert(Self.mine + [0])),
            malformed("PEM", Self.pem(Self.mine)),
            malformed("a variable of Caddy", ":{http.request.tls.client.certificate_der_base64}:"),
            malformed("20 KiB", ":\(String(repeating: "A", count: 20_480)):"),
        ]
        let (thumbprint, hexadecimal) = (Self.thumbprint(Self.mine), String(repeating: "ab", count: 32))
        let good: JSONValue = ["x5t#S256": .string(thumbprint)]
        let tokens: [Row] = [
            // Whose fault decides the status: the token first.
            Row(
                "an expired bound token",
                Self.token(good, expired: true), [name, "x"],
                answer: .invalidToken(), codes: "exp_expired"),
            Row(
                "a bound token without scope and certificate",
                Self.token(good, scope: ""), answer: .invalidToken(),
                codes: Self.missing),
            Row(
                "a bound token without scope",
                Self.token(good, scope: ""), [name, mine],
                answer: .insufficientScope("mcp:use"), codes: "insufficient_scope"),
            // RFC 8705 §3.1: the claim.
            Row(
                "the thumbprint in hexadecimal",
                Self.token(["x5t#S256": .string(hexadecimal)]), [name, mine],
                answer: .invalidToken(), codes: "cnf_malformed"),
            Row(
                "a thumbprint with padding", Self.token(["x5t#S256": .string("\(thumbprint)=")]),
                [name, mine], answer: .invalidToken(), codes: "cnf_malformed"),
            Row(
                "a thumbprint that is a number", Self.token(["x5t#S256": 7]), [name, mine], answer: .invalidToken(),
                codes: "cnf_wrong_type"),
            Row(
                "cnf without members", Self.token([:]), [name, mine], answer: .invalidToken(),
                codes: "cnf_malformed"),
            Row("cnf is null", Self.token(.null), [name, mine], answer: .invalidToken(), codes: "cnf_wrong_type"),
            Row(
                "SHA-1", Self.token(["x5t": .string(thumbprint)]), [name, mine],
                answer: .invalidToken(), codes: "cnf_unsupported"),
            Row(
                "an unknown member besides",
                Self.token(["x5t#S256": .string(thumbprint), "kid": "1"]), [name, mine],
                answer: .invalidToken(), codes: "cnf_unsupported"),
            Row(
                "a key besides, while DPoP is off",
                Self.token([
                    "x5t#S256": .string(thumbprint), "jkt": .string(thumbprint),
                ]), [name, mine], answer: .invalidToken(), codes: "cnf_unsatisfied"),
        ]
        try await check(guarded(), fields + values + tokens)
    }

    @Test("The field counts only from the addresses of the proxy; elsewhere it is removed and reported")
    func fromElsewhere() async throws {
        let name = "Client-Cert"
        let mine = Self.clientCert(Self.mine)
        for proxies in [["10.0.0.1"], ["127.0.0.2"], ["unix"], ["::1"], ["10.0.0.0/8", "192.0.2.0/24", "unix"]] {
            try await check(
                guarded(at: proxies),
                [
                    Row(
                        "the true certificate", Self.bound, [name, mine], answer: .invalidToken(), codes: "ignored",
                        Self.missing),
                    Row(
                        "twice", Self.bound, [name, mine], ["client-cert", mine], answer: .invalidToken(),
                        codes: "ignored", Self.missing),
                    Row(
                        "a broken one", Self.bound, [name, "x"], answer: .invalidToken(), codes: "ignored", Self.missing
                    ),
                    Row("without a field", Self.bound, answer: .invalidToken(), codes: Self.missing),
                    Row(
                        "a token that is not bound", Self.token(nil), [name, mine], answer: .passed(), codes: "ignored"),
                    Row(
                        "with the address of the proxy in other fields", Self.bound, [name, mine],
                        ["X-Forwarded-For", "10.0.0.1"], ["Forwarded", "for=10.0.0.1"], ["X-Real-IP", "127.0.0.2"],
                        answer: .invalidToken(), codes: "ignored", Self.missing),
                ])
        }
        for proxies in [["127.0.0.1"], ["127.0.0.0/8"], ["::ffff:127.0.0.1"]] {
            try await check(guarded(at: proxies), [Row("trusted", Self.bound, [name, mine], answer: .passed())])
        }
    }

    @Test("Over a Unix-domain socket, the field counts where unix is named, and no address stands for it")
    func fromUnixSocket() async throws {
        let path = FileManager.default.temporaryDirectory.path + "/\(UUID().uuidString.prefix(8)).sock"
        for (proxies, status) in [
            (["unix"], 200), (["10.0.0.0/8", "unix"], 200), (["127.0.0.1", "::1", "0.0.0.0"], 401),
        ] {
            let (guarded, log) = try guarded(at: proxies)
            let listening = try HTTPServer(address: .unixSocket(path: path), limits: RowPaths.patientLimits).listen()
            let running = Task { [handler = guarded.handler] in try await listening.run(handler) }
            var text = "POST /mcp HTTP/1.1\r\nConnection: close\r\nContent-Length: 0\r\n"
            var request = RowRequest.call(Self.bound)
            request.lines.append(("Client-Cert", Self.clientCert(Self.mine)))
            // What a client writes about its address does not count.
            request.lines.append(("X-Forwarded-For", "10.0.0.1"))
            for (name, value) in guarded.lines(of: request) { text += "\(name): \(value)\r\n" }
            let answer = try await RawExchange.answer(to: Array((text + "\r\n").utf8), at: path)
            #expect(try RowPaths.parse(answer).status == status, "\(proxies)")
            #expect(log.codes == (status == 200 ? [] : ["ignored", Self.missing]))
            running.cancel()
            try await running.value
        }
    }

    @Test("The fields of nginx, Envoy, AWS and Traefik")
    func otherProxies() async throws {
        let (mine, other) = (Self.pem(Self.mine), Self.pem(Self.other))
        let hash = Digest.sha256(Self.mine).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
        for (field, name, good, bad) in [
            (.nginx(field: "X-Client-Cert"), "X-Client-Cert", mine, "\(mine)\(other)"),
            (.envoy, "X-Forwarded-Client-Cert", "By=a;Hash=\(hash);Cert=\"\(mine)\"", "Hash=\(hash),Hash=\(hash)"),
            (.envoy, "x-forwarded-client-cert", "Hash=\(hash)", "Hash=\(hash);Cert=\"\(other)\""),
            (.awsApplicationLoadBalancer, "X-Amzn-Mtls-Clientcert-Leaf", mine, "\(mine)\(other)"),
            (.awsApplicationLoadBalancerPassthrough, "X-Amzn-Mtls-Clientcert", "\(mine)\(other)", "\(mine),\(other)"),
            (.traefik, "X-Forwarded-Tls-Client-Cert", "\(Base64.encode(Self.mine)),\(Base64.encode(Self.other))", mine),
        ] as [(ClientCertificateField, String, String, String)] {
            try await check(
                guarded(field),
                [
                    Row("good: \(name)", Self.bound, [name, good], answer: .passed()),
                    Row(
                        "bad: \(name)", Self.bound, [name, bad], answer: Self.unreadable,
                        codes: "client_certificate_malformed"),
                    Row(
                        "twice: \(name)", Self.bound, [name, good], [name, good], answer: Self.unreadable,
                        codes: "client_certificate_repeated"),
                    Row(
                        "RFC 9440's", Self.bound, ["Client-Cert", Self.clientCert(Self.mine)], answer: .invalidToken(),
                        codes: Self.missing),
                ])
        }
    }

    @Test("While mutualTLS is off, every bound token is refused, and no field is read")
    func off() async throws {
        let mine = Self.clientCert(Self.mine)
        try await check(
            guarded { $0.mutualTLS = .off },
            [
                Row(
                    "with a field", Self.bound, ["Client-Cert", mine], answer: .invalidToken(), codes: "cnf_unsatisfied"
                ),
                Row("without one", Self.bound, answer: .invalidToken(), codes: "cnf_unsatisfied"),
                Row("a token that is not bound", Self.token(nil), ["Client-Cert", mine], answer: .passed()),
            ])
    }

    @Test("The program's own TLS layer: the certificate of the connection, through both entries of the guard")
    func ofConnection() async throws {
        var policy = JWTPolicy(issuer: GuardUnderTest.issuer.url, resource: GuardUnderTest.resource)
        policy.confirmations = [.mutualTLS]
        let verifier = try JWTTokenVerifier(
            [.init(try JWTValidation(policy), keys: GuardUnderTest.issuer.keySource)],
            clock: WallClock { GuardUnderTest.now })
        var configuration = ResourceServerConfiguration(
            resource: GuardUnderTest.resource, requiredScopes: ["mcp:use"])
        configuration.metadata.authorizationServers = [GuardUnderTest.issuer.url]
        configuration.mutualTLS = .ofConnection
        let server = try ResourceServer(configuration, verifier: verifier)
        let handler = server.protecting { request, principal in
            .text("\(principal.bindings) \(request.clientCertificate == nil)")
        }
        let target: HTTPRequest.Target = "/mcp"
        let fields = try HTTPFields([
            ("Authorization", "Bearer \(Self.bound)"), ("Client-Cert", Self.clientCert(Self.mine)),
        ])
        for (der, status) in [(Self.mine, 200), (Self.other, 401), (nil, 401)] as [([UInt8]?, Int)] {
            let certificate = try der.map { try #require(HTTPRequest.ClientCertificate(der: $0)) }
            // Twice: a remembered verdict on the token does not replace its certificate.
            for _ in 1...2 {
                var request = HTTPRequest(method: .post, target: target, fields: fields)
                request.clientCertificate = certificate
                #expect(try await handler.respond(to: request).status.code == status)
                let decision = await server.decide(
                    method: .post, target: target, fields: fields, body: [], clientCertificate: certificate)
                switch decision {
                case .proceed(let admission):
                    #expect(status == 200)
                    #expect(admission.principal.bindings == [.mutualTLS])
                case .respond(let response): #expect(response.status.code == status)
                }
            }
        }
    }

    @Test("The handler gets the field of the proxy, and never that of a client, where no token is needed too")
    func handler() async throws {
        let name: HTTPFields.Name = "Client-Cert"
        var configuration = ResourceServerConfiguration(
            resource: GuardUnderTest.resource, issuers: [IssuerConfiguration(GuardUnderTest.issuer.url)])
        configuration.requirements.routes = [RouteRule("/mcp/public", .public)]
        configuration.mutualTLS = .fromProxy(.clientCert, at: ["127.0.0.1"])
        let log = CodeLog()
        let server = try ResourceServer(configuration, fetcher: InProcessFetcher([:]), observer: { log.record($0) })
        let handler = server.protecting { request, _ in .text("\(request.fields.contains(name))") }
        for (peer, isSeen) in [("127.0.0.1", true), ("::ffff:127.0.0.1", true), ("10.0.0.1", false), (nil, false)]
            as [(String?, Bool)]
        {
            var request = HTTPRequest(
                method: .get, target: "/mcp/public",
                fields: try HTTPFields([("client-cert", "anything"), ("A", "b")]))
            request.peer = peer.flatMap { HTTPRequest.PeerAddress($0) }
            let response = try await handler.respond(to: request)
            guard case .bytes(let bytes) = response.body else { throw UnexpectedStream() }
            #expect(String(decoding: bytes, as: UTF8.self) == "\(isSeen)", "\(peer ?? "unknown")")
        }
        #expect(
            log.lines == [
                "client_certificate_ignored reason=peer_not_trusted peer=10.0.0.1",
                "client_certificate_ignored reason=peer_unknown",
            ])
    }

    private struct UnexpectedStream: Error {}
}

/// The codes of denials and of ignored fields, in order.
private final class CodeLog: Sendable {
    private let events = Mutex<[ResourceServerEvent]>([])

    func record(_ event: ResourceServerEvent) { events.withLock { $0.append(event) } }

    var codes: [String] {
        events.withLock { events in
            events.compactMap { event -> String? in
                switch event {
                case .denied(let refusal, _): refusal.code
                case .clientCertificateIgnored: "ignored"
                default: nil
                }
            }
        }
    }

    /// The lines of ignored fields.
    var lines: [String] {
        events.withLock { events in
            events.compactMap { event -> String? in
                guard case .clientCertificateIgnored = event else { return nil }
                return event.description
            }
        }
    }
}
