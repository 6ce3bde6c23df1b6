public import OAuthResourceServer
internal import Synchronization
public import TokenVerification

/// The events of a guard, so that a test asserts why a request was refused, and not only that it was.
///
/// ```swift
/// let events = EventRecorder()
/// let server = try ResourceServer(testing: issuer, events: events).protecting(handler)
/// _ = try await server.post("/mcp", token: issuer.token(audience: "https://other.example"))
/// #expect(events.reasons == ["aud_mismatch"])
/// ```
///
/// A guard that was made in another way takes ``observe(_:)-(ResourceServerEvent)`` as its observer. Any number of
/// tasks may use one recorder.
public final class EventRecorder: Sendable {
    /// The name of an event and its reason, which can be compared. Both are stable codes.
    public struct Event: Sendable, Hashable, CustomStringConvertible {
        /// The name, such as `denied` or `key_refresh_failed`.
        public let name: String
        /// The reason, such as `aud_mismatch`; nil when the name says all.
        public let reason: String?

        /// An event of any name.
        public init(_ name: String, reason: String? = nil) {
            self.name = name
            self.reason = reason
        }

        /// A request was let through to the handler.
        public static let allowed = Event("allowed")

        /// A request was refused with this reason.
        public static func denied(_ reason: String) -> Event { Event("denied", reason: reason) }

        /// In shadow mode, a request was let through that would have been refused with this reason.
        public static func wouldDeny(_ reason: String) -> Event { Event("would_deny", reason: reason) }

        /// The name and the reason, as a log shows them.
        public var description: String { reason.map { "\(name) reason=\($0)" } ?? name }
    }

    private let events = Mutex<[ResourceServerEvent]>([])
    private let next: ResourceServerEvent.Observer?

    /// Makes a recorder.
    ///
    /// - Parameter next: Receives every event too: `LineLogger.standardError.observe` shows what happens in a test.
    public init(next: ResourceServerEvent.Observer? = nil) {
        self.next = next
    }

    /// Records an event. This is an observer of a guard.
    public func observe(_ event: ResourceServerEvent) {
        events.withLock { $0.append(event) }
        next?(event)
    }

    /// Records an event of a verifier or a key source that has no guard.
    public func observe(_ event: TokenVerificationEvent) {
        observe(.verification(event))
    }

    /// Every event in order, with everything that it says.
    public var recorded: [ResourceServerEvent] { events.withLock { $0 } }

    /// The name and reason of every event, in order.
    public var all: [Event] { recorded.map { Event($0.name, reason: $0.reason) } }

    /// Why requests were refused, or would have been in shadow mode, in order.
    public var refusals: [ResourceServer.Refusal] {
        recorded.compactMap { event in
            switch event {
            case .denied(let refusal, _), .wouldDeny(let refusal, _): refusal
            default: nil
            }
        }
    }

    /// The codes of ``refusals``.
    public var reasons: [String] { refusals.map(\.code) }

    /// Forgets all events.
    public func removeAll() {
        events.withLock { $0 = [] }
    }
}
