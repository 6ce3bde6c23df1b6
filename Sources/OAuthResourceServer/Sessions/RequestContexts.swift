internal import JOSE
internal import Synchronization
public import TokenVerification
internal import WireFormat

/// The principals of requests that other tasks process. A ticket that travels with the request identifies it.
///
/// A handler that runs outside the task of its request does not see ``Principal/current``. Give such a request a ticket
/// before you pass it on: ``stamp(_:on:)`` writes it into `params._meta` of the JSON-RPC messages. The code that
/// processes the request calls ``principal(for:)`` with the ticket that it finds there. A ticket that the client sent
/// is replaced.
///
/// Close a ticket when its request is over: with the end of the response, also when that is the 202 for a notification.
/// A ticket that is not closed keeps its place until it expires. A user has a limited number of places, all its clients
/// together. Beyond it the user closes only its own tickets.
///
/// ```swift
/// let ticket = contexts.open(for: admission.principal)
/// let body = contexts.stamp(ticket, on: body)
/// ```
public final class RequestContexts: Sendable {
    /// Identifies a request: 128 random bits, valid until ``RequestContexts/close(_:)`` or the end of the lifetime.
    public struct Ticket: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
        fileprivate let text: String

        /// `<ticket>`
        public var description: String { "<ticket>" }
        /// Shows no member.
        public var customMirror: Mirror { Mirror(self, children: []) }
    }

    /// The name of the member of `_meta` that holds the ticket.
    public static let metaName = "oauth-resource-server/request"

    /// The default largest number of open requests.
    public static let defaultCapacity = 10_000
    /// The default largest number of open requests of one user.
    public static let defaultCapacityPerUser = 1_000

    private let table: Mutex<ContextTable>
    private let lifetime: Duration
    private let clock: MonotonicClock

    /// Creates a table without requests.
    ///
    /// - Parameters:
    ///   - capacity: The maximum number of open requests, at least 1. One more closes the oldest of the user that has
    ///     the most.
    ///   - capacityPerUser: The maximum number of open requests of one user, at least 1. A user is a subject of an
    ///     issuer, or a client when the token has no subject. One more closes the oldest of this user.
    ///   - lifetime: After this time a ticket expires; default 3,600 s, must be positive.
    ///   - clock: The clock for the lifetimes.
    public init(
        capacity: Int = defaultCapacity, capacityPerUser: Int = defaultCapacityPerUser,
        lifetime: Duration = .seconds(3_600), clock: MonotonicClock = .system
    ) {
        precondition(capacity > 0 && capacityPerUser > 0, "The capacities must be at least 1.")
        table = Mutex(ContextTable(capacity: capacity, capacityPerUser: capacityPerUser))
        self.lifetime = lifetime
        self.clock = clock
    }

    /// How many requests are open, including expired ones that were not closed.
    var count: Int { table.withLock { $0.count } }

    /// Opens a request for a principal.
    public func open(for principal: Principal) -> Ticket {
        let ticket = Ticket(text: Base64URL.encode(RandomBytes.make(16)))
        let user = SessionOwner(user: principal)
        let now = clock.now()
        table.withLock { $0.open(ticket.text, for: principal, user, until: now + lifetime, at: now) }
        return ticket
    }

    /// The principal of the request with this ticket; nil when the request has ended or the ticket is unknown.
    public func principal(for ticket: String) -> Principal? {
        let now = clock.now()
        return table.withLock { $0.principal(for: ticket, at: now) }
    }

    /// Ends a request. Call it when the response is complete.
    public func close(_ ticket: Ticket) {
        table.withLock { $0.close(ticket.text) }
    }

    /// Writes a ticket into `params._meta` of every JSON-RPC message of a body that has a method.
    ///
    /// - Returns: The body to pass on, encoded from the parsed values; nil when it is not JSON or not JSON-RPC.
    public func stamp(_ ticket: Ticket, on body: [UInt8]) -> [UInt8]? {
        let limits = JSONDocument.Limits(maximumDepth: 64, maximumBytes: body.count)
        guard let value = try? JSONValue(parsing: body, limits: limits) else { return nil }
        switch value {
        case .object(let message):
            return Self.stamped(message, ticket).map { JSONValue.object($0).encoded() }
        case .array(let elements):
            var messages: [JSONValue] = []
            for element in elements {
                guard let message = element.object, let stamped = Self.stamped(message, ticket) else { return nil }
                messages.append(.object(stamped))
            }
            return JSONValue.array(messages).encoded()
        default: return nil
        }
    }

    private static func stamped(_ message: JSONDocument.Object, _ ticket: Ticket) -> JSONDocument.Object? {
        guard message["method"] != nil else { return message }
        var parameters = JSONDocument.Object()
        if let given = message["params"], given != .null {
            // JSON-RPC allows an array as params. MCP does not, and an array has no member for the ticket.
            guard let object = given.object else { return nil }
            parameters = object
        }
        var meta = parameters["_meta"]?.object ?? JSONDocument.Object()
        meta[metaName] = .string(ticket.text)
        parameters["_meta"] = .object(meta)
        var message = message
        message["params"] = .object(parameters)
        return message
    }
}
