internal import Synchronization

/// A number that no other call of ``init()`` in this process returns.
struct UniqueNumber: Sendable, Hashable {
    private let value: UInt64
    private static let last = Atomic<UInt64>(0)

    init() {
        value = Self.last.wrappingAdd(1, ordering: .relaxed).newValue
    }
}
