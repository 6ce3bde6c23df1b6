import JOSE
import WireFormat

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The program. It prints tables and does not judge the results.
@main
@MainActor
enum Benchmarks {
    static let help = """
        Usage: swift run -c release benchmarks COMMAND

        jose [--rounds N]      Verification of RS256 and ES256 tokens against libcrypto alone. The variants take turns
                               every 2 ms, CPU time of one thread, medians over N rounds (200). Ratios are to be
                               believed, nanoseconds belong to the machine and the minute.
        jose --once KIND N     Verifies N tokens and measures nothing. KIND is rs256, es256, or one of them followed by
                               the name of a refused token, such as "rs256 bad signature".
        guard [--rounds N]     What the guard adds to a handler in process: remembered, verified and static tokens, no
                               token, and 1 to 100 issuers. Measured like jose.
        dpop [--rounds N]      Requests with bound tokens and their proofs, against two signature checks in libcrypto,
                               and the store of used proofs at a million entries. Measured like jose.
        goals [--rounds N]     These three, and a table of the goals with the measured figures.
        --check [FIGURES]      Counts the instructions of the hot paths with valgrind. Compares them with a file of
                               figures, and fails when one has grown by more than 2 %, or when a refused token costs
                               more than a good one of its size. Without a file, prints the figures in its form. See
                               Tests/Performance/run.
        hot-path NAME N        Runs one of these paths N times and measures nothing: for a profiler such as perf.
        http [--seconds N] [--rounds N] [--peer URL]…
                               Requests a second through SocketHTTP: the bare handler, and the guard without a token,
                               with a cached one, and with one that is verified each time. A process each on the first
                               core, wrk on the second, in turns of N seconds (5), N turns each (3). A peer is another
                               server to measure in the same run.
        replay-store [--rounds N] [--calls N] [--url URL]…
                               Calls a second and their times for recording identifiers, with 1 to 256 calls in flight:
                               in memory, and on the Valkey or Redis servers at the URLs. Medians over N rounds (5) of
                               N calls (20,000).
        serve KIND [LOOPS]     One of those servers, on a free port of 127.0.0.1: bare, unauthorized, cached, es256,
                               rs256; or laboratory, for the load tests. Prints the port, and the token to send.
        callgrind N            Reads a profile of `jose --once KIND N` on standard input and prints instructions per
                               token. Repeatable where time is too noisy:

            strip -g -o /tmp/benchmarks .build/release/benchmarks   # valgrind 3.19 stumbles over Swift's debug sections
            valgrind --tool=callgrind --callgrind-out-file=/tmp/profile --toggle-collect='*verifyTokens*' \\
                /tmp/benchmarks jose --once rs256 1000
            /tmp/benchmarks callgrind 1000 < /tmp/profile

                               libcrypto takes other paths there than on the real processor (no SHA extensions); the
                               instructions of this library are the same.

        """

    static func main() async {
        var arguments = CommandLine.arguments.dropFirst()
        do {
            switch arguments.popFirst() {
            case "jose": try await jose(Array(arguments))
            case "guard": try await guarding(Array(arguments))
            case "dpop": try await proofs(Array(arguments))
            case "goals": try await goals(Array(arguments))
            case "--check": try check(Array(arguments))
            case "hot-paths": try hotPaths(Array(arguments))
            case "hot-path": try await hotPath(Array(arguments))
            case "http": try http(Array(arguments))
            case "replay-store": try await replayStore(Array(arguments))
            case "serve": try await serve(Array(arguments))
            case "callgrind": try callgrind(Array(arguments))
            case "--help", "-h", nil: print(help)
            case let other?: throw UsageError(fault: "unknown command \(other)")
            }
        } catch let error as UsageError {
            print("benchmarks: \(error.fault)\n\n\(help)")
            exit(2)
        } catch {
            print("benchmarks: \(error)")
            exit(1)
        }
    }

    private struct UsageError: Error {
        let fault: String
    }

    private static func jose(_ arguments: [String]) async throws {
        if arguments.first == "--once", arguments.count == 3 {
            return try once(arguments[1], number(arguments[2]))
        }
        let judgements = Judgements()
        try await JOSEBenchmark(rounds: rounds(arguments), judgements).run()
        print(judgements.table)
    }

    private static func guarding(_ arguments: [String]) async throws {
        let judgements = Judgements()
        try await GuardBenchmark(rounds: rounds(arguments), judgements).run()
        print(judgements.table)
    }

    private static func goals(_ arguments: [String]) async throws {
        let judgements = Judgements()
        try await JOSEBenchmark(rounds: rounds(arguments), judgements).run()
        try await GuardBenchmark(rounds: rounds(arguments), judgements).run()
        try await ProofBenchmark(rounds: rounds(arguments), judgements).run()
        print(judgements.table)
    }

