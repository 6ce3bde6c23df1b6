import HTTPMessages
import OAuthMetadata
import SafeFetch
import WireFormat

extension Doctor {
    /// The hosts whose http URLs are accepted in documents.
    private var accepted: InsecureHTTP {
        network.permissions.privateHosts.isEmpty ? .loopback : .dangerouslyAnyHost
    }

    /// Reads the metadata where the challenge says it is, and at the well-known locations. Nil when no document names
    /// authorization servers.
    mutating func examineResourceMetadata() async -> ProtectedResourceMetadata? {
        let wellKnown = ((try? ChallengedResource.wellKnown(calling: endpoint, insecureHTTP: accepted)) ?? []).map(
            \.metadataURL)
        var answers: [(url: AbsoluteURL, answer: Result<FetchedDocument, FetchError>)] = []
        let named = challenge?.resourceMetadata.flatMap { mayFetch($0) ? $0 : nil }
        for url in (named.map { [$0] } ?? []) + wellKnown where !answers.contains(where: { $0.url == url }) {
            answers.append((url, await network.document(at: url)))
        }
        let main = answers.first { named != nil || Self.isFound($0.answer) } ?? answers.first
        guard let main else { return nil }
        if challenge != nil, challenge?.resourceMetadata == nil {
            if Self.isFound(main.answer) {
                report.warn(
                    .metadataNamed,
                    "The challenge has no resource_metadata; the document is at a well-known "
                        + "location, which older clients do not try.")
            } else {
                report.fault(
                    .metadataNamed, "The challenge has no resource_metadata, and no well-known location has a document."
                )
            }
        }
        guard let document = examineFound(main.url, main.answer) else { return nil }
        let metadata = examineContent(document, from: main.url)
        let text = (try? JSONValue(parsing: document.body))?["resource"]?.string
        for (url, answer) in answers where url != main.url { examineOther(url, answer, resource: text) }
        if wellKnown.first == main.url { report.good(.metadataWellKnown) }
        await examineService(of: main.url, document)
        return metadata
    }

    /// Whether this program fetches a URL that the server names.
    private func mayFetch(_ url: AbsoluteURL) -> Bool {
        url.fragment == nil && network.permissions.admitsScheme(of: url) && (!url.isLoopback || endpoint.isLoopback)
    }

    private static func isFound(_ answer: Result<FetchedDocument, FetchError>) -> Bool {
        guard case .success(let document) = answer else { return false }
        return document.status == .ok
    }

    // MARK: One document

    /// The JSON object of an answer; nil after a finding.
    private mutating func examineFound(
        _ url: AbsoluteURL, _ answer: Result<FetchedDocument, FetchError>
    ) -> FetchedDocument? {
        let place = Self.place("GET", url)
        switch answer {
        case .failure(let error):
            report.fault(.metadataFound, at: place, explain(error, url))
            return nil
        case .success(let document):
            switch document.status.code {
            case 200: break
            case 401, 403:
                report.fault(.metadataPublic, at: place, "The answer is \(document.status.code).")
                return nil
            case 300..<400:
                let target = DisplayText.line(document.fields[.location]?.string ?? "nowhere")
                report.fault(
                    .metadataFound, at: place, "The answer is a redirect to \(target), which clients do not follow.")
                return nil
            default:
                report.fault(.metadataFound, at: place, "The answer is \(document.status).")
                return nil
            }
            report.good(.metadataFound, DisplayText.line(url.text))
            guard let object = (try? JSONValue(parsing: document.body))?.object else {
                let isPage = Self.isPage(document)
                report.fault(
                    .metadataJSON, at: place,
                    isPage ? "The answer is a page." : "The answer is not a strict JSON object.")
                return nil
            }
            report.good(.metadataJSON)
            if object["resource"] == nil, object["issuer"] != nil {
                report.fault(
                    .metadataKind, at: place, "The document has issuer and no resource: it is RFC 8414 metadata.")
                return nil
            }
            return document
        }
    }

