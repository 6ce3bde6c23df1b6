import SocketHTTP

/// A strict and slow parser for RFC 9112 requests that reads line by line. It shares no code with the parser that it
/// checks.
struct ReferenceRequest {
    enum Reading {
        /// The head is not complete.
        case incomplete
        case refused
        case head(ReferenceRequest)
    }

    enum Content: Equatable {
        case incomplete
        case refused
        /// The content, and the bytes after the request.
        case whole([UInt8], rest: [UInt8])
    }

    let method: [UInt8]
    let target: [UInt8]
    let fields: [(name: [UInt8], value: [UInt8])]
    let isHTTP10: Bool
    let persists: Bool
    let expectsContinue: Bool
    let content: Content

    /// Whether the target is in absolute form. The library accepts fewer absolute URIs than RFC 3986.
    var isAbsolute: Bool { target.first != 0x2F && target.first != 0x2A }

    /// The expected answer of a handler that shows the whole request.
    func echo(_ content: [UInt8]) -> [UInt8] {
        var text = method + [0x20] + target + [0x0A]
        for field in fields { text += field.name + [0x3A, 0x20] + field.value + [0x0A] }
        return text + [0x0A] + content
    }

    static func read(_ input: [UInt8], _ limits: ServerLimits) -> Reading {
        var rest = input[...]
        if rest.starts(with: [0x0D, 0x0A]) { rest = rest.dropFirst(2) }
        var lines: [[UInt8]] = []
        while true {
            guard let end = rest.firstIndex(of: 0x0A) else { return .incomplete }
            let line = rest[..<end]
            rest = rest[end...].dropFirst()
            guard line.last == 0x0D, isText(line.dropLast()) else { return .refused }
            if line.count == 1 { break }
            lines.append(Array(line.dropLast()))
        }
        guard let first = lines.first, first.count <= limits.requestLineBytes else { return .refused }
        lines.removeFirst()
        guard lines.count <= limits.fieldCount,
            lines.reduce(0, { $0 + $1.count + 2 }) <= limits.fieldSectionBytes
        else { return .refused }
        var fields: [(name: [UInt8], value: [UInt8])] = []
        for line in lines {
            guard let field = field(line) else { return .refused }
            fields.append(field)
        }
        guard let request = ReferenceRequest(first, fields, Array(rest), limits) else { return .refused }
        return .head(request)
    }

    private init?(
        _ line: [UInt8], _ fields: [(name: [UInt8], value: [UInt8])], _ rest: [UInt8], _ limits: ServerLimits
    ) {
        func values(_ name: String) -> [[UInt8]] {
            fields.filter { Self.folded($0.name) == Array(name.utf8) }.map { Self.folded($0.value) }
        }
        let parts = line.split(separator: 0x20, omittingEmptySubsequences: false).map(Array.init)
        guard parts.count == 3, Self.isToken(parts[0]), parts[0].count <= 32 else { return nil }
        (method, target) = (parts[0], parts[1])
        let word = String(decoding: method, as: UTF8.self)
        guard !["CONNECT", "TRACE"].contains(word),
            ["HTTP/1.0", "HTTP/1.1"].contains(where: { parts[2] == Array($0.utf8) })
        else { return nil }
        isHTTP10 = parts[2].last == 0x30
        self.fields = fields

        let hosts = values("host")
        guard hosts.count == 1 || hosts.isEmpty && isHTTP10, hosts.allSatisfy(Self.isHost) else { return nil }
        if target.first != 0x2F, target != [0x2A] {
            let start = Self.folded(target).starts(with: "https://".utf8) ? 8 : 7
            guard start == 8 || Self.folded(target).starts(with: "http://".utf8) else { return nil }
            let authority = Self.folded(Array(target.dropFirst(start).prefix { $0 != 0x2F && $0 != 0x3F }))
            guard Self.isHost(authority), hosts.isEmpty || hosts[0] == authority,
                Self.isPathAndQuery(target.dropFirst(start + authority.count))
            else { return nil }
        } else {
            guard target.first == 0x2F ? Self.isPathAndQuery(target[...]) : word == "OPTIONS" else { return nil }
        }

        guard values("expect").allSatisfy({ $0 == Array("100-continue".utf8) }) else { return nil }
        expectsContinue = !values("expect").isEmpty && !isHTTP10
        let options = values("connection").flatMap { $0.split(separator: 0x2C).map { Self.trimmed(Array($0)) } }
        persists = !options.contains(Array("close".utf8)) && (!isHTTP10 || options.contains(Array("keep-alive".utf8)))

        let lengths = values("content-length")
        let codings = values("transfer-encoding")
        guard lengths.count + codings.count <= 1 else { return nil }
        if let coding = codings.first {
            guard coding == Array("chunked".utf8), !isHTTP10, word != "GET", word != "HEAD" else { return nil }
            content = Self.chunks(rest, limits)
        } else if let length = lengths.first {
            guard let count = Self.number(length), count <= limits.bodyBytes else { return nil }
            guard count == 0 || word != "GET" && word != "HEAD" else { return nil }
            content =
                rest.count < count
                ? .incomplete : .whole(Array(rest.prefix(count)), rest: Array(rest.dropFirst(count)))
        } else {
            content = .whole([], rest: rest)
        }
    }

