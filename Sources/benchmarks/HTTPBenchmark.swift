import WireFormat

/// Requests per second through SocketHTTP, without and with the guard. Each server is a process of its own. All servers
/// run on one core, and wrk runs on another.
///
/// The servers take turns (A B C A B C …), so that a machine that slows down slows all of them. The tables show medians
/// over the rounds. Only the ratios to the bare handler are reliable.
@MainActor
struct HTTPBenchmark {
    /// The length of one turn in seconds.
    var seconds = 5
    /// The number of turns of each server.
    var rounds = 3
    /// URLs of other servers to measure in the same run, such as a hello-world server of another framework on the first
    /// core.
    var peers: [String] = []

    private static let connections = 64

    /// One server under load.
    private struct Contestant {
        let name: String
        let url: String
        let field: String?
        let expected: Int
        let process: ServerProcess?
        var samples: [Sample] = []
    }

    private struct Sample {
        let requestsPerSecond: Double
        /// The CPU time of all threads per request in microseconds; nil for a server of another framework.
        let cpu: Double?
    }

    func run() throws {
        guard SystemCommand.exists("wrk"), SystemCommand.exists("taskset") else {
            throw SystemCommand.Failure(
                "wrk and taskset are needed and were not found; on Debian: apt-get install wrk util-linux")
        }
        var contestants: [Contestant] = []
        defer { for contestant in contestants { contestant.process?.stop() } }
        for kind in ServedHandler.Kind.measured {
            let process = try ServerProcess(kind, core: 0)
            contestants.append(
                Contestant(
                    name: kind.title, url: "http://127.0.0.1:\(process.port)/mcp",
                    field: process.token.map { "Authorization: Bearer \($0)" }, expected: kind.expectedStatus,
                    process: process))
        }
        for peer in peers {
            contestants.append(Contestant(name: peer, url: peer, field: nil, expected: 200, process: nil))
        }
        for index in contestants.indices { _ = try turn(contestants[index], seconds: 1) }
        for _ in 0..<max(1, rounds) {
            for index in contestants.indices {
                contestants[index].samples.append(try turn(contestants[index], seconds: seconds))
            }
        }
        print(table(contestants))
    }

    private func turn(_ contestant: Contestant, seconds: Int) throws -> Sample {
        var command = "taskset -c 1 wrk -t1 -c\(Self.connections) -d\(seconds)"
        if let field = contestant.field { command += " -H '\(field)'" }
        let before = contestant.process?.cpuSeconds() ?? 0
        let output = try SystemCommand.output(of: command + " '\(contestant.url)'")
        let after = contestant.process?.cpuSeconds() ?? 0
        guard let requests = number(in: output, before: " requests in "), requests > 0 else {
            throw SystemCommand.Failure("\(contestant.name): wrk measured nothing:\n\(output)")
        }
        // Throughput is meaningless if the server answers with errors.
        let others = number(in: output, after: "Non-2xx or 3xx responses: ") ?? 0
        let refused = contestant.expected == 200 ? others : requests - others
        guard refused == 0, !output.contains("Socket errors") else {
            throw SystemCommand.Failure("\(contestant.name): not every answer was \(contestant.expected):\n\(output)")
        }
        let rate = number(in: output, after: "Requests/sec:") ?? 0
        return Sample(
            requestsPerSecond: rate, cpu: contestant.process.map { _ in (after - before) * 1e6 / requests })
    }

    private func table(_ contestants: [Contestant]) -> String {
        let bare = contestants.first.map { median($0.samples.map(\.requestsPerSecond)) } ?? 1
        var table = TextTable(["server, one core", "of bare", "requests/s", "CPU µs/request", "RSS MiB"])
        for contestant in contestants {
            let rate = median(contestant.samples.map(\.requestsPerSecond))
            let cpu = contestant.samples.compactMap(\.cpu)
            table.append([
                contestant.name, (rate / bare).percent, rate.written(decimals: 0),
                cpu.isEmpty ? "-" : median(cpu).written(decimals: 2),
                contestant.process.map { $0.residentMebibytes().written(decimals: 1) } ?? "-",
            ])
        }
        return table.text
            + "wrk -t1 -c\(Self.connections) -d\(seconds), \(rounds) turns each, medians; one event loop each.\n"
    }

    private func number(in text: String, after mark: String) -> Double? {
        text.split(separator: mark, maxSplits: 1).dropFirst().first.flatMap { rest in
            Double(String(rest.drop { $0 == " " }.prefix { $0.isNumber || $0 == "." }))
        }
    }

    private func number(in text: String, before mark: String) -> Double? {
        let parts = text.split(separator: mark, maxSplits: 1)
        guard parts.count == 2, let line = parts[0].split(separator: "\n").last else { return nil }
        return Double(String(line.drop { $0 == " " }))
    }
}
