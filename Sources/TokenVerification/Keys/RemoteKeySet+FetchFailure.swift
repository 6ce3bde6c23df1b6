public import HTTPMessages
public import JOSE
public import OAuthMetadata

extension RemoteKeySet {
    /// Why an attempt to get keys or metadata failed. No case holds a URL or text of a document.
    public enum FetchFailure: Error, Sendable, Hashable {
        /// The key set or the metadata could not be fetched.
        case fetch(FetchError)
        /// A status other than 200, or than 304 to a conditional request; the code.
        case status(Int)
        /// The metadata document is not acceptable.
        case metadata(MetadataError)
        /// The metadata names no `jwks_uri`, or one that is not https (or, for a loopback issuer, http on loopback), or that
        /// ``OriginRule`` does not admit.
        case keySetURL
        /// The document is no key set.
        case keySet(JSONWebKeySet.ParseError)
        /// The set holds no usable key.
        case noUsableKey

        /// A stable snake_case code.
        public var code: String {
            switch self {
            case .fetch(let error): "fetch_\(error.code)"
            case .status(let status): "status_\(status)"
            case .metadata(.identifierMismatch): "metadata_issuer_mismatch"
            case .metadata: "metadata_malformed"
            case .keySetURL: "jwks_uri_not_acceptable"
            case .keySet: "jwks_malformed"
            case .noUsableKey: "jwks_without_usable_key"
            }
        }

        /// Whether a document came that is no usable key set.
        var isRejectedSet: Bool {
            switch self {
            case .keySet, .noUsableKey: true
            case .fetch, .status, .metadata, .keySetURL: false
            }
        }
    }
}
