public import HTTPMessages
public import WireFormat

extension IntrospectionTokenVerifier {
    /// Why the introspection endpoint's answer decides nothing. No case holds a URL, a token or text of the answer.
    public enum Failure: Error, Sendable, Hashable {
        /// Nothing came back.
        case fetch(FetchError)
        /// 401 or 403: the endpoint refuses this server's own credentials.
        case credentialsRefused
        /// A status other than 200; the code.
        case status(Int)
        /// Something else than `application/json`, such as a signed answer (RFC 9701), which is not supported.
        case mediaType
        /// Not strict JSON.
        case json(JSONDocument.ParseError.Reason)
        /// No object with a Boolean `active`.
        case notAnAnswer

        /// A stable snake_case code.
        public var code: String {
            switch self {
            case .fetch(let error): "fetch_\(error.code)"
            case .credentialsRefused: "credentials_refused"
            case .status(let status): "status_\(status)"
            case .mediaType: "not_json"
            case .json: "malformed_json"
            case .notAnAnswer: "active_not_boolean"
            }
        }

        /// Whether nobody gets an answer now, whatever the token. The other failures may be the doing of one token: they count
        /// as an outage only when nothing else comes.
        var isOutage: Bool {
            switch self {
            case .fetch(.tooLarge): false
            case .fetch, .credentialsRefused, .status(429), .status(503): true
            case .status, .mediaType, .json, .notAnAnswer: false
            }
        }
    }
}
