/// Text that is safe as the content of an HTML element and as a quoted attribute.
struct HTMLText: ExpressibleByStringInterpolation, Sendable {
    let html: String

    /// A literal of the program is HTML.
    init(stringLiteral html: String) {
        self.html = html
    }

    /// In a literal of the program, an inserted `String` is text and is escaped; an inserted ``HTMLText`` is HTML.
    init(stringInterpolation: Parts) {
        html = stringInterpolation.html
    }

    /// Parts that stand one after another.
    init(_ parts: [HTMLText]) {
        html = parts.map(\.html).joined()
    }

    struct Parts: StringInterpolationProtocol {
        var html = ""

        init(literalCapacity: Int, interpolationCount: Int) {
            html.reserveCapacity(literalCapacity)
        }

        mutating func appendLiteral(_ literal: String) { html += literal }
        mutating func appendInterpolation(_ inner: HTMLText) { html += inner.html }
        mutating func appendInterpolation(_ text: String) {
            for scalar in text.unicodeScalars {
                switch scalar {
                case "&": html += "&amp;"
                case "<": html += "&lt;"
                case ">": html += "&gt;"
                case "\"": html += "&quot;"
                case "'": html += "&#39;"
                default: html.unicodeScalars.append(scalar)
                }
            }
        }
    }
}
