public import WireFormat

extension AuthorizationServerMetadata {
    /// A reason why clients of the Model Context Protocol cannot log in at an authorization server, or not safely.
    public enum MCPFault: Sendable, Hashable {
        /// An endpoint of the authorization server that a client uses.
        public enum Endpoint: String, Sendable, Hashable, CaseIterable {
            /// `authorization_endpoint`
            case authorization
            /// `token_endpoint`
            case token
            /// `registration_endpoint`
            case registration
            /// `revocation_endpoint`
            case revocation
        }

        /// What a client does because of a fault.
        public enum Consequence: Sendable, Hashable {
            /// It does not log in: the specification or the protocol leaves no other way.
            case refuses
            /// It logs in with less protection than it could have.
            case isLessProtected
        }

        /// `issuer` is not an https URL.
        case issuerInsecure
        /// A required endpoint has no usable URL.
        case endpointMissing(Endpoint)
        /// An endpoint is not an https URL.
        case endpointInsecure(Endpoint)
        /// `response_types_supported` does not list `code`. RFC 8414 §2 requires the member.
        case codeResponseTypeMissing
        /// `grant_types_supported` is present and does not list `authorization_code`.
        case authorizationCodeGrantMissing
        /// `code_challenge_methods_supported` is absent or empty.
        case codeChallengeMethodsMissing
        /// `code_challenge_methods_supported` does not list `S256`.
        case s256Missing
        /// There are neither client ID metadata documents nor a registration endpoint.
        case clientRegistrationMissing
        /// `authorization_response_iss_parameter_supported` is not true (RFC 9207).
        case issuerParameterMissing

        /// A stable, bounded code.
        public var code: String {
            switch self {
            case .issuerInsecure: "issuer_not_https"
            case .endpointMissing(let endpoint): "\(endpoint.rawValue)_endpoint_missing"
            case .endpointInsecure(let endpoint): "\(endpoint.rawValue)_endpoint_not_https"
            case .codeResponseTypeMissing: "response_type_code_missing"
            case .authorizationCodeGrantMissing: "authorization_code_grant_missing"
            case .codeChallengeMethodsMissing: "code_challenge_methods_missing"
            case .s256Missing: "code_challenge_method_s256_missing"
            case .clientRegistrationMissing: "client_registration_missing"
            case .issuerParameterMissing: "iss_parameter_missing"
            }
        }

        /// What a client does because of it.
        public var consequence: Consequence {
            self == .issuerParameterMissing ? .isLessProtected : .refuses
        }

        /// One English sentence that says what a client refuses or lacks. It contains nothing of the document.
        public var sentence: String {
            switch self {
            case .issuerInsecure:
                "A client refuses an issuer whose identifier is not an https URL."
            case .endpointMissing(let endpoint):
                "A client cannot log in without a usable \(endpoint.rawValue)_endpoint."
            case .endpointInsecure(let endpoint):
                "A client refuses to call a \(endpoint.rawValue)_endpoint that is not an https URL."
            case .codeResponseTypeMissing:
                "A client refuses an authorization server whose response_types_supported does not list code."
            case .authorizationCodeGrantMissing:
                "A client refuses a server whose grant_types_supported does not list authorization_code."
            case .codeChallengeMethodsMissing:
                "A client must refuse metadata without code_challenge_methods_supported: it is how PKCE is announced."
            case .s256Missing:
                "A client refuses an authorization server whose code_challenge_methods_supported does not list S256."
            case .clientRegistrationMissing:
                "A client that is not registered by hand gets no client_id: there is neither "
                    + "client_id_metadata_document_supported nor a registration_endpoint."
            case .issuerParameterMissing:
                "A client cannot detect a mix-up attack without authorization_response_iss_parameter_supported."
            }
        }
    }

    /// The faults that keep clients of the Model Context Protocol from logging in, in the order of ``MCPFault``. Empty
    /// for metadata that they accept.
    ///
    /// **Checks** the members that a login with the authorization code grant needs: https endpoints, PKCE with S256, a
    /// way to get a client identifier, and the `iss` parameter.
    /// **Does not check** that the server behaves as its metadata says.
    ///
    /// An absent `grant_types_supported` includes the authorization code grant (RFC 8414 §2). A member that is unusable
    /// counts as absent: see ``unusableMembers``.
    ///
    /// - Parameter insecureHTTP: The hosts for which http is acceptable, for development on one machine.
    /// - SeeAlso: [MCP, authorization
    ///   ](https://modelcontextprotocol.io/specification/draft/basic/authorization/security-considerations)
    public func mcpFaults(insecureHTTP: InsecureHTTP = .never) -> [MCPFault] {
        var faults: [MCPFault] = []
        if !insecureHTTP.admits(issuer.url) { faults.append(.issuerInsecure) }
        for endpoint in MCPFault.Endpoint.allCases {
            if let url = self[endpoint] {
                // OAuth 2.1 §1.5: https for every URL of the protocol.
                if !insecureHTTP.admits(url) { faults.append(.endpointInsecure(endpoint)) }
            } else if endpoint == .authorization || endpoint == .token {
                faults.append(.endpointMissing(endpoint))
            }
        }
        if !responseTypesSupported.contains(bytesOf: "code") { faults.append(.codeResponseTypeMissing) }
        if !grantTypesSupported.isEmpty, !grantTypesSupported.contains(bytesOf: "authorization_code") {
            faults.append(.authorizationCodeGrantMissing)
        }
        if codeChallengeMethodsSupported.isEmpty {
            faults.append(.codeChallengeMethodsMissing)
        } else if !codeChallengeMethodsSupported.contains(bytesOf: "S256") {
            faults.append(.s256Missing)
        }
        if clientIDMetadataDocumentSupported != true, registrationEndpoint == nil {
            faults.append(.clientRegistrationMissing)
        }
        if authorizationResponseIssuerParameterSupported != true { faults.append(.issuerParameterMissing) }
        return faults
    }

    private subscript(endpoint: MCPFault.Endpoint) -> AbsoluteURL? {
        switch endpoint {
        case .authorization: authorizationEndpoint
        case .token: tokenEndpoint
        case .registration: registrationEndpoint
        case .revocation: revocationEndpoint
        }
    }
}

extension [String] {
    /// Whether an element has exactly these bytes.
    func contains(bytesOf text: String) -> Bool { contains { $0.hasSameBytes(as: text) } }
}
