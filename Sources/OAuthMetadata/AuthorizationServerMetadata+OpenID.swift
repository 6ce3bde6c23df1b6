public import WireFormat

extension AuthorizationServerMetadata {
    /// The members that only OpenID Connect defines (Discovery §3, RP-Initiated Logout §2.1, Session Management §3.3).
    /// Clients of `openid-configuration` read them, and some insist on the required ones although they only want access
    /// tokens: see ``AuthorizationServerMetadata/openIDFaults``.
    ///
    /// - SeeAlso: [OpenID Connect Discovery
    ///   §3](https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata)
    public struct OpenID: Sendable, Hashable {
        /// `userinfo_endpoint`.
        public var userInfoEndpoint: AbsoluteURL?
        /// `end_session_endpoint`.
        public var endSessionEndpoint: AbsoluteURL?
        /// `check_session_iframe`.
        public var checkSessionIFrame: AbsoluteURL?
        /// `subject_types_supported`: `public`, `pairwise`.
        public var subjectTypesSupported: [String] = []
        /// `id_token_signing_alg_values_supported`. It must list `RS256`.
        public var idTokenSigningAlgorithms: [String] = []
        /// `id_token_encryption_alg_values_supported`.
        public var idTokenEncryptionAlgorithms: [String] = []
        /// `id_token_encryption_enc_values_supported`.
        public var idTokenEncryptionMethods: [String] = []
        /// `userinfo_signing_alg_values_supported`.
        public var userInfoSigningAlgorithms: [String] = []
        /// `userinfo_encryption_alg_values_supported`.
        public var userInfoEncryptionAlgorithms: [String] = []
        /// `userinfo_encryption_enc_values_supported`.
        public var userInfoEncryptionMethods: [String] = []
        /// `request_object_signing_alg_values_supported`.
        public var requestObjectSigningAlgorithms: [String] = []
        /// `request_object_encryption_alg_values_supported`.
        public var requestObjectEncryptionAlgorithms: [String] = []
        /// `request_object_encryption_enc_values_supported`.
        public var requestObjectEncryptionMethods: [String] = []
        /// `acr_values_supported`.
        public var acrValuesSupported: [String] = []
        /// `display_values_supported`.
        public var displayValuesSupported: [String] = []
        /// `claim_types_supported`.
        public var claimTypesSupported: [String] = []
        /// `claims_supported`.
        public var claimsSupported: [String] = []
        /// `claims_locales_supported`.
        public var claimsLocalesSupported: [String] = []
        /// `claims_parameter_supported`; nil stands for false.
        public var claimsParameterSupported: Bool?
        /// `request_parameter_supported`; nil stands for false.
        public var requestParameterSupported: Bool?
        /// `request_uri_parameter_supported`; nil stands for true.
        public var requestURIParameterSupported: Bool?
        /// `require_request_uri_registration`; nil stands for false.
        public var requireRequestURIRegistration: Bool?

        /// No member.
        public init() {}

        init(_ reader: inout MetadataReader) throws(MetadataError) {
            for (name, path) in Self.urls { self[keyPath: path] = try reader.url(name) }
            for (name, path) in Self.lists { self[keyPath: path] = try reader.strings(name) ?? [] }
            for (name, path) in Self.flags { self[keyPath: path] = try reader.bool(name) }
        }

        func write(to writer: inout MetadataWriter) {
            for (name, path) in Self.urls { writer.write(name, self[keyPath: path]) }
            for (name, path) in Self.lists { writer.write(name, self[keyPath: path]) }
            for (name, path) in Self.flags { writer.write(name, self[keyPath: path]) }
        }

        private typealias Path<Value> = any WritableKeyPath<OpenID, Value> & Sendable

        private static let urls: [(String, Path<AbsoluteURL?>)] = [
            ("userinfo_endpoint", \.userInfoEndpoint),
            ("end_session_endpoint", \.endSessionEndpoint),
            ("check_session_iframe", \.checkSessionIFrame),
        ]

