public import HTTPMessages

/// A request that was let through: on whose behalf, and what its response still needs.
public struct Admission: Sendable {
    /// On whose behalf the request is made.
    public let principal: Principal
    /// Nil where no page of another origin is allowed.
    let crossOrigin: CrossOriginFields?

    /// Completes the head of the handler's response: no shared cache keeps it, and a page of an allowed origin may read it.
    ///
    /// Call it once, for whatever the handler answers, errors included, before the head is sent; what it removes from
    /// `fields` must not be sent either. A handler behind ``ProtectedHandler`` is finished
    /// already.
    ///
    /// - Parameters:
    ///   - status: The status of the response.
    ///   - fields: The fields of the response.
    public func finish(status: HTTPStatus, fields: inout HTTPFields) {
        // RFC 6750 §5.3: what a token opened is not for shared caches, unless the handler says so.
        if !fields.contains(.cacheControl) { fields.append(.cacheControl, "no-store") }
        crossOrigin?.set(on: &fields)
    }

    /// Finishes a response of this library, as above, and names the principal for the access log.
    func finish(_ response: inout HTTPResponse) {
        finish(status: response.status, fields: &response.fields)
        response.principalID = principal.anonymousName ?? principal.subject ?? principal.clientID
    }
}
