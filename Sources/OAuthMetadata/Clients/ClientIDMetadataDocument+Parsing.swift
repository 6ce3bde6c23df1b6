internal import WireFormat

extension ClientIDMetadataDocument {
    /// What an authorization server accepts in a document.
    public struct Rules: Sendable, Hashable {
        /// The acceptable values of ``maximumBytes``.
        public static let documentSizes: ClosedRange<Int> = 1_024...65_536
        /// The acceptable values of ``maximumRedirectURIs``.
        public static let redirectURICounts: ClosedRange<Int> = 1...1_000

        /// The largest document in bytes, within ``documentSizes``. The draft recommends 5 KiB.
        public var maximumBytes = 5_120
        /// The largest number of elements of `redirect_uris`, within ``redirectURICounts``.
        public var maximumRedirectURIs = 32
        /// The grant types that the authorization server supports, with `authorization_code`. Others are left out of a
        /// parsed document.
        public var grantTypes = ["authorization_code", "refresh_token"]
        /// Whether the URLs of documents, and their `jwks_uri`, may have loopback hosts.
        public var loopback = ClientIdentifierURL.Loopback.refused

        /// The rules of the draft and of the MCP profile.
        public init() {}
    }

    /// Parses the document that was fetched from `url`.
    ///
    /// **Checks**, in this order: size, strict JSON, an object, `client_id` (equal to `url`, byte for byte),
    /// `client_name`, `redirect_uris`, no shared secret, `token_endpoint_auth_method` with its keys, `grant_types`,
    /// `response_types`, and the types of the other members of RFC 7591 §2 that are read. A null counts as absent.
    /// **Does not check** that a key of `jwks` can be used, and fetches nothing.
    ///
    /// - Parameters:
    ///   - bytes: The document.
    ///   - url: Where it was fetched: the `client_id` that the client sent.
    ///   - rules: What the authorization server accepts.
    /// - Throws: ``Invalid`` with every fault.
    public init(
        parsing bytes: [UInt8], from url: ClientIdentifierURL, rules: Rules = Rules()
    ) throws(ClientIDMetadataDocument.Invalid) {
        var reader = try ClientDocumentReader(bytes, limit: rules.maximumBytes)
        self.init(clientID: url)
        reader.checkClientID(is: url)
        reader.readName(&self)
        redirectURIs = reader.redirectURIs(limit: rules.maximumRedirectURIs)
        reader.checkForSecrets()
        authentication = reader.authentication(loopback: rules.loopback)
        grantTypes = reader.grantTypes(among: rules.grantTypes)
        reader.checkResponseTypes()
        reader.readOptional(&self)
        extra = reader.rest
        guard reader.faults.isEmpty else { throw Invalid(faults: reader.faults) }
    }
}

/// Reads the members of a document and collects every fault, so that an author sees all of them at once.
private struct ClientDocumentReader {
    private(set) var rest: JSONDocument.Object
    private(set) var faults: [ClientIDMetadataDocument.Fault] = []

    init(_ bytes: [UInt8], limit: Int) throws(ClientIDMetadataDocument.Invalid) {
        guard bytes.count <= limit else {
            throw ClientIDMetadataDocument.Invalid(faults: [.tooLarge(limit: limit)])
        }
        let value: JSONValue
        do throws(JSONDocument.ParseError) {
            value = try JSONValue(parsing: bytes)
        } catch {
            throw ClientIDMetadataDocument.Invalid(faults: [.notJSON(error.reason)])
        }
        guard let object = value.object else { throw ClientIDMetadataDocument.Invalid(faults: [.notAnObject]) }
        rest = object
    }

    /// Removes a member from the rest. A null counts as absent.
    private mutating func take(_ name: String) -> JSONValue? {
        let value = rest[name]
        rest[name] = nil
        return value == .null ? nil : value
    }

