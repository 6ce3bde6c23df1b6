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

/// Why an attempt to get keys failed. No case holds a URL or text of a document.
public enum KeyFetchFailure: Error, Sendable, Hashable {
    /// The key set or the metadata could not be fetched.
    case fetch(FetchError)
    /// A status other than 200; the code.
    case status(Int)
    /// The metadata document is not acceptable.
    case metadata(MetadataError)
    /// The metadata names no `jwks_uri`, or one that is not https (or, for a loopback issuer, http on loopback).
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
}

/// Finds an issuer's `jwks_uri`.
struct IssuerDiscovery: Sendable {
    let issuer: IssuerIdentifier
    let fetcher: any DocumentFetcher

    /// The largest metadata document in bytes.
    static let maximumDocumentBytes = 262_144

    /// Tries the well-known locations in order; the next one only after a 4xx, for anything else is a failure of the
    /// right location.
    func keySetURL() async throws(KeyFetchFailure) -> AbsoluteURL {
        var lastStatus = 404
        for url in WellKnown.authorizationServerMetadataURLs(of: issuer) {
            let document: FetchedDocument
            do throws(FetchError) {
                document = try await fetcher.fetch(
                    DocumentRequest(url: url, maximumBodyBytes: Self.maximumDocumentBytes))
            } catch {
                throw .fetch(error)
            }
            lastStatus = document.status.code
            if (400..<500).contains(lastStatus) { continue }
            guard document.status == .ok else { throw .status(lastStatus) }
            return try keySetURL(in: document.body)
        }
        throw .status(lastStatus)
    }

    private func keySetURL(in body: [UInt8]) throws(KeyFetchFailure) -> AbsoluteURL {
        let metadata: AuthorizationServerMetadata
        do throws(MetadataError) {
            metadata = try AuthorizationServerMetadata(parsing: body, expecting: issuer)
        } catch {
            throw .metadata(error)
        }
        // RFC 8414 §2: https. An issuer that itself is on http loopback may keep its keys there too.
        let allowance: InsecureHTTP = issuer.url.scheme == .http ? .loopback : .never
        guard let url = metadata.jwksURI, url.fragment == nil, allowance.admits(url) else { throw .keySetURL }
        return url
    }
}
