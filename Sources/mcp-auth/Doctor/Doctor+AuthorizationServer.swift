import HTTPMessages
import JOSE
import OAuthMetadata
import WireFormat

extension Doctor {
    /// The most authorization servers that are examined.
    private static let maximumServers = 5

    /// Reads the metadata and the keys of each authorization server.
    mutating func examineAuthorizationServers(of resource: ProtectedResourceMetadata) async {
        for issuer in resource.authorizationServers.prefix(Self.maximumServers) {
            if issuer.url.isLoopback, !endpoint.isLoopback {
                report.fault(
                    .serverURL,
                    "It is \(DisplayText.line(issuer.text)), which every client reads as a URL of its own "
                        + "machine.")
                continue
            }
            report.good(.serverURL, DisplayText.line(issuer.text))
            await examine(issuer)
        }
    }

    /// What a location of the metadata gave.
    private struct Location {
        let url: AbsoluteURL
        /// The acceptable document; nil with a reason.
        let metadata: AuthorizationServerMetadata?
        let answer: FetchedDocument?
        let why: String
    }

    private mutating func examine(_ issuer: IssuerIdentifier) async {
        var locations: [Location] = []
        for url in issuer.metadataURLs { locations.append(read(await network.document(at: url), at: url, of: issuer)) }
        let good = locations.filter { $0.metadata != nil }
        guard let first = good.first, let metadata = first.metadata else {
            examineMissing(locations, of: issuer)
            return
        }
        report.good(.serverFound, DisplayText.line(first.url.text))
        report.good(.issuerEqual)
        if let other = good.first(where: { Self.endpoints($0.metadata) != Self.endpoints(metadata) }) {
            report.warn(
                .locationsAgree, at: Self.place("GET", other.url),
                "This location gives other endpoints than "
                    + "\(DisplayText.line(first.url.text)).")
        } else {
            report.good(.locationsAgree)
        }
        let place = Self.place("GET", first.url)
        if metadata.unusableMembers.isEmpty {
            report.good(.serverMembers)
        } else {
            let names = metadata.unusableMembers.map { DisplayText.line($0) }.joined(separator: ", ")
            report.warn(.serverMembers, at: place, "No usable value: \(names).")
        }
        examineFlow(metadata, place)
        if let answer = first.answer, await isReadable(first.url, answer) {
            report.good(.serverReadable)
        } else if report.findings.contains(where: { $0.rule == .preflight && $0.mark == .good }) {
            report.warn(
                .serverReadable, at: place, "There is no Access-Control-Allow-Origin, and pages may call this server.")
        }
        servers.append(Server(metadata: metadata, keys: await examineKeys(of: metadata)))
    }

    private static func endpoints(_ metadata: AuthorizationServerMetadata?) -> [AbsoluteURL?] {
        [metadata?.authorizationEndpoint, metadata?.tokenEndpoint, metadata?.jwksURI]
    }

    private func read(
        _ answer: Result<FetchedDocument, FetchError>, at url: AbsoluteURL, of issuer: IssuerIdentifier
    ) -> Location {
        let document: FetchedDocument
        switch answer {
        case .failure(let error): return Location(url: url, metadata: nil, answer: nil, why: explain(error, url))
        case .success(let found): document = found
        }
        guard document.status == .ok else {
            return Location(url: url, metadata: nil, answer: document, why: "the answer is \(document.status)")
        }
        do throws(MetadataError) {
            let metadata = try AuthorizationServerMetadata(parsing: document.body, expecting: issuer)
            return Location(url: url, metadata: metadata, answer: document, why: "")
        } catch {
            let why =
                switch error {
                case .json, .notAnObject: Self.isPage(document) ? "it is a page" : "it is not a strict JSON object"
                case .missing: "it has no issuer"
                case .invalid: "its issuer is not a text"
                case .identifierMismatch: "its issuer is another one"
                }
            return Location(url: url, metadata: nil, answer: document, why: why)
        }
    }

    /// Explains why no location has an acceptable document. A document that is nearly right says most.
    private mutating func examineMissing(_ locations: [Location], of issuer: IssuerIdentifier) {
        let found = locations.lazy.filter { $0.answer?.status == .ok }.compactMap { location in
            (try? JSONValue(parsing: location.answer?.body ?? []))?.object.map { (location.url, $0) }
        }
        for (url, object) in found {
            let place = Self.place("GET", url)
            if let claimed = object["issuer"]?.string {
                let difference =
                    (try? AbsoluteURL(parsing: claimed)).map { Self.difference($0, issuer.url) } ?? "it is not a URL."
                report.fault(
                    .issuerEqual, at: place,
                    "authorization_servers says \(DisplayText.line(issuer.text)), and issuer is "
                        + "\(DisplayText.line(claimed)): \(difference)")
                return
            }
            if object["resource"] != nil {
                report.fault(
                    .serverKind, at: place, "The document has resource and no issuer: it is RFC 9728 metadata.")
                return
            }
        }
        let reasons = locations.map { "\(DisplayText.line($0.url.text)): \($0.why)" }.joined(separator: "; ")
        report.fault(.serverFound, "None of the locations has it. \(reasons).")
    }

