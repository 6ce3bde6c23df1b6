public import WireFormat

extension ClientIDMetadataDocument {
    /// All faults of a document, at least one.
    public struct Invalid: Error, Sendable, Hashable {
        /// In the order of ``ClientIDMetadataDocument/init(parsing:from:rules:)``.
        public let faults: [Fault]

        /// Makes an error of at least one fault.
        package init(faults: [Fault]) {
            self.faults = faults
        }
    }

    /// One fault of a document. No case contains text of the document.
    public enum Fault: Sendable, Hashable {
        /// The document is larger than the limit in bytes.
        case tooLarge(limit: Int)
        /// The document is not strict JSON. A repeated member is one of the reasons.
        case notJSON(JSONDocument.ParseError.Reason)
        /// The document is not a JSON object.
        case notAnObject
        /// `client_id` is missing, or not a string.
        case clientIDMissing
        /// `client_id` is not, byte for byte, the URL at which the document is published.
        case clientIDMismatch(Difference)
        /// `client_name` is missing or empty, or ``ClientIDMetadataDocument/displayName`` is.
        case clientNameMissing
        /// `redirect_uris` is missing, empty, or not a list of strings.
        case redirectURIsMissing
        /// `redirect_uris` has more elements than the limit.
        case tooManyRedirectURIs(limit: Int)
        /// The element of `redirect_uris` at this index, from 0, is not acceptable.
        case redirectURI(index: Int, RedirectURI.Fault)
        /// A member that contains or describes a shared secret is present. The associated value is its name.
        case sharedSecret(String)
        /// `token_endpoint_auth_method` needs a shared secret, which a public document cannot contain.
        case sharedSecretMethod
        /// `token_endpoint_auth_method` is neither `none` nor `private_key_jwt`.
        case authenticationMethod
        /// `private_key_jwt` without `jwks` and `jwks_uri`.
        case keysMissing
        /// `jwks` and `jwks_uri` are both present, which RFC 7591 §2 forbids.
        case keysTwice
        /// `jwks` is not an object with a list `keys` of objects.
        case keysMalformed
        /// The key at this index of `jwks`, from 0, has private or symmetric material.
        case secretKey(index: Int)
        /// `jwks_uri` is not an https URL without fragment.
        case keysURL
        /// None of `grant_types` is supported, or only `refresh_token`.
        case grantTypes
        /// `response_types` does not contain `code`.
        case responseTypes
        /// A member has another type than RFC 7591 §2 says, or is not a web URL. The associated value is its name.
        case member(String)

        /// How `client_id` differs from the URL of the document.
        public enum Difference: String, Sendable, Hashable {
            /// Only in the case of letters.
            case letterCase = "letter_case"
            /// Only by a slash at the end.
            case trailingSlash = "trailing_slash"
            /// Only by the default port.
            case defaultPort = "default_port"
            /// Only in the percent-encoding.
            case percentEncoding = "percent_encoding"
            /// In another way.
            case other
        }

        /// A stable, bounded code for events and metrics.
        public var code: String {
            switch self {
            case .tooLarge: "document_too_large"
            case .notJSON: "document_not_json"
            case .notAnObject: "document_not_an_object"
            case .clientIDMissing: "document_client_id_missing"
            case .clientIDMismatch: "document_client_id_mismatch"
            case .clientNameMissing: "document_client_name_missing"
            case .redirectURIsMissing: "document_redirect_uris_missing"
            case .tooManyRedirectURIs: "document_too_many_redirect_uris"
            case .redirectURI(_, let fault): fault.code
            case .sharedSecret: "document_shared_secret"
            case .sharedSecretMethod: "document_shared_secret_method"
            case .authenticationMethod: "document_authentication_method"
            case .keysMissing: "document_keys_missing"
            case .keysTwice: "document_keys_twice"
            case .keysMalformed: "document_keys_malformed"
            case .secretKey: "document_secret_key"
            case .keysURL: "document_keys_url"
            case .grantTypes: "document_grant_types"
            case .responseTypes: "document_response_types"
            case .member: "document_member"
            }
        }

        /// What the author of the document should change: one sentence, for a person.
        public var remedy: String {
            switch self {
            case .tooLarge(let limit): "Make the document smaller than \(limit) bytes."
            case .notJSON: "Write strict JSON in UTF-8 (RFC 8259); each member may appear only once."
            case .notAnObject: "Write one JSON object."
            case .clientIDMissing: "Add client_id: the URL of the document, as a string."
            case .clientIDMismatch(let difference): difference.remedy
            case .clientNameMissing: "Add client_name: the name that people see when they are asked for consent."
            case .redirectURIsMissing: "Add redirect_uris: a list with at least one URI."
            case .tooManyRedirectURIs(let limit): "Keep at most \(limit) redirect_uris."
            case .redirectURI(let index, let fault): "Change redirect_uris[\(index)]: \(fault.remedy)"
            case .sharedSecret(let name): "Remove \(name): everybody can read the document."
            case .sharedSecretMethod, .authenticationMethod:
                "Set token_endpoint_auth_method to none, or to private_key_jwt with jwks or jwks_uri."
            case .keysMissing: "Add jwks or jwks_uri for private_key_jwt."
            case .keysTwice: "Keep either jwks or jwks_uri."
            case .keysMalformed: "Write jwks as an object with a list keys of public JWKs (RFC 7517 §5)."
            case .secretKey(let index): "Replace jwks.keys[\(index)] by its public key, and make a new key pair."
            case .keysURL: "Set jwks_uri to an https URL without fragment."
            case .grantTypes: "Include authorization_code in grant_types, or leave the member out."
            case .responseTypes: "Include code in response_types, or leave the member out."
            case .member(let name):
                "Correct \(name): write an absolute URL or a text, as RFC 7591 §2 says, or leave it out."
            }
        }
    }
}

extension ClientIDMetadataDocument.Fault.Difference {
    fileprivate var remedy: String {
        let rule = "client_id must be the URL of the document, byte for byte"
        return switch self {
        case .letterCase: "Write client_id in the same case: \(rule)."
        case .trailingSlash: "Add or remove the slash at the end of client_id: \(rule)."
        case .defaultPort: "Write or leave out the port of client_id as in the URL: \(rule)."
        case .percentEncoding: "Encode client_id as the URL is encoded: \(rule)."
        case .other: "Correct client_id: it must be the URL of the document, byte for byte."
        }
    }
}

extension RedirectURI.Fault {
    /// What the author of a document should change, for a person: the end of a sentence, without a capital letter.
    public var remedy: String {
        switch self {
        case .notAbsolute: "write an absolute URI with a scheme."
        case .malformed, .url: "write a URI that follows RFC 3986, at most 2,048 bytes."
        case .fragment: "remove the fragment."
        case .userinfo: "remove the user name and password."
        case .forbiddenScheme: "use https, http on a loopback host, or a private scheme."
        case .insecure: "use https; http is for 127.0.0.1, [::1] and localhost only."
        case .dotSegments: "write the path without . and .. segments."
        }
    }
}