        private static let lists: [(String, Path<[String]>)] = [
            ("subject_types_supported", \.subjectTypesSupported),
            ("id_token_signing_alg_values_supported", \.idTokenSigningAlgorithms),
            ("id_token_encryption_alg_values_supported", \.idTokenEncryptionAlgorithms),
            ("id_token_encryption_enc_values_supported", \.idTokenEncryptionMethods),
            ("userinfo_signing_alg_values_supported", \.userInfoSigningAlgorithms),
            ("userinfo_encryption_alg_values_supported", \.userInfoEncryptionAlgorithms),
            ("userinfo_encryption_enc_values_supported", \.userInfoEncryptionMethods),
            ("request_object_signing_alg_values_supported", \.requestObjectSigningAlgorithms),
            ("request_object_encryption_alg_values_supported", \.requestObjectEncryptionAlgorithms),
            ("request_object_encryption_enc_values_supported", \.requestObjectEncryptionMethods),
            ("acr_values_supported", \.acrValuesSupported),
            ("display_values_supported", \.displayValuesSupported),
            ("claim_types_supported", \.claimTypesSupported),
            ("claims_supported", \.claimsSupported),
            ("claims_locales_supported", \.claimsLocalesSupported),
        ]

        private static let flags: [(String, Path<Bool?>)] = [
            ("claims_parameter_supported", \.claimsParameterSupported),
            ("request_parameter_supported", \.requestParameterSupported),
            ("request_uri_parameter_supported", \.requestURIParameterSupported),
            ("require_request_uri_registration", \.requireRequestURIRegistration),
        ]
    }

    /// A member that OpenID Connect Discovery §3 requires, and that is missing or incomplete.
    public enum OpenIDFault: String, Sendable, Hashable, CaseIterable {
        /// `authorization_endpoint` is absent.
        case authorizationEndpoint = "authorization_endpoint_missing"
        /// `token_endpoint` is absent.
        case tokenEndpoint = "token_endpoint_missing"
        /// `jwks_uri` is absent.
        case keySetURL = "jwks_uri_missing"
        /// `scopes_supported` is present and does not list `openid`.
        case openIDScope = "openid_scope_missing"
        /// `response_types_supported` is absent or empty.
        case responseTypes = "response_types_supported_missing"
        /// `subject_types_supported` is absent or empty.
        case subjectTypes = "subject_types_supported_missing"
        /// `id_token_signing_alg_values_supported` is absent or empty.
        case idTokenAlgorithms = "id_token_signing_alg_values_supported_missing"
        /// `id_token_signing_alg_values_supported` does not list `RS256`.
        case rs256 = "id_token_signing_alg_rs256_missing"

        /// A stable, bounded code.
        public var code: String { rawValue }

        /// One English sentence that names the member. It contains nothing of the document.
        public var sentence: String {
            switch self {
            case .authorizationEndpoint: "OpenID Connect Discovery requires authorization_endpoint."
            case .tokenEndpoint: "OpenID Connect Discovery requires token_endpoint."
            case .keySetURL: "OpenID Connect Discovery requires jwks_uri."
            case .openIDScope: "OpenID Connect requires the scope openid, which scopes_supported does not list."
            case .responseTypes: "OpenID Connect Discovery requires response_types_supported."
            case .subjectTypes: "OpenID Connect Discovery requires subject_types_supported."
            case .idTokenAlgorithms: "OpenID Connect Discovery requires id_token_signing_alg_values_supported."
            case .rs256: "OpenID Connect Discovery requires RS256 in id_token_signing_alg_values_supported."
            }
        }
    }

    /// What OpenID Connect Discovery §3 requires of a provider's metadata and is missing here, in the order of
    /// ``OpenIDFault``. A client that insists on a complete `openid-configuration` refuses a document that has one.
    ///
    /// Stricter than the specification in one point: `token_endpoint` is required of every server, because OAuth 2.1
    /// has no implicit grant.
    ///
    /// - SeeAlso: [OpenID Connect Discovery
    ///   §3](https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata)
    public var openIDFaults: [OpenIDFault] {
        OpenIDFault.allCases.filter { fault in
            switch fault {
            case .authorizationEndpoint: authorizationEndpoint == nil
            case .tokenEndpoint: tokenEndpoint == nil
            case .keySetURL: jwksURI == nil
            case .openIDScope: !scopesSupported.isEmpty && !scopesSupported.contains("openid")
            case .responseTypes: responseTypesSupported.isEmpty
            case .subjectTypes: openID.subjectTypesSupported.isEmpty
            case .idTokenAlgorithms: openID.idTokenSigningAlgorithms.isEmpty
            case .rs256:
                !openID.idTokenSigningAlgorithms.isEmpty && !openID.idTokenSigningAlgorithms.contains(bytesOf: "RS256")
            }
        }
    }
}
