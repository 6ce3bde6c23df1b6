/// Counts the instructions of the hot paths with valgrind, and compares them with the figures that the repository
/// keeps.
///
/// **Counts** the instructions of the library, the Swift runtime and the C library, with allocations. **Does not
/// count** libcrypto: its instructions depend on the processor and on the version of OpenSSL.
///
/// Times depend on the machine and on its other work. Instruction counts of one build differ by less than one percent
/// between two runs, so that a growth of two percent is a change of the program.
struct InstructionCheck {
    /// The growth of a hot path that is still accepted.
    static let tolerance = 0.02
    /// How many times each hot path runs.
    private static let runs = 200

    /// The instructions of one run of a hot path.
    private struct Count {
        let name: String
        let good: String?
        /// Without libcrypto.
        let instructions: Int
        let withLibcrypto: Int
    }

    /// In the order of ``HotPath/all()``.
    private let counts: [Count]

    /// Runs this program under valgrind.
    init() throws {
        guard SystemCommand.exists("valgrind") else {
            throw SystemCommand.Failure("valgrind is needed and was not found; on Debian: apt-get install valgrind")
        }
        let folder = try SystemCommand.output(of: "mktemp -d").filter { $0 != "\n" }
        defer { _ = try? SystemCommand.output(of: "rm -rf '\(folder)'") }
        // Valgrind 3.19 does not read Swift's debug sections. A fixed seed makes Swift's hash tables repeatable.
        let output = try SystemCommand.output(
            of: """
                strip -g -o '\(folder)/program' '\(CommandLine.arguments[0])' && \
                SWIFT_DETERMINISTIC_HASHING=1 valgrind --tool=callgrind --dump-before=limit_mark \
                --callgrind-out-file='\(folder)/profile' '\(folder)/program' hot-paths \(Self.runs) 2>'\(folder)/log' \
                || tail -n 5 '\(folder)/log'
                """)
        var counts: [Count] = []
        for line in output.split(separator: "\n") {
            let names = line.split(separator: " ").map(String.init)
            // The part before the first mark is the start of the program. Between two paths there is a part too.
            let part = 2 * counts.count + 2
            var profile = CallgrindProfile()
            let file = try SystemCommand("cat '\(folder)/profile.\(part)'")
            while let line = file.readLine() { profile.read(line.last == "\n" ? String(line.dropLast()) : line) }
            guard profile.instructions > 0 else { throw SystemCommand.Failure("valgrind measured nothing:\n\(output)") }
            counts.append(
                Count(
                    name: names.first ?? "", good: names.count > 1 ? names[1] : nil,
                    instructions: profile.instructionsWithoutLibcrypto / Self.runs,
                    withLibcrypto: profile.instructions / Self.runs))
        }
        self.counts = counts
    }

    /// The counts in the form of the file of figures.
    var figures: String { counts.map { "\($0.name) \($0.instructions)\n" }.joined() }

    /// Compares each refused token with a good one of its size, libcrypto included, and prints a table. Returns whether
    /// no refusal costs more.
    func compareRefusals() -> Bool {
        var table = TextTable(["refused ES256 tokens, all instructions", "now", "of a good one of its size", ""])
        var isGood = true
        for count in counts {
            guard let good = counts.first(where: { $0.name == count.good }) else { continue }
            let ratio = Double(count.withLibcrypto) / Double(max(1, good.withLibcrypto))
            let isDearer = ratio > 1 + Self.tolerance
            if isDearer { isGood = false }
            table.append([
                count.name, UInt64(count.withLibcrypto).grouped, ratio.percent, isDearer ? "DEARER" : "",
            ])
        }
        print(table.text)
        return isGood
    }

    /// Compares the counts with figures and prints a table. Returns whether no hot path has grown too much, and the
    /// figures name the same hot paths.
    func compare(with figures: String) -> Bool {
        var kept: [String: Int] = [:]
        for line in figures.split(separator: "\n") where !line.hasPrefix("#") {
            let words = line.split(separator: " ")
            if words.count == 2 { kept[String(words[0])] = Int(words[1]) }
        }
        var table = TextTable(["instructions without libcrypto", "kept", "now", "change", ""])
        var isGood = true
        for count in counts {
            let now = UInt64(count.instructions).grouped
            guard let before = kept.removeValue(forKey: count.name) else {
                table.append([count.name, "-", now, "", "no figure is kept"])
                isGood = false
                continue
            }
            let growth = Double(count.instructions - before) / Double(max(1, before))
            let hasGrown = growth > Self.tolerance
            if hasGrown { isGood = false }
            table.append([count.name, UInt64(before).grouped, now, growth.percent, hasGrown ? "GREW" : ""])
        }
        for name in kept.keys.sorted() {
            table.append([name, "", "-", "", "is not measured"])
            isGood = false
        }
        print(table.text)
        return isGood
    }
}
