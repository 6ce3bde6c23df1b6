public import HTTPMessages
internal import JOSE
public import OAuthMetadata
internal import WireFormat

/// Serves the metadata of an authorization server (RFC 8414 §3) for a program that embeds one.
///
/// ```swift
/// var metadata = AuthorizationServerMetadata(issuer: issuer)
/// metadata.tokenEndpoint = tokenEndpoint
/// let handler = AuthorizationServerMetadataHandler(metadata, wrapping: server)
/// ```
///
/// The document is served at every location where clients look: see ``OAuthMetadata/IssuerIdentifier/metadataPaths``.
/// One slash more at the end is tolerated. Requests for other paths go to the wrapped handler, and its responses are
/// returned unchanged. Without a wrapped handler they get 404.
///
/// The methods are GET, HEAD and OPTIONS; others get 405 with `Allow`. The response has a strong `ETag`, and
/// `If-None-Match` gets 304. Web pages of every origin may read it, because it is public.
///
/// The path alone selects the document. `Host` is not read: the document names the issuer that is configured.
///
/// - SeeAlso: [RFC 8414 §3](https://www.rfc-editor.org/rfc/rfc8414#section-3)
public struct AuthorizationServerMetadataHandler: HTTPHandler {
    /// The metadata that is served.
    public let metadata: AuthorizationServerMetadata
    private let paths: [String]
    private let document: ServedDocument
    private let wrapped: (any HTTPHandler)?

    /// Makes a handler. The document is encoded once, here.
    ///
    /// - Parameters:
    ///   - metadata: The metadata. ``OAuthMetadata/AuthorizationServerMetadata/mcpFaults(insecureHTTP:)`` says what
    ///     clients of MCP refuse in it.
    ///   - handler: What answers requests for other paths; nil for 404.
    ///   - maximumAge: How long caches may keep the document without asking again, in seconds, 0…86,400. Another number
    ///     is a mistake of the program and stops it.
    public init(
        _ metadata: AuthorizationServerMetadata, wrapping handler: (any HTTPHandler)? = nil, maximumAge: Int = 3_600
    ) {
        precondition((0...86_400).contains(maximumAge), "The maximumAge of a metadata document is 0…86,400 seconds.")
        self.metadata = metadata
        paths = metadata.issuer.metadataPaths
        document = ServedDocument(metadata.json, maximumAge: maximumAge, digest: Digest.sha256)
        wrapped = handler
    }

    /// The exposure of the wrapped handler; ``HTTPMessages/HTTPExposure/anywhere`` without one.
    public var exposure: HTTPExposure { wrapped?.exposure ?? .anywhere }

    /// Whether the document is served at a path.
    package func serves(_ path: String) -> Bool {
        paths.contains { path.hasSameBytes(as: $0) || path.hasSameBytes(as: $0 + "/") }
    }

    /// Answers one request.
    public func respond(to request: HTTPRequest) async throws -> HTTPResponse {
        guard serves(request.path) else { return try await wrapped?.respond(to: request) ?? ServedDocument.notFound }
        return document.response(method: request.method, fields: request.fields)
    }
}
