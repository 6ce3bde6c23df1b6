internal import CSystemCalls
internal import Synchronization

/// Looks up one host name, on a thread of its own, because the system's resolver blocks and cannot be stopped. There is
/// at most one look-up at a time: one that hangs leaves one thread behind.
final class HostLookUp: Sendable {
    private struct State {
        var isUnderWay = false
        var answer: [[UInt8]]?
    }

    private let name: String
    private let lookUp: @Sendable (String) -> [[UInt8]]
    private let state = Mutex(State())

    init(_ name: String, lookUp: @escaping @Sendable (String) -> [[UInt8]] = HostLookUp.askSystem) {
        self.name = name
        self.lookUp = lookUp
    }

    /// Starts a look-up, unless one is in progress, and calls `done` on another thread when it has ended. False when
    /// there is no thread.
    func start(done: @escaping @Sendable () -> Void) -> Bool {
        let isNew = state.withLock { state in
            defer { state.isUnderWay = true }
            return !state.isUnderWay
        }
        guard isNew else { return true }
        let isStarted = StoreThread.start { [self] in
            let addresses = lookUp(name)
            state.withLock { $0 = State(answer: addresses) }
            done()
        }
        if !isStarted { state.withLock { $0.isUnderWay = false } }
        return isStarted
    }

    /// The answer of the last look-up; nil when there is none since the last call. Empty when the name has no address.
    func takeAnswer() -> [[UInt8]]? {
        state.withLock { state in
            defer { state.answer = nil }
            return state.answer
        }
    }

    /// Asks the system's resolver. Blocks the thread for an unbounded time.
    static func askSystem(_ name: String) -> [[UInt8]] {
        let capacity = 64
        var records = [UInt8](repeating: 0, count: capacity * 17)
        let count = unsafe records.withUnsafeMutableBufferPointer { buffer in
            unsafe csystem_look_up(name, buffer.baseAddress, capacity)
        }
        // A record is the number of bytes, then the address.
        return (0..<max(0, Int(count))).map { index in
            let record = records.dropFirst(index * 17).prefix(17)
            return Array(record.dropFirst().prefix(Int(record.first ?? 0)))
        }
    }
}