    /// The draft §4.1: `client_id` matches the URL by simple string comparison (RFC 3986 §6.2.1).
    mutating func checkClientID(is url: ClientIdentifierURL) {
        guard let text = take("client_id")?.string else { return faults.append(.clientIDMissing) }
        if !text.hasSameBytes(as: url.text) { faults.append(.clientIDMismatch(.init(text, url.text))) }
    }

    /// MCP, client registration: `client_name` is required. It is shown to people.
    mutating func readName(_ document: inout ClientIDMetadataDocument) {
        document.clientName = localized("client_name") { $0.string }
        if document.displayName.isEmpty { faults.append(.clientNameMissing) }
    }

    mutating func redirectURIs(limit: Int) -> [RedirectURI] {
        let elements = take("redirect_uris")?.array ?? []
        let texts = elements.compactMap(\.string)
        guard !texts.isEmpty, texts.count == elements.count else {
            faults.append(.redirectURIsMissing)
            return []
        }
        guard texts.count <= limit else {
            faults.append(.tooManyRedirectURIs(limit: limit))
            return []
        }
        var uris: [RedirectURI] = []
        for (index, text) in texts.enumerated() {
            do throws(RedirectURI.Fault) {
                uris.append(try RedirectURI(text))
            } catch {
                faults.append(.redirectURI(index: index, error))
            }
        }
        return uris
    }

    /// The draft §4.1: `client_secret` and `client_secret_expires_at` must not be used.
    mutating func checkForSecrets() {
        for name in ["client_secret", "client_secret_expires_at"] where take(name) != nil {
            faults.append(.sharedSecret(name))
        }
    }

    /// The draft §4.1: no method that is based on a shared symmetric secret. Absent means `none`: RFC 7591 §2 says
    /// `client_secret_basic`, which no such client can use.
    mutating func authentication(loopback: ClientIdentifierURL.Loopback) -> ClientIDMetadataDocument.Authentication {
        let method = take("token_endpoint_auth_method").map { $0.string ?? "" } ?? "none"
        let keys = self.keys(loopback: loopback)
        if method.hasSameBytes(as: "private_key_jwt") {
            if let keys { return .privateKeyJWT(keys) }
            if !faults.contains(where: \.isAboutKeys) { faults.append(.keysMissing) }
        } else if method.utf8.starts(with: "client_secret".utf8) {
            faults.append(.sharedSecretMethod)
        } else if !method.hasSameBytes(as: "none") {
            faults.append(.authenticationMethod)
        }
        return .none
    }

    private mutating func keys(loopback: ClientIdentifierURL.Loopback) -> ClientIDMetadataDocument.Keys? {
        let (set, location) = (take("jwks"), take("jwks_uri"))
        // RFC 7591 §2: the two must not both be present.
        guard set == nil || location == nil else {
            faults.append(.keysTwice)
            return nil
        }
        if let location {
            guard let url = location.string.flatMap({ try? AbsoluteURL(parsing: $0) }), url.fragment == nil,
                url.scheme == .https || loopback == .dangerouslyAccepted && url.isLoopback
            else {
                faults.append(.keysURL)
                return nil
            }
            return .url(url)
        }
        guard let set else { return nil }
        guard let object = set.object, let keys = object["keys"]?.array, keys.allSatisfy({ $0.object != nil }) else {
            faults.append(.keysMalformed)
            return nil
        }
        // RFC 7517 §9.2: everybody can read the document. A secret that is published is lost.
        let secrets = keys.indices.filter { index in Self.hasSecret(keys[index]) }
        faults += secrets.map { .secretKey(index: $0) }
        return secrets.isEmpty ? .inline(object) : nil
    }

    /// RFC 7518 §6.2.2, §6.3.2, §6.4.1, RFC 8037 §2: the members with private or symmetric material.
    private static func hasSecret(_ key: JSONValue) -> Bool {
        ["d", "p", "q", "dp", "dq", "qi", "oth", "k"].contains { name in (key[name] ?? .null) != .null }
            || key["kty"]?.string?.hasSameBytes(as: "oct") == true
    }

