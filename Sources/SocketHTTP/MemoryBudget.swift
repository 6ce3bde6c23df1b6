import Synchronization

/// The bytes that a server holds for its connections, counted against ``ServerLimits/memoryBytes``.
///
/// A quarter of the budget is for heads that are not complete, which anyone may send. The rest is for requests that are
/// served: their heads, their content, and the responses that their clients have not taken. So neither kind can take
/// the room of the other.
final class MemoryBudget: Sendable {
    fileprivate let headLimit: Int
    private let serviceLimit: Int
    private let heads = Atomic(0)
    private let service = Atomic(0)

    init(bytes: Int) {
        headLimit = bytes / 4
        serviceLimit = bytes - bytes / 4
    }

    /// The bytes that are held now.
    var heldBytes: Int { heads.load(ordering: .relaxed) &+ service.load(ordering: .relaxed) }

    /// Counts bytes of heads that are not complete. False when the sum is beyond the limit; they are counted also then.
    fileprivate func addHeads(_ bytes: Int) -> Bool {
        heads.wrappingAdd(bytes, ordering: .relaxed).newValue <= headLimit
    }

    /// Counts bytes of requests that are served. False when the sum is beyond the limit; they are counted also then.
    fileprivate func addService(_ bytes: Int) -> Bool {
        service.wrappingAdd(bytes, ordering: .relaxed).newValue <= serviceLimit
    }
}

/// What one connection holds of the ``MemoryBudget``. It gives everything back when it ends.
struct MemoryAccount: ~Copyable {
    private let budget: MemoryBudget
    private var incompleteHead = 0
    private var request = 0
    private var content = 0
    private var unsent = 0

    init(_ budget: MemoryBudget) {
        self.budget = budget
    }

    deinit {
        if incompleteHead != 0 { _ = budget.addHeads(-incompleteHead) }
        let service = request + content + unsent
        if service != 0 { _ = budget.addService(-service) }
    }

    /// Whether an incomplete head of this size could be held if it were the only one.
    func couldHoldHead(_ bytes: Int) -> Bool { bytes <= budget.headLimit }

    /// Sets the bytes that an incomplete head holds. Returns false when incomplete heads hold more than their share;
    /// then the caller must release this one or another. Up to ``ServerLimits/smallHeadBytes`` are always
    /// accepted, so that a client whose head comes in two packets is still served.
    mutating func setIncompleteHead(_ bytes: Int) -> Bool {
        guard bytes != 0 || incompleteHead != 0 else { return true }
        defer { incompleteHead = bytes }
        return budget.addHeads(bytes - incompleteHead) || bytes <= ServerLimits.smallHeadBytes
    }

    /// Sets the bytes that the head of the current request holds, with those that have arrived behind it. False when
    /// the request must be refused, because too many bytes are held; a small one never is.
    mutating func setRequest(_ bytes: Int) -> Bool {
        guard bytes != request else { return true }
        defer { request = bytes }
        return budget.addService(bytes - request) || bytes <= ServerLimits.smallHeadBytes
    }

    /// Adds content that has arrived. False when it must be released, because too many bytes are held.
    mutating func addContent(_ bytes: Int) -> Bool {
        content += bytes
        return budget.addService(bytes)
    }

    /// The reader of the content has released it.
    mutating func releaseContent() {
        guard content != 0 else { return }
        _ = budget.addService(-content)
        content = 0
    }

    /// Adds bytes that wait for the client, or takes them back with a negative number.
    mutating func addUnsent(_ bytes: Int) {
        unsent += bytes
        _ = budget.addService(bytes)
    }
}
