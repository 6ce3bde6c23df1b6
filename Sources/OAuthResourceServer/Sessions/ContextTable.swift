/// The open requests of ``RequestContexts``. It is a value type: the time is an argument, and the code that shares it
/// must lock it. Every operation has a constant cost on average.
struct ContextTable: Sendable {
    private struct Context {
        let principal: Principal
        let user: SessionOwner
        let end: Duration
    }

    /// Tickets in the order in which they were opened. Closed ones are skipped, and removed from time to time.
    private struct Queue {
        private var tickets: [String] = []
        private var first = 0
        /// How many are open.
        var open = 0

        mutating func append(_ ticket: String, _ contexts: [String: Context]) {
            open += 1
            tickets.append(ticket)
            guard tickets.count > 2 * open + 16 else { return }
            tickets = tickets[first...].filter { contexts[$0] != nil }
            first = 0
        }

        mutating func oldest(_ contexts: [String: Context]) -> String? {
            while first < tickets.count, contexts[tickets[first]] == nil { first += 1 }
            return first < tickets.count ? tickets[first] : nil
        }
    }

    private let capacity: Int
    private let capacityPerUser: Int
    private var contexts: [String: Context] = [:]
    private var all = Queue()
    private var queues: [SessionOwner: Queue] = [:]
    /// The users with one open request, with two, and so on. The last one is not empty.
    private var levels: [Set<SessionOwner>] = []

    init(capacity: Int, capacityPerUser: Int) {
        self.capacity = capacity
        self.capacityPerUser = capacityPerUser
    }

    var count: Int { contexts.count }

    /// Opens a request. Beyond a capacity, closes another one: of this user, or of a user that has the most.
    mutating func open(
        _ ticket: String, for principal: Principal, _ user: SessionOwner, until end: Duration, at now: Duration
    ) {
        // The lifetime is the same for all, so that the oldest one expires first.
        while let oldest = all.oldest(contexts), let context = contexts[oldest], context.end <= now { close(oldest) }
        if queues[user]?.open ?? 0 >= capacityPerUser { closeOldest(of: user) }
        if contexts.count >= capacity, let user = userWithMost() { closeOldest(of: user) }
        contexts[ticket] = Context(principal: principal, user: user, end: end)
        all.append(ticket, contexts)
        queues[user, default: Queue()].append(ticket, contexts)
        let open = queues[user]?.open ?? 1
        if open > 1 { levels[open - 2].remove(user) }
        if open > levels.count { levels.append([]) }
        levels[open - 1].insert(user)
    }

    func principal(for ticket: String, at now: Duration) -> Principal? {
        guard let context = contexts[ticket], now < context.end else { return nil }
        return context.principal
    }

    mutating func close(_ ticket: String) {
        guard let user = contexts.removeValue(forKey: ticket)?.user, let open = queues[user]?.open else { return }
        all.open -= 1
        levels[open - 1].remove(user)
        if open > 1 {
            queues[user]?.open = open - 1
            levels[open - 2].insert(user)
        } else {
            queues[user] = nil
        }
        if levels.last?.isEmpty == true { levels.removeLast() }
    }

    private mutating func closeOldest(of user: SessionOwner) {
        if let oldest = queues[user]?.oldest(contexts) { close(oldest) }
    }

    /// The user of the oldest request if it has the most, otherwise any user that has the most.
    private mutating func userWithMost() -> SessionOwner? {
        guard let most = levels.last else { return nil }
        if let oldest = all.oldest(contexts), let user = contexts[oldest]?.user, most.contains(user) { return user }
        return most.first
    }
}