    /// The value of `--rounds`; 200 without it.
    private static func rounds(_ arguments: [String]) throws -> Int {
        if arguments.isEmpty { return 200 }
        guard arguments.count == 2, arguments[0] == "--rounds" else {
            throw UsageError(fault: "the only argument is --rounds N")
        }
        return try number(arguments[1])
    }

    private static func check(_ arguments: [String]) throws {
        guard arguments.count <= 1 else { throw UsageError(fault: "--check takes one file") }
        let check = try InstructionCheck()
        guard let file = arguments.first else { return print(check.figures, terminator: "") }
        guard !file.utf8.contains(UInt8(ascii: "'")) else {
            throw UsageError(fault: "the name of the file has a quote")
        }
        let isAsBefore = check.compare(with: try SystemCommand.output(of: "cat '\(file)'"))
        guard check.compareRefusals(), isAsBefore else {
            throw SystemCommand.Failure("a hot path costs more than it may, see Tests/Performance/run")
        }
    }

    /// What `--check` runs under valgrind.
    private static func hotPaths(_ arguments: [String]) throws {
        guard arguments.count == 1 else { throw UsageError(fault: "hot-paths takes a number") }
        let count = try number(arguments[0])
        try MainThreadExecutor.run { try await HotPath.runAll(count: count) }
    }

    /// Off the main actor, as in a server: a path with a suspension would change threads for each run.
    @concurrent
    nonisolated private static func hotPath(_ arguments: [String]) async throws {
        let paths = try await HotPath.all()
        guard arguments.count == 2, let path = paths.first(where: { $0.name == arguments[0] }) else {
            throw UsageError(fault: "hot-path takes a number and one of: \(paths.map(\.name).joined(separator: ", "))")
        }
        let count = try number(arguments[1])
        print("\(await path.run(count)) of \(count) as expected")
    }

    private static func http(_ arguments: [String]) throws {
        var benchmark = HTTPBenchmark()
        var rest = arguments[...]
        while let flag = rest.popFirst() {
            guard let value = rest.popFirst() else { throw UsageError(fault: "\(flag) needs a value") }
            switch flag {
            case "--seconds": benchmark.seconds = try number(value)
            case "--rounds": benchmark.rounds = try number(value)
            case "--peer":
                // The URL becomes a quoted word of a shell command.
                guard (try? AbsoluteURL(parsing: value)) != nil, !value.utf8.contains(UInt8(ascii: "'")) else {
                    throw UsageError(fault: "--peer must be an absolute URL")
                }
                benchmark.peers.append(value)
            default: throw UsageError(fault: "http knows no \(flag)")
            }
        }
        try benchmark.run()
    }

    private static func replayStore(_ arguments: [String]) async throws {
        var benchmark = ReplayStoreBenchmark()
        var rest = arguments[...]
        while let flag = rest.popFirst() {
            guard let value = rest.popFirst() else { throw UsageError(fault: "\(flag) needs a value") }
            switch flag {
            case "--rounds": benchmark.rounds = try number(value)
            case "--calls": benchmark.calls = try number(value)
            case "--url": benchmark.urls.append(value)
            default: throw UsageError(fault: "replay-store knows no \(flag)")
            }
        }
        try await benchmark.run()
    }

    private static func serve(_ arguments: [String]) async throws {
        guard let kind = arguments.first.flatMap(ServedHandler.Kind.init(rawValue:)), arguments.count <= 2 else {
            throw UsageError(fault: "serve takes one of: \(ServedHandler.Kind.allCases.map(\.rawValue))")
        }
        try await ServedHandler(kind: kind, loops: arguments.count == 2 ? number(arguments[1]) : nil).run()
    }

    private static func proofs(_ arguments: [String]) async throws {
        let judgements = Judgements()
        try await ProofBenchmark(rounds: rounds(arguments), judgements).run()
        print(judgements.table)
    }

    private static func once(_ kind: String, _ count: Int) throws {
        let words = kind.split(separator: " ", maxSplits: 1)
        guard let algorithm = SignatureAlgorithm.all.first(where: { ASCII.lowercased($0.name) == words.first ?? "" })
        else { throw UsageError(fault: "no such kind of token") }
        let mint = try TokenMint(algorithm)
        let workload = try words.count == 1 ? mint.good() : mint.refused().first { $0.name == words[1] }
        guard let workload else { throw UsageError(fault: "no such kind of refused token") }
        let right = workload.verifyTokens(count)
        print("\(right) of \(count) as expected")
    }

    private static func callgrind(_ arguments: [String]) throws {
        guard arguments.count == 1 else { throw UsageError(fault: "callgrind takes a number") }
        let tokens = try number(arguments[0])
        var profile = CallgrindProfile()
        while let line = readLine() { profile.read(line) }
        print(profile.table(tokens: tokens))
    }

    nonisolated private static func number(_ text: String) throws -> Int {
        guard let number = Int(text), number > 0 else { throw UsageError(fault: "\(text) is no number of times") }
        return number
    }
}