    private mutating func examineFlow(_ metadata: AuthorizationServerMetadata, _ place: String) {
        let faults = metadata.mcpFaults(insecureHTTP: insecureHTTP)
        let rules: [(DoctorRule, (AuthorizationServerMetadata.MCPFault) -> Bool)] = [
            (
                .endpoints,
                {
                    switch $0 {
                    case .endpointMissing, .endpointInsecure, .issuerInsecure: true
                    default: false
                    }
                }
            ),
            (.codeFlow, { [.codeResponseTypeMissing, .authorizationCodeGrantMissing].contains($0) }),
            (.s256, { [.codeChallengeMethodsMissing, .s256Missing].contains($0) }),
            (.clientRegistration, { $0 == .clientRegistrationMissing }),
            (.issuerParameter, { $0 == .issuerParameterMissing }),
        ]
        for (rule, isMeant) in rules {
            let found = faults.filter(isMeant)
            let cause = found.map(\.sentence).joined(separator: " ")
            if found.isEmpty {
                report.good(rule, rule == .clientRegistration ? Self.ways(metadata) : nil)
            } else if found.allSatisfy({ $0.consequence == .isLessProtected }) || rule == .clientRegistration {
                report.warn(rule, at: place, cause)
            } else {
                report.fault(rule, at: place, cause)
            }
        }
    }

    private static func ways(_ metadata: AuthorizationServerMetadata) -> String {
        let documents = metadata.clientIDMetadataDocumentSupported == true ? ["a document at its client_id"] : []
        return (documents + (metadata.registrationEndpoint == nil ? [] : ["registration"])).joined(separator: ", ")
    }

    // MARK: Keys

    private mutating func examineKeys(of metadata: AuthorizationServerMetadata) async -> KeyDocument? {
        guard let url = metadata.jwksURI else {
            report.note(.keysFound, "there is no jwks_uri, so the server must ask about tokens by introspection")
            return nil
        }
        let place = Self.place("GET", url)
        guard !url.isLoopback || endpoint.isLoopback else {
            report.fault(.keysFound, at: place, "jwks_uri is a URL of this machine.")
            return nil
        }
        let document: FetchedDocument
        switch await network.document(at: url) {
        case .failure(let error):
            report.fault(.keysFound, at: place, explain(error, url))
            return nil
        case .success(let found): document = found
        }
        guard document.status == .ok else {
            report.fault(.keysFound, at: place, "The answer is \(document.status).")
            return nil
        }
        let keys: KeyDocument
        do throws(CommandFault) {
            keys = try KeyDocument(parsing: document.body, issuer: metadata.issuer.text)
        } catch {
            report.fault(.keysFound, at: place, "The answer is not a JWK Set.")
            return nil
        }
        report.good(.keysFound, DisplayText.line(url.text))
        examine(keys, place)
        return keys
    }

    private mutating func examine(_ keys: KeyDocument, _ place: String) {
        let usable = keys.entries.filter { $0.defect == nil }
        if usable.isEmpty {
            report.fault(.keysUsable, at: place, Self.defects(of: keys.entries))
        } else {
            report.good(.keysUsable, "\(usable.count) of \(keys.entries.count)")
            if usable.contains(where: { Self.fitsDefaults($0.type ?? "", $0.algorithm) }) {
                report.good(.keyAlgorithms)
            } else {
                report.warn(.keyAlgorithms, at: place, "The keys are for \(Self.types(of: usable)).")
            }
        }
        if keys.entries.contains(where: { $0.defect == .privateMaterial }) {
            report.fault(.keysPublic, at: place, "A key of the set has its private part.")
        } else {
            report.good(.keysPublic)
        }
    }

    private static func defects(of entries: [KeyDocument.Entry]) -> String {
        var reasons: [String] = []
        for entry in entries.prefix(5) {
            if let defect = entry.defect { reasons.append("key \(entry.index): \(defect.explanation)") }
        }
        return reasons.isEmpty ? "The set is empty." : "No key is usable. \(reasons.joined(separator: "; "))."
    }

    private static func types(of entries: [KeyDocument.Entry]) -> String {
        Set(entries.map { $0.type ?? "?" }).map { DisplayText.line($0) }.sorted().joined(separator: ", ")
    }

    /// Whether a key verifies one of the algorithms that servers accept by default.
    private static func fitsDefaults(_ type: String, _ algorithm: String?) -> Bool {
        if type.utf8.starts(with: "RSA".utf8) { return algorithm == nil || algorithm == "RS256" }
        return type == "P-256" && (algorithm == nil || algorithm == "ES256")
    }
}
