public import HTTPMessages
internal import TokenVerification

extension ResourceServer {
    /// A request that was let through: its principal, and what its response still needs.
    public struct Admission: Sendable {
        /// The principal for whom the request is made.
        public let principal: Principal
        /// Nil when no page of another origin is allowed.
        let crossOrigin: CrossOriginFields?
        /// Nil when sessions are not bound.
        let session: SessionRegistry.Use?
        /// Receives an event when a session was withheld.
        let observer: ResourceServerEvent.Observer?
        /// The accepted token of the request; nil if the request proceeds anonymously or in spite of a refusal (shadow
        /// mode).
        let token: PresentedToken?

        private static let noStore: HTTPFields.Value = "no-store"

        /// Completes the head of the handler's response: shared caches must not store it, a page of an allowed origin
        /// may read it, and an `Mcp-Session-Id` in it belongs to the caller or is removed.
        ///
        /// Call it once for every response of the handler, errors included, before the head is sent. Do not send a
        /// field that it removes from `fields`. A response of a ``ProtectedHandler`` is finished already.
        ///
        /// - Parameters:
        ///   - status: The status of the response.
        ///   - fields: The fields of the response.
        public func finish(status: HTTPStatus, fields: inout HTTPFields) {
            // RFC 6750 §5.3: shared caches must not store the response to a request with a token, unless the handler
            // allows it.
            if !fields.contains(.cacheControl) { fields.append(.cacheControl, Self.noStore) }
            crossOrigin?.set(on: &fields)
            if let fault = session?.finish(status: status, fields: &fields) {
                observer?(.sessionWithheld(fault, fingerprint: token?.fingerprint))
            }
        }

        /// Does the same for an ``HTTPMessages/HTTPResponse``, and sets its `principalID` for the access log.
        func finish(_ response: inout HTTPResponse) {
            finish(status: response.status, fields: &response.fields)
            response.principalID = principal.anonymousName ?? principal.subject ?? principal.clientID
        }
    }
}
