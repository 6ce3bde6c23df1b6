import JOSE
import WireFormat

/// `jwks inspect`: prints a table of the keys of a set, and why some of them are unusable.
struct KeySetInspection {
    private let locator: KeyLocator

    /// Parses the arguments after `jwks inspect`.
    init(_ arguments: [String]) throws(CommandFault) {
        var list = ArgumentList(arguments, flags: [], operandCount: 1)
        let locator = list.operands.first.flatMap(KeyLocator.init)
        if list.operands.isEmpty {
            list.faults.append("the key set is missing: name a file, a URL, or - for standard input")
        } else if locator == nil {
            list.faults.append("the key set must be \(KeyLocator.expected)")
        }
        guard list.faults.isEmpty, let locator else { throw CommandFault(list.faults) }
        self.locator = locator
    }

    func run(in environment: CommandEnvironment) async throws(CommandFault) -> Outcome {
        let document = try KeyDocument(parsing: await locator.read(in: environment), issuer: "")
        let usable = document.keys.keys.count
        let total = document.entries.count
        var output = Self.table(document.entries, environment.paint)
        output += "\n\(total) \(total == 1 ? "key" : "keys"), \(usable) usable\n"
        for keyID in document.repeatedKeyIDs { output += "several keys have the kid \(DisplayText.escaped(keyID))\n" }
        return Outcome(status: usable > 0 ? .good : .refused, output: output)
    }

    private static func table(_ entries: [KeyDocument.Entry], _ paint: Paint) -> String {
        var rows = [["#", "kid", "type", "alg", "use", "thumbprint (SHA-256)", "usable"]]
        for entry in entries {
            var thumbprint = "-"
            var verdict = "yes"
            switch entry.outcome {
            case .success(let key): thumbprint = key.thumbprint
            case .failure(let defect): verdict = "no: \(defect.rawValue): \(defect.explanation)"
            }
            let texts = [entry.keyID, entry.type, entry.algorithm, entry.use].map { $0.map(DisplayText.escaped) ?? "-" }
            rows.append(["\(entry.index)"] + texts + [thumbprint, verdict])
        }
        let widths = rows[0].indices.map { column in rows.map { $0[column].unicodeScalars.count }.max() ?? 0 }
        var text = ""
        for (number, row) in rows.enumerated() {
            let cells = zip(row, widths).map { cell, width in
                cell + String(repeating: " ", count: width - cell.unicodeScalars.count)
            }
            let front = cells.dropLast().joined(separator: "  ") + "  "
            let verdict = row.last ?? ""
            if number == 0 {
                text += paint.heading(front + verdict)
            } else {
                text += front + (verdict == "yes" ? paint.good(verdict) : paint.bad(verdict))
            }
            text += "\n"
        }
        return text
    }
}
