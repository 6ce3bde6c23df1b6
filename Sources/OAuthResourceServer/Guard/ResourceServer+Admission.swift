public import HTTPMessages
internal import TokenVerification

extension ResourceServer {
    /// A request that was let through: on whose behalf, and what its response still needs.
    public struct Admission: Sendable {
        /// On whose behalf the request is made.
        public let principal: Principal
        /// Nil where no page of another origin is allowed.
        let crossOrigin: CrossOriginFields?
        /// Nil where sessions are not bound.
        let session: SessionRegistry.Use?
        /// Told about a session that was withheld.
        let observer: ResourceServerEvent.Observer?
        /// The token that proves the principal; nil when none does.
        let token: PresentedToken?

        private static let noStore: HTTPFields.Value = "no-store"

        /// Completes the head of the handler's response: no shared cache keeps it, a page of an allowed origin may read it, and
        /// an `Mcp-Session-Id` in it belongs to the caller or is removed.
        ///
        /// Call it once, for whatever the handler answers, errors included, before the head is sent; what it removes from
        /// `fields` must not be sent either. A response of a ``ProtectedHandler`` is finished already.
        ///
        /// - Parameters:
        ///   - status: The status of the response.
        ///   - fields: The fields of the response.
        public func finish(status: HTTPStatus, fields: inout HTTPFields) {
            // RFC 6750 §5.3: what a token opened is not for shared caches, unless the handler says so.
            if !fields.contains(.cacheControl) { fields.append(.cacheControl, Self.noStore) }
            crossOrigin?.set(on: &fields)
            if let fault = session?.finish(status: status, fields: &fields) {
                observer?(.sessionWithheld(fault, fingerprint: token?.fingerprint))
            }
        }

        /// Finishes a response of this library, as above, and names the principal for the access log.
        func finish(_ response: inout HTTPResponse) {
            finish(status: response.status, fields: &response.fields)
            response.principalID = principal.anonymousName ?? principal.subject ?? principal.clientID
        }
    }
}
