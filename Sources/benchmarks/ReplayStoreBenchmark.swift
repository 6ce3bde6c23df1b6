import TokenVerification
import ValkeyReplayStore

/// What it costs to record an identifier: in the process's memory, and on a server. The stores take turns; the table
/// shows medians over the rounds. Every identifier is new.
@MainActor
struct ReplayStoreBenchmark {
    /// The servers' URLs.
    var urls: [String] = []
    var rounds = 5
    /// The calls of one turn.
    var calls = 20_000

    private static let concurrencies = [1, 16, 64, 256]

    private struct Sample {
        let perSecond: Double
        let median: Duration
        let p99: Duration
    }

    func run() async throws {
        var stores: [(name: String, store: any ReplayStore)] = [
            ("in memory", InMemoryReplayStore(capacity: InMemoryReplayStore.capacities.upperBound))
        ]
        for url in urls {
            let store = try ValkeyReplayStore(url) { print($0) }
            guard await store.connect() == .healthy else { throw SystemCommand.Failure("a server cannot be used") }
            stores.append((url.split(separator: ":").first.map(String.init) ?? url, store))
        }
        var table = TextTable(["store", "in flight", "calls/s", "median µs", "p99 µs"])
        var owner = 0
        for concurrency in Self.concurrencies {
            var samples = stores.map { _ in [Sample]() }
            for _ in 0..<max(1, rounds) {
                for index in stores.indices {
                    owner += 1
                    samples[index].append(
                        try await turn(stores[index].store, owner: "\(owner)", concurrency: concurrency))
                }
            }
            for (index, samples) in samples.enumerated() {
                let middle = samples.count / 2
                table.append([
                    stores[index].name, "\(concurrency)",
                    samples.map(\.perSecond).sorted()[middle].written(decimals: 0),
                    samples.map(\.median).sorted()[middle].microseconds,
                    samples.map(\.p99).sorted()[middle].microseconds,
                ])
            }
        }
        print(table.text)
    }

    private func turn(_ store: any ReplayStore, owner: String, concurrency: Int) async throws -> Sample {
        // Each process has identifiers of its own, so that a server can be used again.
        let owner = owner + String(UInt64.random(in: .min ... .max), radix: 16)
        let each = max(1, calls / concurrency)
        let clock = ContinuousClock()
        let start = clock.now
        let times = try await withThrowingTaskGroup(of: [Duration].self) { group in
            for task in 0..<concurrency {
                group.addTask {
                    var times: [Duration] = []
                    for call in 0..<each {
                        let identifier = ReplayIdentifier(.dpopProof, owner: owner, id: "\(task) \(call)")
                        let begin = clock.now
                        guard try await store.record(identifier, for: .seconds(300)) == .first else {
                            throw SystemCommand.Failure("a new identifier counts as replayed")
                        }
                        times.append(begin.duration(to: clock.now))
                    }
                    return times
                }
            }
            var all: [Duration] = []
            for try await times in group { all += times }
            return all.sorted()
        }
        let elapsed = start.duration(to: clock.now)
        return Sample(
            perSecond: Double(times.count) / (elapsed / .seconds(1)), median: times[times.count / 2],
            p99: times[times.count * 99 / 100])
    }
}

extension Duration {
    fileprivate var microseconds: String { (self / .microseconds(1)).written(decimals: 1) }
}