    /// Reads chunked content (RFC 9112 §7.1).
    private static func chunks(_ input: [UInt8], _ limits: ServerLimits) -> Content {
        var rest = input[...]
        var content: [UInt8] = []
        var extensions = 0
        /// The next line; nil at the end of the input, empty if it is not a line.
        func line() -> [UInt8]? {
            guard let end = rest.firstIndex(of: 0x0A) else { return nil }
            defer { rest = rest[end...].dropFirst() }
            return Array(rest[..<end])
        }
        while true {
            guard let line = line() else { return .incomplete }
            let digits = line.prefix { hexDigit($0) != nil }
            let after = line.dropFirst(digits.count).dropLast()
            guard line.last == 0x0D, (1...16).contains(digits.count), after.isEmpty || after.first == 0x3B,
                isText(after)
            else { return .refused }
            extensions += max(0, after.count - 1)
            var size = 0
            for digit in digits { size = min(size * 16 + (hexDigit(digit) ?? 0), 1 << 40) }
            guard size <= limits.bodyBytes - content.count, extensions <= 4096 else { return .refused }
            if size == 0 { break }
            guard rest.count >= size else { return .incomplete }
            content += rest.prefix(size)
            rest = rest.dropFirst(size)
            guard rest.prefix(2).elementsEqual([0x0D, 0x0A].prefix(rest.count)) else { return .refused }
            guard rest.count >= 2 else { return .incomplete }
            rest = rest.dropFirst(2)
        }
        var trailers: [[UInt8]] = []
        while true {
            guard let line = line() else { return .incomplete }
            guard line.last == 0x0D, isText(line.dropLast()) else { return .refused }
            if line.count == 1 { return .whole(content, rest: Array(rest)) }
            trailers.append(Array(line.dropLast()))
            guard field(Array(line.dropLast())) != nil, trailers.count <= 16, trailers.joined().count <= 8192 else {
                return .refused
            }
        }
    }

    /// Reads a field line (RFC 9112 §5).
    private static func field(_ line: [UInt8]) -> (name: [UInt8], value: [UInt8])? {
        guard let colon = line.firstIndex(of: 0x3A), isToken(Array(line[..<colon])) else { return nil }
        return (Array(line[..<colon]), trimmed(Array(line[colon...].dropFirst())))
    }

