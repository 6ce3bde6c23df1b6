import Foundation
import Testing

/// The table of planted faults with the lines of the log that an operator sees: PlantedFaults.txt.
///
/// With a path in the environment variable `FAULT_TABLE_TO_WRITE`, the checks write the table as it is now to this
/// file.
enum FaultTable {
    /// The lines of each fault, by its name.
    private static let expected: [String: [String]] = {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "PlantedFaults.txt")
        let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        var table: [String: [String]] = [:]
        var name = ""
        for line in text.split(separator: "\n") {
            if line.hasPrefix("# ") {
                name = String(line.dropFirst(2))
            } else {
                table[name, default: []].append(String(line))
            }
        }
        return table
    }()

    /// Compares lines with those of the table. Every line must have a hint, or come from the start of a program, and no
    /// line may hold a token or a claim.
    static func check(
        _ name: String, _ lines: [String], sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(lines == expected[name] ?? [], "\(name)", sourceLocation: sourceLocation)
        for secret in ["eyJ", "test-user", "test-client", "other.example/mcp", "tenant-b", "login.other", "8xLOx"] {
            #expect(
                !lines.contains { $0.contains(secret) && !$0.contains(" token_") }, "\(name)",
                sourceLocation: sourceLocation)
        }
        guard let path = ProcessInfo.processInfo.environment["FAULT_TABLE_TO_WRITE"] else { return }
        let old = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        let new = old + "# \(name)\n" + lines.map { $0 + "\n" }.joined() + "\n"
        try? new.write(toFile: path, atomically: true, encoding: .utf8)
    }
}