    mutating func grantTypes(among supported: [String]) -> [String] {
        let code = "authorization_code"
        guard let value = take("grant_types") else { return [code] }
        guard let names = value.array?.compactMap(\.string), names.count == value.array?.count else {
            faults.append(.grantTypes)
            return []
        }
        let kept = supported.filter { grant in names.contains { $0.hasSameBytes(as: grant) } }
        // A refresh token is issued with another grant only.
        if !kept.contains(where: { !$0.hasSameBytes(as: "refresh_token") }) { faults.append(.grantTypes) }
        return kept
    }

    mutating func checkResponseTypes() {
        guard let value = take("response_types") else { return }
        if value.array?.contains(where: { $0.string?.hasSameBytes(as: "code") == true }) != true {
            faults.append(.responseTypes)
        }
    }

    mutating func readOptional(_ document: inout ClientIDMetadataDocument) {
        document.signingAlgorithm = member("token_endpoint_auth_signing_alg") { $0.string }
        document.scope = member("scope") { $0.string.flatMap { ScopeSet(parsing: $0) } }
        document.clientURI = localized("client_uri", Self.page)
        document.logoURI = localized("logo_uri", Self.page)
        document.policyURI = localized("policy_uri", Self.page)
        document.termsOfServiceURI = localized("tos_uri", Self.page)
    }

    /// A URL that people may follow. `javascript:` and the like are not absolute URLs of the web.
    private static func page(_ value: JSONValue) -> AbsoluteURL? {
        value.string.flatMap { try? AbsoluteURL(parsing: $0) }
    }

    private mutating func member<Value>(_ name: String, _ read: (JSONValue) -> Value?) -> Value? {
        guard let value = take(name) else { return nil }
        guard let usable = read(value) else {
            faults.append(.member(name))
            return nil
        }
        return usable
    }

    /// A member and its translations (RFC 7591 §2.2).
    private mutating func localized<Value>(_ name: String, _ read: (JSONValue) -> Value?) -> LocalizedText<Value> {
        var text = LocalizedText(member(name, read))
        let prefix = Array((name + "#").utf8)
        for other in rest.members.map(\.name) where other.utf8.starts(with: prefix) {
            text.add(String(decoding: other.utf8.dropFirst(prefix.count), as: UTF8.self), member(other, read))
        }
        return text
    }
}

extension ClientIDMetadataDocument.Fault {
    fileprivate var isAboutKeys: Bool {
        switch self {
        case .keysTwice, .keysMalformed, .secretKey, .keysURL: true
        default: false
        }
    }
}

extension ClientIDMetadataDocument.Fault.Difference {
    /// Names the one way in which two URLs differ, for the author of a document. Nothing is accepted because of it.
    fileprivate init(_ text: String, _ expected: String) {
        let slash = UInt8(ascii: "/")
        func trimmed(_ text: String) -> [UInt8] {
            Array(text.utf8.last == slash ? text.utf8.dropLast() : text.utf8[...])
        }
        func decoded(_ text: String) -> [UInt8]? { PercentEncoding.decode(text.utf8, plus: .plus) }
        if ASCII.equalsIgnoringCase(text.utf8, expected.utf8) {
            self = .letterCase
        } else if trimmed(text) == trimmed(expected) {
            self = .trailingSlash
        } else if let one = decoded(text), let other = decoded(expected), one == other {
            self = .percentEncoding
        } else if let one = try? AbsoluteURL(parsing: text), let other = try? AbsoluteURL(parsing: expected),
            one.scheme == other.scheme, one.host.hasSameBytes(as: other.host),
            one.port != other.port,
            one.effectivePort == other.effectivePort, one.fragment == nil, one.path.hasSameBytes(as: other.path),
            AbsoluteURL.hasSameBytes(one.query, other.query)
        {
            self = .defaultPort
        } else {
            self = .other
        }
    }
}
