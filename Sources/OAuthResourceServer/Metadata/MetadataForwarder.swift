internal import HTTPMessages
internal import JOSE
internal import OAuthMetadata
internal import Synchronization
internal import TokenVerification

/// Serves the metadata of an authorization server: see ``ResourceServerConfiguration/ForwardedMetadata``.
final class MetadataForwarder: Sendable {
    /// How long caches may keep the document, in seconds. It is shorter than for this server's own document, because
    /// another server decides about the content.
    static let maximumAge = 600

    private let issuer: IssuerIdentifier
    private let read: @Sendable () async -> ResourceServerConfiguration.ForwardedMetadata.Reading
    private let served = Mutex<(source: AuthorizationServerMetadata, document: ServedDocument)?>(nil)

    /// A forwarder of what `read` returns.
    init(
        of issuer: IssuerIdentifier,
        read: @escaping @Sendable () async -> ResourceServerConfiguration.ForwardedMetadata.Reading
    ) {
        self.issuer = issuer
        self.read = read
    }

    /// A forwarder of the metadata that the guard reads for its keys.
    convenience init(_ discovery: IssuerDiscovery) {
        self.init(of: discovery.issuer) {
            do throws(IssuerDiscovery.Unavailable) {
                return .metadata(try await discovery.metadata().metadata)
            } catch {
                return .unavailable(retryAfter: error.retryAfter)
            }
        }
    }

    /// The response to a request for the document.
    func response(method: HTTPMethod, fields: HTTPFields) async -> HTTPResponse {
        if let response = ServedDocument.answerWithoutDocument(to: method) { return response }
        switch await read() {
        // RFC 8414 §3.3 again: metadata of another issuer would send clients to another login.
        case .metadata(let metadata) where metadata.issuer == issuer:
            return document(of: metadata).response(method: method, fields: fields)
        case .metadata: return Self.unavailable(retryAfter: 60)
        case .unavailable(let seconds): return Self.unavailable(retryAfter: seconds)
        }
    }

    private static func unavailable(retryAfter seconds: Int) -> HTTPResponse {
        var response = Answers.documentUnavailable(retryAfter: seconds)
        response.fields.append(.accessControlAllowOrigin, "*")
        return response
    }

    /// The document. It is encoded only when the metadata changed.
    private func document(of metadata: AuthorizationServerMetadata) -> ServedDocument {
        served.withLock { served in
            if let served, served.source == metadata { return served.document }
            let document = ServedDocument(metadata.json, maximumAge: Self.maximumAge, digest: Digest.sha256)
            served = (metadata, document)
            return document
        }
    }
}