    /// The parsed document, also of another resource, so that the authorization servers can be examined.
    private mutating func examineContent(_ document: FetchedDocument, from url: AbsoluteURL)
        -> ProtectedResourceMetadata?
    {
        let place = Self.place("GET", url)
        let claimed = (try? JSONValue(parsing: document.body))?["resource"]
        guard let text = claimed?.string else {
            let cause = claimed == nil ? "The member resource is missing." : "The member resource is not a text."
            report.fault(.metadataValid, at: place, cause)
            return nil
        }
        let resource: ResourceIdentifier
        do throws(IdentifierError) {
            resource = try ResourceIdentifier(text, insecureHTTP: .dangerouslyAnyHost)
        } catch {
            report.fault(
                .metadataValid, at: place,
                "resource is \(DisplayText.line(text)), which is not an absolute URL without a fragment.")
            return nil
        }
        compare(resource, place)
        do throws(MetadataError) {
            let metadata = try ProtectedResourceMetadata(
                parsing: document.body, expecting: resource, insecureHTTP: accepted)
            report.good(.metadataValid)
            examineMembers(metadata, place)
            return metadata
        } catch {
            switch error {
            case .invalid("authorization_servers"):
                report.fault(
                    .authorizationServers, at: place, "An entry is not an https URL without query and fragment.")
            case .invalid(let name), .missing(let name):
                report.fault(.metadataValid, at: place, "The member \(name) has another type or form.")
            case .json(let reason): report.fault(.metadataJSON, at: place, "It is not strict JSON: \(reason.rawValue).")
            case .notAnObject, .identifierMismatch: report.fault(.metadataJSON, at: place, "It is not a JSON object.")
            }
            return nil
        }
    }

    private mutating func compare(_ resource: ResourceIdentifier, _ place: String) {
        let text = DisplayText.line(resource.text)
        guard !resource.text.hasSameBytes(as: endpoint.text) else {
            report.good(.resourceEqual)
            return
        }
        if resource.matches(endpoint, .parent) {
            let isSlash = endpoint.path.hasSameBytes(as: resource.url.path + "/")
            let why = isSlash ? "It differs by the slash at the end." : "It is a parent of the URL."
            report.warn(
                .resourceEqual, at: place, "resource is \(text). \(why) The SDKs of MCP accept that; RFC 9728 does not."
            )
            return
        }
        report.fault(
            .resourceEqual, at: place,
            "resource is \(text), and the URL is \(DisplayText.line(endpoint.text)): "
                + Self.difference(resource.url, endpoint))
    }

    /// The first part in which two URLs differ, with its usual cause.
    static func difference(_ claimed: AbsoluteURL, _ called: AbsoluteURL) -> String {
        if claimed.scheme != called.scheme {
            return "the scheme differs. The server does not know that a proxy in front of it speaks TLS."
        }
        if !ASCII.equalsIgnoringCase(claimed.host.utf8, called.host.utf8) {
            return claimed.isLoopback || !claimed.host.utf8.contains(UInt8(ascii: "."))
                ? "the host is an inner name. The server takes it from its own address instead of the configuration."
                : "the host differs."
        }
        if claimed.effectivePort != called.effectivePort {
            return "the port differs. The server names its inner port."
        }
        if ASCII.equalsIgnoringCase(claimed.text.utf8, called.text.utf8) { return "upper and lower case differ." }
        if claimed.path.hasSameBytes(as: called.path + "/") || called.path.hasSameBytes(as: claimed.path + "/") {
            return "the slash at the end differs."
        }
        return "the path differs. A proxy may add or remove a prefix."
    }

