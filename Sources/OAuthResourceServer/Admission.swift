public import HTTPMessages

/// A request that was let through: on whose behalf, and what its response still needs.
public struct Admission: Sendable {
    /// On whose behalf the request is made.
    public let principal: Principal

    init(_ principal: Principal) {
        self.principal = principal
    }

    /// Adds to the head of the handler's response what the guard owes: nothing secret is kept by caches.
    ///
    /// Call it once, for whatever the handler answers, errors included, before the head is sent. A handler behind
    /// ``ResourceServer/protecting(_:)-swift.method`` is finished already.
    ///
    /// - Parameters:
    ///   - status: The status of the response.
    ///   - fields: The fields of the response.
    public func finish(status: HTTPStatus, fields: inout HTTPFields) {
        // RFC 6750 §5.3: what a token opened is not for shared caches, unless the handler says so.
        if !fields.contains(.cacheControl) { fields.append(.cacheControl, "no-store") }
    }

    /// Finishes a response of this library, as above.
    func finish(_ response: inout HTTPResponse) {
        finish(status: response.status, fields: &response.fields)
    }
}
