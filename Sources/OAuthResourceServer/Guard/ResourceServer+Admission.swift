public import HTTPMessages
internal import TokenVerification
internal import WireFormat

extension ResourceServer {
    /// A request that was let through: its principal, what its handler needs, and what its response still needs.
    public struct Admission: Sendable {
        /// One object holds all members, so that an admission is passed on as one reference.
        final class Content: Sendable {
            let principal: Principal
            /// The request as the guard has read it.
            let request: GuardedRequest
            /// Nil when no page of another origin is allowed.
            let crossOrigin: CrossOriginFields?
            /// Nil when sessions are not bound.
            let session: BoundSessions.Use?
            /// Nil when event streams may outlive tokens.
            let expiry: StreamExpiry?
            /// Receives an event when a session was withheld, or a stream ended with its token.
            let observer: ResourceServerEvent.Observer?
            /// The accepted token of the request; nil if the request proceeds anonymously or in spite of a refusal
            /// (shadow mode).
            let token: PresentedToken?
            /// A new nonce for the client's next DPoP proof; nil when it needs none.
            let nonce: HTTPFields.Value?

            init(
                principal: Principal, request: consuming GuardedRequest, crossOrigin: CrossOriginFields?,
                session: BoundSessions.Use?, expiry: StreamExpiry?, observer: ResourceServerEvent.Observer?,
                token: PresentedToken?, nonce: HTTPFields.Value?
            ) {
                self.principal = principal
                self.request = request
                self.crossOrigin = crossOrigin
                self.session = session
                self.expiry = expiry
                self.observer = observer
                self.token = token
                self.nonce = nonce
            }
        }

        let content: Content

        init(_ content: Content) {
            self.content = content
        }

        /// The principal for whom the request is made.
        public var principal: Principal { content.principal }

        private static let noStore: HTTPFields.Value = "no-store"

        /// The handler's identifier of the session that the request names; nil when it names none, or when sessions are
        /// not bound.
        ///
        /// If it is not nil, put it into the request in place of the field `Mcp-Session-Id` before you call the
        /// handler. Without this step the handler sees an identifier that it does not know, and answers 404. A
        /// ``ProtectedHandler`` does this itself.
        public var sessionID: String? { content.session?.identifier?.string }

        /// When the body of an event stream (`text/event-stream`) that answers this request must end, in seconds since
        /// 1970; nil when it may run to its end. See ``ResourceServerConfiguration/Streams``.
        ///
        /// ``limitStream(_:_:)-(HTTPFields,_)`` ends a stream then. A ``ProtectedHandler`` does this itself.
        public var streamDeadline: Double? { content.expiry?.deadline(of: content.request, for: principal) }

        /// Completes the head of the handler's response: shared caches must not store it, a page of an allowed origin
        /// may read it, and an `Mcp-Session-Id` in it becomes the caller's or is removed.
        ///
        /// Call it once for every response of the handler, errors included, before the head is sent. Send the fields
        /// that it leaves in `fields`, and no others. A response of a ``ProtectedHandler`` is finished already.
        ///
        /// - Parameters:
        ///   - status: The status of the response.
        ///   - fields: The fields of the response.
        public func finish(status: HTTPStatus, fields: inout HTTPFields) {
            // RFC 6750 §5.3: shared caches must not store the response to a request with a token, unless the handler
            // allows it.
            if !fields.contains(.cacheControl) { fields.append(.cacheControl, Self.noStore) }
            content.crossOrigin?.set(on: &fields)
            // RFC 9449 §8.2. A cache must not give the nonce to other clients: without it, the client gets one later.
            if let nonce = content.nonce, fields[.cacheControl] == Self.noStore { fields.append(.dpopNonce, nonce) }
            let fault = content.session?.finish(
                status: status, fields: &fields, of: principal, content.request.method)
            if let fault { content.observer?(.sessionWithheld(fault, facts)) }
        }

        /// Writes the body of a response, and ends it at ``streamDeadline`` if it is an event stream. In `write`,
        /// ``Principal/current`` is the principal: frameworks write a streamed body after the handler has returned.
        ///
        /// - Parameters:
        ///   - fields: The fields of the response.
        ///   - write: Writes the body. Its task is cancelled at the deadline, and it must return or throw then.
        /// - Throws: `CancellationError` at the deadline. Otherwise the error of `write`.
        public func limitStream(
            _ fields: HTTPFields, _ write: @escaping @Sendable () async throws -> Void
        ) async throws {
            let isInTime = try await principal.asCurrent {
                guard let expiry = content.expiry, let deadline = deadline(for: fields) else {
                    try await write()
                    return true
                }
                return try await expiry.run(until: deadline, write)
            }
            guard !isInTime else { return }
            reportExpiredStream()
            throw CancellationError()
        }

        private func deadline(for fields: HTTPFields) -> Double? {
            let isEventStream = fields.contains(.contentType) { MediaType(bytes: $0) == .eventStream }
            return isEventStream ? streamDeadline : nil
        }

        private func reportExpiredStream() {
            content.observer?(.streamExpired(facts))
        }

        private var facts: ResourceServerEvent.Request { content.request.facts(content.token) }

        /// Completes the response of a ``ProtectedHandler``: its head, its body, and its `principalID` for the access
        /// log.
        func finish(_ response: inout HTTPResponse) {
            finish(status: response.status, fields: &response.fields)
            // Not by the admission: a response that is kept would keep the request.
            if let token = principal.accessToken {
                response.namePrincipal(by: token.naming)
            } else {
                response.principalID = principal.anonymousName
            }
            guard case .stream(let produce) = response.body else { return }
            response.body = .stream(limited(produce, response.fields))
        }

        /// The writing of a streamed body, for the same principal as the handler, which has returned before.
        private func limited(
            _ produce: @escaping @Sendable (HTTPResponse.Body.Writer) async throws -> Void, _ fields: HTTPFields
        ) -> @Sendable (HTTPResponse.Body.Writer) async throws -> Void {
            guard let expiry = content.expiry, let deadline = deadline(for: fields) else {
                return { [principal] writer in
                    try await principal.asCurrent { try await produce(writer) }
                }
            }
            let stream = ExpiringStream(
                expiry: expiry, deadline: deadline, principal: principal, observer: content.observer, facts: facts,
                produce: produce)
            return { writer in try await stream.write(to: writer) }
        }
    }
}
