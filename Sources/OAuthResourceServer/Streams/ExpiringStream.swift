internal import HTTPMessages

/// An event stream that ends with its token.
///
/// It may live for hours, so it keeps only what it needs. It is a class, so that the task that writes it keeps one
/// reference.
final class ExpiringStream: Sendable {
    private let expiry: StreamExpiry
    private let deadline: Double
    private let principal: Principal
    private let observer: ResourceServerEvent.Observer?
    /// The facts of the request, for the event.
    private let facts: ResourceServerEvent.Request
    private let produce: @Sendable (HTTPResponse.Body.Writer) async throws -> Void

    init(
        expiry: StreamExpiry, deadline: Double, principal: Principal, observer: ResourceServerEvent.Observer?,
        facts: ResourceServerEvent.Request, produce: @escaping @Sendable (HTTPResponse.Body.Writer) async throws -> Void
    ) {
        self.expiry = expiry
        self.deadline = deadline
        self.principal = principal
        self.observer = observer
        self.facts = facts
        self.produce = produce
    }

    /// Writes the body, for the same principal as the handler, which has returned before. A stream that is late ends as
    /// if the handler had ended it.
    func write(to writer: HTTPResponse.Body.Writer) async throws {
        let isInTime = try await expiry.run(until: deadline) { [self] in
            try await principal.asCurrent { try await produce(expiry.limited(writer, until: deadline)) }
        }
        if !isInTime { reportEnd() }
    }

    /// Not inlined, because its variables would enlarge what every waiting stream keeps.
    @inline(never)
    private func reportEnd() {
        observer?(.streamExpired(facts))
    }
}