    private mutating func examineMembers(_ metadata: ProtectedResourceMetadata, _ place: String) {
        if metadata.authorizationServers.isEmpty {
            report.fault(.authorizationServers, at: place, "authorization_servers is missing or empty.")
        } else {
            report.good(
                .authorizationServers,
                metadata.authorizationServers.map { DisplayText.line($0.text) }
                    .joined(separator: ", "))
        }
        let methods = metadata.bearerMethodsSupported
        if methods.isEmpty || methods.contains(where: { $0.hasSameBytes(as: "header") }) {
            report.good(.bearerMethods)
        } else {
            report.fault(.bearerMethods, at: place, "bearer_methods_supported does not list header.")
        }
        let supported = metadata.scopesSupported
        if supported.contains("offline_access") {
            report.warn(.offlineAccess, at: place, "scopes_supported lists offline_access.")
        }
        guard let scope = challenge?.scope, !supported.isEmpty else { return }
        let missing = scope.tokens.filter { !supported.contains($0) }
        if missing.isEmpty {
            report.good(.scopesListed)
        } else {
            report.warn(.scopesListed, at: place, "scopes_supported lacks \(missing.joined(separator: ", ")).")
        }
    }

    // MARK: Other locations, and how the document is served

    private mutating func examineOther(
        _ url: AbsoluteURL, _ answer: Result<FetchedDocument, FetchError>, resource: String?
    ) {
        let isRoot = url.path.hasSameBytes(as: WellKnown.protectedResource)
        let place = Self.place("GET", url)
        guard case .success(let document) = answer, document.status == .ok,
            let claimed = (try? JSONValue(parsing: document.body))?["resource"]?.string
        else {
            if !isRoot { report.warn(.metadataWellKnown, at: place, "There is no document at this location.") }
            return
        }
        if resource.map({ $0.hasSameBytes(as: claimed) }) ?? false {
            report.good(isRoot ? .metadataRoot : .metadataWellKnown)
        } else if isRoot {
            report.warn(
                .metadataRoot, at: place, "The document there is for another resource: \(DisplayText.line(claimed)).")
        } else {
            report.fault(
                .metadataWellKnown, at: place,
                "The document there is for another resource: \(DisplayText.line(claimed)).")
        }
    }

    private mutating func examineService(of url: AbsoluteURL, _ document: FetchedDocument) async {
        let place = Self.place("GET", url)
        if document.fields.contentIs("application/json") {
            report.good(.metadataType)
        } else {
            let type = document.fields[.contentType]?.string.map { DisplayText.line($0) } ?? "missing"
            report.warn(.metadataType, at: place, "Content-Type is \(type).")
        }
        if await isReadable(url, document) {
            report.good(.metadataReadable)
        } else {
            report.warn(.metadataReadable, at: place, "There is no Access-Control-Allow-Origin.")
        }
        let age = CacheDirectives(document.fields).maximumAge ?? 0
        if age > 86_400 {
            report.warn(.metadataCache, at: place, "max-age is \(age) seconds.")
        } else {
            report.good(.metadataCache)
        }
        if url.origin.hasSameBytes(as: endpoint.origin) {
            report.good(.metadataHost)
        } else {
            report.warn(.metadataHost, at: place, "The challenge leads to another origin.")
        }
        await examineMethods(of: url)
    }

    private mutating func examineMethods(of url: AbsoluteURL) async {
        let head = await network.answer(
            to: ClientExchange(url, ClientExchange.Method(.head), maximumBodyBytes: ClientNetwork.maximumBodyBytes))
        let post = await network.answer(
            to: ClientExchange(url, .post([], as: .json), maximumBodyBytes: ClientNetwork.maximumBodyBytes))
        if case .success(let answer) = head, answer.status != .ok {
            report.warn(.metadataMethods, at: Self.place("HEAD", url), "The answer is \(answer.status).")
        } else if case .success(let answer) = post, answer.status != .methodNotAllowed {
            report.warn(.metadataMethods, at: Self.place("POST", url), "The answer is \(answer.status) instead of 405.")
        } else if case .success(let answer) = post, !answer.fields.contains(.allow) {
            report.warn(.metadataMethods, at: Self.place("POST", url), "The 405 has no Allow field.")
        } else {
            report.good(.metadataMethods)
        }
    }
}
