internal import HTTPMessages
internal import OAuthMetadata
internal import WireFormat

extension IntrospectionConfiguration.Credentials {
    /// Appends a fault for credentials that cannot be sent.
    func check(at path: ConfigurationError.Path, _ faults: inout ConfigurationFaults) {
        switch self {
        case .basic(let clientID, _), .post(let clientID, _), .discovered(let clientID, _),
            .privateKeyJWT(let clientID, _, _):
            // RFC 6749 appendix A.1: a client identifier consists of VSCHAR.
            if clientID.isEmpty || !clientID.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) {
                faults.add(
                    path + "clientID", "is empty, or holds control or non-ASCII characters",
                    "copy the client identifier from the authorization server")
            }
            if case .privateKeyJWT(_, _, audience: .exactly("")) = self {
                faults.add(
                    path + "audience", "is empty", "set it to the audience that the authorization server expects")
            }
        case .bearer(let token):
            if !PresentedToken(token.text).isWellFormed {
                faults.add(
                    path, "do not have the form of a bearer token",
                    "use letters, digits and -._~+/ only, with = at the end only")
            }
        }
    }

    /// Whether the issuer's metadata says how to send them.
    var areDiscovered: Bool {
        if case .discovered = self { true } else { false }
    }

    /// The credentials as the metadata wants them; nil when it lists no method for them.
    func chosen(by metadata: AuthorizationServerMetadata) -> Self? {
        func lists(_ method: String, _ methods: [String]) -> Bool { methods.contains { $0.hasSameBytes(as: method) } }
        let methods = metadata.introspectionEndpointAuthMethodsSupported
        if case .privateKeyJWT(let clientID, let key, let audience) = self {
            guard methods.isEmpty || lists("private_key_jwt", methods) else { return nil }
            let key = key.fitting(metadata.introspectionEndpointAuthSigningAlgorithms)
            return key.map { .privateKeyJWT(clientID: clientID, $0, audience: audience) }
        }
        guard case .discovered(let clientID, let secret) = self else { return self }
        let (basic, post) = ("client_secret_basic", "client_secret_post")
        guard methods.isEmpty else {
            if lists(basic, methods) { return .basic(clientID: clientID, secret) }
            return lists(post, methods) ? .post(clientID: clientID, secret) : nil
        }
        // RFC 8414 §2: without a list, the method is determined "by other means". RFC 6749 §2.3.1: a client with a
        // password may always use Basic.
        let others = metadata.tokenEndpointAuthMethodsSupported
        return lists(post, others) && !lists(basic, others)
            ? .post(clientID: clientID, secret) : .basic(clientID: clientID, secret)
    }

    /// The `Authorization` field; nil for credentials in the body. ``chosen(by:)`` comes first.
    var authorization: HTTPFields.Value? {
        switch self {
        case .basic(let clientID, let secret):
            // RFC 6749 §2.3.1: each part is form-urlencoded first, so that a colon inside a part does not separate the
            // parts.
            let pair = PercentEncoding.encode(clientID) + ":" + PercentEncoding.encode(secret.text)
            return HTTPFields.Value("Basic " + Base64.encode(Array(pair.utf8)))
        case .post, .discovered, .privateKeyJWT: return nil
        case .bearer(let token): return HTTPFields.Value("Bearer " + token.text)
        }
    }
}