    /// RFC 9110 §7.2, but without empty names and ports. A port is 1…65535 without leading zeros.
    private static func isHost(_ value: [UInt8]) -> Bool {
        var name = value
        if let colon = value.lastIndex(of: 0x3A), value.last != 0x5D {
            let digits = Array(value[colon...].dropFirst())
            guard let port = number(digits), (1...65_535).contains(port), digits[0] != 0x30 else { return false }
            name = Array(value[..<colon])
        }
        if name.first == 0x5B {
            return name.count > 2 && name.last == 0x5D && isIPv6(name.dropFirst().dropLast())
        }
        return !name.isEmpty && isEscaped(name[...], with: "-._~!$&'()*+,;=")
    }

    /// RFC 4291 §2.2, by counting groups. An empty group is the `::`, which may occur once.
    private static func isIPv6(_ text: ArraySlice<UInt8>) -> Bool {
        let gap: [UInt8] = [0x3A, 0x3A]
        guard text.first != 0x3A || text.starts(with: gap), text.last != 0x3A || text.suffix(2) == gap[...] else {
            return false
        }
        var groups = text.split(separator: 0x3A, omittingEmptySubsequences: false)
        if text.first == 0x3A { groups.removeFirst() }
        if text.last == 0x3A { groups.removeLast() }
        var count = 0
        for (index, group) in groups.enumerated() where !group.isEmpty {
            if group.contains(0x2E) {
                guard index == groups.count - 1, text.last != 0x3A, isQuad(group) else { return false }
                count += 2
            } else {
                guard group.count <= 4, group.allSatisfy({ hexDigit($0) != nil }) else { return false }
                count += 1
            }
        }
        let gaps = groups.count { $0.isEmpty }
        return gaps == 0 && count == 8 || gaps == 1 && count <= 7
    }

    private static func isQuad(_ text: ArraySlice<UInt8>) -> Bool {
        let parts = text.split(separator: 0x2E, omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                (1...3).contains(part.count) && (part.count == 1 || part.first != 0x30)
                    && number(Array(part)).map { $0 <= 255 } ?? false
            }
    }

    private static func isPathAndQuery(_ text: ArraySlice<UInt8>) -> Bool {
        let path = text.prefix { $0 != 0x3F }
        guard path.isEmpty || path.first == 0x2F else { return false }
        return isEscaped(path, with: "-._~!$&'()*+,;=:@/")
            && isEscaped(text.dropFirst(path.count), with: "-._~!$&'()*+,;=:@/?")
    }

    /// Whether the text contains only letters, digits, complete escapes, and `others`.
    private static func isEscaped(_ text: ArraySlice<UInt8>, with others: String) -> Bool {
        var rest = text
        while let byte = rest.popFirst() {
            if byte == 0x25 {
                guard rest.count >= 2, rest.prefix(2).allSatisfy({ hexDigit($0) != nil }) else { return false }
                rest = rest.dropFirst(2)
            } else {
                guard isAlphanumeric(byte) || others.utf8.contains(byte) else { return false }
            }
        }
        return true
    }

    private static func number(_ text: [UInt8]) -> Int? {
        var number = 0
        for byte in text {
            guard (0x30...0x39).contains(byte) else { return nil }
            number = min(number * 10 + Int(byte - 0x30), 1 << 40)
        }
        return text.isEmpty ? nil : number
    }

    private static func hexDigit(_ byte: UInt8) -> Int? {
        Array("0123456789abcdef".utf8).firstIndex(of: folded([byte])[0])
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }

    private static func isToken(_ text: [UInt8]) -> Bool {
        !text.isEmpty && text.allSatisfy { isAlphanumeric($0) || "!#$%&'*+-.^_`|~".utf8.contains($0) }
    }

    private static func isText(_ text: some Sequence<UInt8>) -> Bool {
        text.allSatisfy { $0 == 0x09 || (0x20...0x7E).contains($0) || $0 >= 0x80 }
    }

    private static func trimmed(_ text: [UInt8]) -> [UInt8] {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
        return Array(Array(text.drop(while: isSpace)).reversed().drop(while: isSpace).reversed())
    }

    static func folded(_ text: [UInt8]) -> [UInt8] {
        text.map { (0x41...0x5A).contains($0) ? $0 + 32 : $0 }
    }
}
