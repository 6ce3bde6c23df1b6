import WireFormat

/// `explain`: what a code of a log line, a metric, a finding or a configuration fault means, and what to do.
struct ExplainCommand {
    private let code: String?

    /// Parses the arguments after `explain`.
    init(_ arguments: [String]) throws(CommandFault) {
        let list = ArgumentList(arguments, flags: [], operandCount: 1)
        guard list.faults.isEmpty else { throw CommandFault(list.faults) }
        // People copy `reason=aud_mismatch` from a line.
        code = list.operands.first.map { operand in
            operand.utf8.starts(with: "reason=".utf8)
                ? String(decoding: operand.utf8.dropFirst("reason=".utf8.count), as: UTF8.self) : operand
        }
    }

    func run(in environment: CommandEnvironment) throws(CommandFault) -> Outcome {
        guard let code else { return Outcome(output: Self.list) }
        guard let explanation = CodeExplanation.of(code) ?? CodeExplanation.of(Self.spelledAsCode(code)) else {
            let similar = CodeExplanation.similar(to: code)
            let hint = similar.isEmpty ? "" : "; there are \(similar.prefix(10).joined(separator: ", "))"
            throw CommandFault("\(DisplayText.line(code)) is not a code of this program\(hint)")
        }
        let paint = environment.paint
        return Outcome(
            output: "\(paint.heading(explanation.code))\n  \(explanation.meaning)\n  To mend it: \(explanation.fix)\n")
    }

    /// Codes are in lower case, and have underscores where people often write hyphens.
    private static func spelledAsCode(_ text: String) -> String {
        let bytes = text.utf8.map { $0 == UInt8(ascii: "-") ? UInt8(ascii: "_") : ASCII.lowercased($0) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// All codes, one line each.
    private static var list: String {
        CodeExplanation.table.sorted { $0.code < $1.code }.map { "\($0.code)  \($0.meaning)\n" }.joined()
    }
}
