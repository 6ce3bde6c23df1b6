/// A table for a terminal. The first column is aligned left, the others right.
struct TextTable {
    private var rows: [[String]]

    init(_ heading: [String]) {
        rows = [heading]
    }

    mutating func append(_ row: [String]) {
        rows.append(row)
    }

    var text: String {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in
            rows.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0
        }
        var lines = rows.map { row in
            zip(row.indices, row).map { column, cell in
                let space = String(repeating: " ", count: widths[column] - cell.count)
                return column == 0 ? cell + space : space + cell
            }.joined(separator: "  ")
        }
        lines.insert(String(repeating: "-", count: widths.reduce(0, +) + 2 * (columns - 1)), at: 1)
        return lines.joined(separator: "\n") + "\n"
    }
}

extension Double {
    /// The number with this many decimals.
    func written(decimals: Int) -> String {
        var scale = 1
        for _ in 0..<decimals { scale *= 10 }
        guard let scaled = Int64(exactly: (self * Double(scale)).rounded()) else { return "-" }
        let whole = scaled.magnitude / UInt64(scale)
        let sign = scaled < 0 ? "-" : ""
        guard decimals > 0 else { return "\(sign)\(whole.grouped)" }
        let fraction = String(scaled.magnitude % UInt64(scale))
        return "\(sign)\(whole.grouped)." + String(repeating: "0", count: decimals - fraction.count) + fraction
    }

    /// The share in percent with one decimal.
    var percent: String { (self * 100).written(decimals: 1) + " %" }
}

extension UInt64 {
    /// The number with its digits in groups of three.
    var grouped: String {
        let digits = Array(String(self))
        return digits.indices.reduce(into: "") { text, index in
            if index > 0, (digits.count - index) % 3 == 0 { text += "," }
            text.append(digits[index])
        }
    }
}
