internal import HTTPMessages
internal import OAuthMetadata
internal import TokenVerification
internal import WireFormat

/// The URLs that proofs must name (RFC 9449 §4.3 rule 9): the origin of the resource with the path of the request. They
/// are never made from `Host`.
struct ProofTargets: Sendable {
    private let resource: AbsoluteURL
    private let ofResource: DPoPTarget

    init(_ resource: ResourceIdentifier) {
        self.resource = resource.url
        ofResource = DPoPTarget(resource.url)
    }

    /// The target of a request; nil for a path that is not one of a URL.
    func target(of request: HTTPRequest.Target) -> DPoPTarget? {
        // Most requests are for the resource itself.
        let path = request.path
        return path.hasSameBytes(as: resource.path) ? ofResource : DPoPTarget(server: resource, path: path)
    }
}
