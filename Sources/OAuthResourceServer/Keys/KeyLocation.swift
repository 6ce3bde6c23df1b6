public import HTTPMessages
public import JOSE
public import OAuthMetadata
public import WireFormat

/// Where the key set of an issuer stands.
public enum KeyLocation: Sendable, Hashable {
    /// At the `jwks_uri` of the issuer's metadata (RFC 8414, OpenID Connect Discovery).
    case discovered
    /// At this URL; nothing is discovered.
    case url(AbsoluteURL)
}

/// Where a `jwks_uri` may lead.
public enum KeySetOrigin: Sendable, Hashable {
    /// To any host; big issuers keep their keys elsewhere. Loopback only for an issuer that is itself there.
    case anyHost
    /// To the scheme, host and port of the issuer alone.
    case issuerOnly

    /// Whether a `jwks_uri` of the issuer's metadata may be fetched. No userinfo: the type of the URL has none.
    func admits(_ url: AbsoluteURL, of issuer: AbsoluteURL) -> Bool {
        let isSameHost = ASCII.equalsIgnoringCase(url.host.utf8, issuer.host.utf8)
        guard url.fragment == nil else { return false }
        // A document from outside must not choose what is fetched on this machine.
        if url.isLoopback, !issuer.isLoopback { return false }
        // RFC 8414 §2: https. An issuer that the operator admitted on http may keep its keys where it is itself.
        if url.scheme == .http, issuer.scheme == .https || !(isSameHost || url.isLoopback) { return false }
        switch self {
        case .anyHost: return true
        case .issuerOnly:
            return isSameHost && url.scheme == issuer.scheme && url.effectivePort == issuer.effectivePort
        }
    }
}

/// Why an attempt to get keys or metadata failed. No case holds a URL or text of a document.
public enum KeyFetchFailure: Error, Sendable, Hashable {
    /// The key set or the metadata could not be fetched.
    case fetch(FetchError)
    /// A status other than 200, or than 304 to a conditional request; the code.
    case status(Int)
    /// The metadata document is not acceptable.
    case metadata(MetadataError)
    /// The metadata names no `jwks_uri`, or one that is not https (or, for a loopback issuer, http on loopback), or that
    /// ``KeySetOrigin`` does not admit.
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
