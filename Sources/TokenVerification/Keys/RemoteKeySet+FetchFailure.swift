public import HTTPMessages
public import JOSE
public import OAuthMetadata

extension RemoteKeySet {
    /// The reason why a fetch of keys or metadata failed. No case contains a URL or text of a document.
    public enum FetchFailure: Error, Sendable, Hashable {
        /// The key set or the metadata could not be fetched.
        case fetch(FetchError)
        /// The response has a status other than 200, or other than 304 for a conditional request. The associated value
        /// is the status code.
        case status(Int)
        /// The metadata document is not JSON, or not of this issuer.
        case metadata(MetadataError)
        /// The metadata has no `jwks_uri`, or one that ``OriginRule`` does not allow, or one that is not https. An http
        /// issuer may use http on its own host, and on loopback if it is a loopback issuer.
        case keySetURL
        /// The metadata has no `introspection_endpoint`, or one that is not https, with the same exceptions as for
        /// ``keySetURL``.
        case introspectionEndpoint
        /// The document is not a key set.
        case keySet(JSONWebKeySet.ParseError)
        /// The set has no usable key. The associated value has the reason for each entry, in order: for at most
        /// ``Limits/maximumSkippedKeyEvents`` entries, and for the entries beyond the limit of a set, if there are any.
        /// It is empty for an empty set.
        case noUsableKey([JSONWebKeySet.Skipped])

        /// A stable snake_case code, for events and metrics.
        public var code: String {
            switch self {
            case .fetch(let error): "fetch_\(error.code)"
            case .status(let status): "status_\(status)"
            case .metadata(.json): "metadata_not_json"
            case .metadata(.notAnObject): "metadata_not_an_object"
            case .metadata(.missing), .metadata(.invalid): "metadata_without_issuer"
            case .metadata(.identifierMismatch): "metadata_issuer_mismatch"
            case .keySetURL: "jwks_uri_not_acceptable"
            case .introspectionEndpoint: "introspection_endpoint_not_acceptable"
            case .keySet: "jwks_malformed"
            case .noUsableKey: "jwks_without_usable_key"
            }
        }

        /// Whether a document was fetched that is not a usable key set.
        var isRejectedSet: Bool {
            switch self {
            case .keySet, .noUsableKey: true
            case .fetch, .status, .metadata, .keySetURL, .introspectionEndpoint: false
            }
        }
    }
}
