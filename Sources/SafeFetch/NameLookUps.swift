internal import CSystemCalls
internal import Synchronization
internal import WireFormat

/// Looks up host names, each on its own thread, because the system's resolver blocks and cannot be stopped.
///
/// The number of threads is bounded, and threads that hang count too. While a name is being looked up, a second request
/// for it gets the same answer. A cancelled fetch leaves its thread behind until the system gives up.
final class NameLookUps: Sendable {
    /// All addresses of a name; empty when it has none, or when the resolver failed.
    typealias Answer = [AddressPolicy.Address]

    enum Start {
        /// The look-up is in progress, or its answer can be taken.
        case underWay
        /// The largest number of look-ups is in progress: try again when one of them has ended.
        case full
        /// No thread could be started.
        case unavailable
    }

    private struct State {
        var underWay: Set<String> = []
        var answers: [String: Answer] = [:]
    }

    private let limit: Int
    private let lookUp: @Sendable (String) -> Answer
    private let state = Mutex(State())

    init(limit: Int, lookUp: @escaping @Sendable (String) -> Answer) {
        self.limit = limit
        self.lookUp = lookUp
    }

    /// Starts the look-up of a name, unless one is in progress or its answer waits to be taken. Calls `done` on another
    /// thread when it has ended.
    func start(_ name: String, done: @escaping @Sendable () -> Void) -> Start {
        let isNew: Bool? = state.withLock { state in
            if state.underWay.contains(name) || state.answers[name] != nil { return false }
            guard state.underWay.count < limit else { return nil }
            state.underWay.insert(name)
            return true
        }
        guard let isNew else { return .full }
        guard isNew else { return .underWay }
        let reference = unsafe Unmanaged.passRetained(LookUp(name: name, of: self, done: done))
        let isStarted = unsafe csystem_spawn(
            CurlFetcher.threadName,
            { context in
                guard let context = unsafe context else { return }
                unsafe Unmanaged<LookUp>.fromOpaque(context).takeRetainedValue().run()
            }, reference.toOpaque())
        if isStarted == 1 { return .underWay }
        unsafe reference.release()
        state.withLock { _ = $0.underWay.remove(name) }
        return .unavailable
    }

    /// The answers since the last call.
    func takeAnswers() -> [String: Answer] {
        state.withLock { state in
            defer { state.answers = [:] }
            return state.answers
        }
    }

    /// One look-up. Its thread owns this object.
    private final class LookUp: Sendable {
        private let name: String
        private let lookUps: NameLookUps
        private let done: @Sendable () -> Void

        init(name: String, of lookUps: NameLookUps, done: @escaping @Sendable () -> Void) {
            self.name = name
            self.lookUps = lookUps
            self.done = done
        }

        func run() {
            let answer = lookUps.lookUp(name)
            lookUps.state.withLock { state in
                state.underWay.remove(name)
                state.answers[name] = answer
            }
            done()
        }
    }

    /// Asks the system's resolver. Blocks the thread for an unbounded time.
    static func askSystem(_ name: String) -> Answer {
        let capacity = 64
        var records = [UInt8](repeating: 0, count: capacity * 17)
        let count = unsafe records.withUnsafeMutableBufferPointer { buffer in
            unsafe csystem_look_up(name, buffer.baseAddress, capacity)
        }
        // A record is the number of bytes, then the address. When one record is not understood, all are dropped,
        // because its address could not be judged.
        var answer: Answer = []
        for index in 0..<max(0, Int(count)) {
            let record = records.dropFirst(index * 17).prefix(17)
            guard let length = record.first,
                let address = AddressPolicy.Address(Array(record.dropFirst().prefix(Int(length))))
            else { return [] }
            answer.append(address)
        }
        return answer
    }
}
