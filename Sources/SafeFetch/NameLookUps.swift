internal import CSystem
internal import Synchronization
internal import WireFormat

/// Looks host names up, each on a thread of its own: the system's resolver blocks, and nobody can tell it to stop.
///
/// The number of threads is bounded, hung ones included, and a name that is being looked up is not looked up once more:
/// whoever asks meanwhile gets the same answer. A fetch that no longer waits leaves the thread behind until the system
/// gives up.
final class NameLookUps: Sendable {
    /// All addresses of a name; empty when it has none or nobody could say.
    typealias Answer = [AddressPolicy.Address]

    enum Start {
        /// The answer will come.
        case underWay
        /// As many as allowed are under way: ask again when one of them came.
        case full
        /// There is no thread to be had.
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

    /// Looks a name up, unless that is under way; then calls `done` on another thread.
    func start(_ name: String, done: @escaping @Sendable () -> Void) -> Start {
        let isNew: Bool? = state.withLock { state in
            if state.underWay.contains(name) { return false }
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

    /// The answers that came since the last call.
    func takeAnswers() -> [String: Answer] {
        state.withLock { state in
            defer { state.answers = [:] }
            return state.answers
        }
    }

    /// What the thread of one look-up holds.
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

    /// Asks the system's resolver. Blocks, for as long as the system likes.
    static func askSystem(_ name: String) -> Answer {
        let capacity = 64
        var records = [UInt8](repeating: 0, count: capacity * 17)
        let count = unsafe records.withUnsafeMutableBufferPointer { buffer in
            unsafe csystem_look_up(name, buffer.baseAddress, capacity)
        }
        // Each record: the number of bytes, then the address. All or nothing: an address that is not understood could not
        // be judged.
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
