public import HTTPMessages
public import WireFormat

extension IntrospectionTokenVerifier {
    /// The reason why introspection has no result. No case contains a URL, a token or text of the response.
    public enum Failure: Error, Sendable, Hashable {
        /// There is no response.
        case fetch(FetchError)
        /// 401: the endpoint refuses this server's own credentials.
        case credentialsRefused
        /// The issuer's metadata, which names the endpoint, could not be read. An event of the discovery says why.
        case metadata
        /// The issuer's metadata lists no authentication method, or no signature algorithm, for this server's
        /// credentials.
        case noUsableMethod
        /// No client assertion could be signed, because libcrypto failed.
        case cryptography
        /// The response has a status other than 200. The associated value is the status code.
        case status(Int)
        /// The response is not `application/json`. Signed responses (RFC 9701) are not supported.
        case mediaType
        /// The response is not strict JSON.
        case json(JSONDocument.ParseError.Reason)
        /// The response is not an object with a Boolean `active`.
        case notAnAnswer

        /// A stable snake_case code, for events and metrics.
        public var code: String {
            switch self {
            case .fetch(let error): "fetch_\(error.code)"
            case .credentialsRefused: "credentials_refused"
            case .metadata: "metadata_unavailable"
            case .noUsableMethod: "no_usable_auth_method"
            case .cryptography: "cryptography_unavailable"
            case .status(let status): "status_\(status)"
            case .mediaType: "not_json"
            case .json: "malformed_json"
            case .notAnAnswer: "active_not_boolean"
            }
        }

        /// Whether the failure says that the endpoint has no answer for any token, so that no other token is asked
        /// about for a while. Every other failure may be caused by one token, which any caller can invent.
        var concernsEveryToken: Bool {
            switch self {
            case .fetch(.tooLarge), .fetch(.unsupportedEncoding): false
            // RFC 6585 §4, RFC 9110 §15.6.4: too many requests; service unavailable.
            case .fetch, .credentialsRefused, .metadata, .noUsableMethod, .cryptography, .status(429), .status(503):
                true
            case .status, .mediaType, .json, .notAnAnswer: false
            }
        }

        /// Whether the failure speaks about this server or its configuration, so that no token can have caused it. RFC
        /// 6585 §4, RFC 7662 §2.3: so do 429 and 401.
        var concernsThisServer: Bool {
            switch self {
            case .credentialsRefused, .metadata, .noUsableMethod, .cryptography, .status(429): true
            case .fetch, .status, .mediaType, .json, .notAnAnswer: false
            }
        }
    }
}
