internal import HTTPMessages
public import OAuthMetadata
internal import Synchronization

/// The metadata of the authorization server, served by this server too: for MCP clients of revision 2025-03-26, which look at
/// `/.well-known/oauth-authorization-server` of the MCP server's host and know no protected resource metadata.
///
/// What is served is written anew from what was read and found to be the issuer's own (RFC 8414 §3.3): no byte of another
/// server goes out as it came. While there is nothing to serve the answer is 503 with `Retry-After`. Clients that insist on
/// an `issuer` that matches the URL do not take it, and have no need of it.
///
/// - SeeAlso: [MCP 2025-03-26, authorization](https://modelcontextprotocol.io/specification/2025-03-26/basic/authorization)
public final class ForwardedMetadata: Sendable {
    /// What there is to serve.
    public enum Reading: Sendable, Hashable {
        /// The metadata at hand.
        case metadata(AuthorizationServerMetadata)
        /// There is none; seconds until asking again makes sense, brought into 1…60.
        case unavailable(retryAfter: Int)
    }

    /// How long caches may keep it, in seconds: less than this server's own, for it is somebody else's.
    static let maximumAge = 600

    /// Whose metadata it is.
    public let issuer: IssuerIdentifier
    private let read: @Sendable () async -> Reading
    private let served = Mutex<(source: AuthorizationServerMetadata, document: ServedDocument)?>(nil)

    /// The metadata of an issuer.
    ///
    /// - Parameters:
    ///   - issuer: Whose metadata it is: one of the authorization servers of the resource. Of several, the one for clients
    ///     that know only one.
    ///   - read: Gives what is at hand. Asked for each request, by anybody: it answers from a cache, fetches for all who wait
    ///     at once, and after a failure not for a while.
    public init(of issuer: IssuerIdentifier, read: @escaping @Sendable () async -> Reading) {
        self.issuer = issuer
        self.read = read
    }

    /// The metadata of an issuer, from the cache that its keys come from: see ``RemoteKeySet/discovery``.
    public convenience init(_ discovery: IssuerDiscovery) {
        self.init(of: discovery.issuer) {
            do throws(DiscoveryError) {
                return .metadata(try await discovery.metadata().metadata)
            } catch {
                return .unavailable(retryAfter: error.retryAfter)
            }
        }
    }

    /// The answer to a request for it.
    func response(method: HTTPMethod, fields: HTTPFields) async -> HTTPResponse {
        if let response = ServedDocument.answerWithoutDocument(to: method) { return response }
        switch await read() {
        // RFC 8414 §3.3 once more: another's metadata would send clients to another's login.
        case .metadata(let metadata) where metadata.issuer == issuer:
            return document(of: metadata).response(method: method, fields: fields)
        case .metadata: return Self.unavailable(retryAfter: 60)
        case .unavailable(let seconds): return Self.unavailable(retryAfter: min(max(seconds, 1), 60))
        }
    }

    private static func unavailable(retryAfter seconds: Int) -> HTTPResponse {
        var response = RefusalResponse.json(.serviceUnavailable, error: "temporarily_unavailable", description: nil)
        response.fields.append(.retryAfter, HTTPFieldValue(seconds))
        response.fields.append(.accessControlAllowOrigin, "*")
        return response
    }

    /// The document, made once for each metadata that was read.
    private func document(of metadata: AuthorizationServerMetadata) -> ServedDocument {
        served.withLock { served in
            if let served, served.source == metadata { return served.document }
            let document = ServedDocument(metadata.json, maximumAge: Self.maximumAge)
            served = (metadata, document)
            return document
        }
    }
}
