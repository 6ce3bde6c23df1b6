import CBenchmarkLimit
import HTTPMessages
import JOSE
import OAuthResourceServer
import Synchronization
import TokenVerification
import WireFormat

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Measures requests with tokens that are bound to a key (DPoP), in process and on one thread, against the two
/// signature checks that such a request needs in libcrypto; and the store that remembers used proofs.
struct ProofBenchmark {
    let rounds: Int
    let judgements: Judgements

    private let workload: ProofWorkload

    init(rounds: Int, _ judgements: Judgements) throws {
        self.rounds = rounds
        self.judgements = judgements
        workload = try ProofWorkload()
    }

    /// Runs on a thread of the pool. There is no suspension, so that it stays on this thread.
    @concurrent
    func run() async throws {
        try await requests()
        try await proofs()
        try await store()
    }

    // MARK: Requests

    private func requests() async throws {
        let limits = try workload.limits()
        let timings = try await PairedRun([
            .init("limit: the two signature checks in libcrypto alone") { count in
                min(limits.token.verify(LIMIT_KEPT, count), limits.proof.verify(LIMIT_KEPT, count))
            },
            .init("limit: one of them") { limits.proof.verify(LIMIT_KEPT, $0) },
            workload.variant("bare handler", ClosureHandler { _ in .text("Hello, world!") }, workload.bearer()),
            workload.variant("Bearer, remembered token", workload.guarded(.standard), workload.bearer()),
            workload.variant("Bearer, token verified each time", workload.guarded(.off), workload.bearer()),
            workload.variant("DPoP, remembered token", workload.guarded(.standard), workload.bound()),
            workload.variant("DPoP, token verified each time", workload.guarded(.off), workload.bound()),
            workload.variant(
                "DPoP with nonces, token verified each time", workload.guarded(.off, nonces: true),
                workload.bound(nonces: true)),
        ]).measure(rounds: rounds)
        var table = TextTable(["ES256 token and ES256 proof", "of the two checks", "µs", "requests/s"])
        for timing in timings {
            table.append([
                timing.name, (1 / timing.speed).percent, (timing.nanoseconds / 1_000).written(decimals: 2),
                (1_000_000_000 / timing.nanoseconds).written(decimals: 0),
            ])
        }
        print(table.text)
        let ratio = 1 / timings[6].speed
        judgements.add("DPoP-bound request: ≤ 1.15 × its two signature checks", ratio <= 1.15, ratio.percent)
    }

    // MARK: Proofs

    /// The parts of the verification of a proof, and the import of its key, which the verifier saves by keeping keys.
    private func proofs() async throws {
        let bytes = Array(try workload.proof(0).utf8)
        let parse = { try SelfSignedJWT(parsing: bytes, type: "dpop+jwt", algorithms: [.es256], limit: 8_192) }
        let parsed = try parse()
        let key = try parsed.importKey()
        let server = try AbsoluteURL(parsing: TokenWorkload.resource)
        let target = (server: server, value: DPoPTarget(server))
        let timings = try await PairedRun([
            .init("the signature") { count in repeated(count) { (try? parsed.verify(with: key)) != nil } },
            .init("parsing and thumbprint") { count in repeated(count) { (try? parse()) != nil } },
            .init("import of the key") { count in repeated(count) { (try? parsed.importKey()) != nil } },
            .init("target of the request") { count in
                repeated(count) { DPoPTarget(server: target.server, path: "/mcp") == target.value }
            },
        ]).measure(rounds: max(1, rounds / 4))
        var table = TextTable(["a proof of \(bytes.count) bytes", "of the signature", "µs"])
        for timing in timings {
            table.append([
                timing.name, (1 / timing.speed).percent, (timing.nanoseconds / 1_000).written(decimals: 2),
            ])
        }
        print(table.text)
    }

    // MARK: The store

    /// Fills a store with a million identifiers, and goes on at the same number while old ones expire.
    private func store() async throws {
        let live = 1_000_000
        let seconds = ManualSeconds()
        let store = InMemoryReplayStore(
            capacity: 2 * live, clock: MonotonicClock { .milliseconds(seconds.milliseconds) })
        let before = residentBytes()
        // 360 seconds of lifetime at this rate are a million live identifiers.
        let filling = await insert(0..<live, into: store, seconds, perSecond: live / 360)
        let after = residentBytes()
        let steady = await insert(live..<(2 * live), into: store, seconds, perSecond: live / 360)
        var table = TextTable(["in-memory store", "median, ns", "p99, ns", "p99.9, ns", "largest, µs"])
        for (name, times) in [("filling to 1,000,000", filling), ("at 1,000,000 live", steady)] {
            func quantile(_ part: Double) -> Double { times[min(times.count - 1, Int(Double(times.count) * part))] }
            table.append([
                name, quantile(0.5).written(decimals: 0), quantile(0.99).written(decimals: 0),
                quantile(0.999).written(decimals: 0), ((times.last ?? 0) / 1_000).written(decimals: 0),
            ])
        }
        print(table.text)
        let each = Double(after - before) / Double(live)
        let grown = Double(residentBytes() - before) / Double(live)
        print(
            "resident bytes for each live identifier: \(each.written(decimals: 0)) after filling, "
                + "\(grown.written(decimals: 0)) after another million\n")
    }

    /// A clock of the benchmark.
    private final class ManualSeconds: Sendable {
        private let value = Atomic<Int>(0)
        var milliseconds: Int { value.load(ordering: .relaxed) }
        func set(_ milliseconds: Int) { value.store(milliseconds, ordering: .relaxed) }
    }

    /// The times of the insertions in nanoseconds of CPU time, sorted.
    private func insert(
        _ numbers: Range<Int>, into store: InMemoryReplayStore, _ seconds: ManualSeconds, perSecond: Int
    ) async -> [Double] {
        var times: [Double] = []
        times.reserveCapacity(numbers.count)
        for number in numbers {
            seconds.set(number * 1_000 / perSecond)
            let identifier = ReplayIdentifier(.dpopProof, owner: "owner", id: "e1j3V_bKic8-\(number)")
            let start = limit_thread_cpu_time()
            let verdict = try? await store.record(identifier, for: .seconds(360))
            times.append(Double(limit_thread_cpu_time() - start))
            guard verdict == .first else { return [] }
        }
        return times.sorted()
    }

    /// The resident memory of this process; 0 where the system does not tell it.
    private func residentBytes() -> Int {
        guard let file = unsafe fopen("/proc/self/statm", "r") else { return 0 }
        defer { _ = unsafe fclose(file) }
        var text = [CChar](repeating: 0, count: 256)
        guard unsafe fgets(&text, 255, file) != nil else { return 0 }
        let words = text.prefix { $0 != 0 }.split(separator: 0x20)
        let digits = words.count > 1 ? String(decoding: words[1].map { UInt8(bitPattern: $0) }, as: UTF8.self) : ""
        return (Int(digits) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}
