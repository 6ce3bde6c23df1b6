import JOSE
import WireFormat

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The program: prints tables, decides nothing.
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
        switch arguments.first {
        case nil: try await JOSEBenchmark(rounds: 200).run()
        case "--rounds" where arguments.count == 2:
            try await JOSEBenchmark(rounds: number(arguments[1])).run()
        case "--once" where arguments.count == 3:
            try once(arguments[1], number(arguments[2]))
        default: throw UsageError(fault: "jose takes no such arguments")
        }
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

    private static func number(_ text: String) throws -> Int {
        guard let number = Int(text), number > 0 else { throw UsageError(fault: "\(text) is no number of times") }
        return number
    }
}
