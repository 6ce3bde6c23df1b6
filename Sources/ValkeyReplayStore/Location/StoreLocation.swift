internal import TokenVerification
internal import WireFormat

/// Where a server is, as a URL says it. A URL that breaks a rule is refused and never repaired.
struct StoreLocation: Sendable {
    /// The end of a connection.
    enum Place: Sendable, Hashable {
        /// A host name and a port.
        case name(String, port: UInt16)
        /// A literal address, its text, and a port.
        case address([UInt8], text: String, port: UInt16)
        /// The path of a socket file.
        case file(String)
    }

    let place: Place
    let isEncrypted: Bool
    let user: String?
    let password: String?
    let database: Int

    /// Redis has 16 databases by default. More are possible.
    static let databases = 0...65_535
    static let defaultPort: UInt16 = 6379
    /// Linux's limit is 107 bytes, and that of Darwin 103.
    static let maximumPathBytes = 103
    private static let maximumBytes = 8_192

    /// Whether an attacker on a network is between this program and the server.
    var isLocal: Bool {
        switch place {
        case .file: true
        case .name(let name, _): ASCII.equalsIgnoringCase(name.utf8, "localhost".utf8)
        case .address(let bytes, _, _):
            bytes.count == 4 ? bytes.first == 127 : bytes == [UInt8](repeating: 0, count: 15) + [1]
        }
    }

    /// - Throws: One fault of `url`. It does not contain the URL, which may hold a password.
    init(parsing url: String) throws(ConfigurationError) {
        let bytes = Array(url.utf8)
        guard bytes.count <= Self.maximumBytes, bytes.allSatisfy(URLGrammar.isURLByte) else {
            throw Self.fault("holds a character that no URL holds, or is too long", "percent-encode the character")
        }
        let mark = Array("://".utf8)
        guard let colon = bytes.firstIndex(of: mark[0]), bytes[colon...].starts(with: mark) else {
            throw Self.fault("has no scheme", "begin it with valkey://, valkeys:// or unix://")
        }
        let rest = bytes[(colon + mark.count)...]
        switch ASCII.lowercased(String(decoding: bytes[..<colon], as: UTF8.self)) {
        case "valkey", "redis": try self.init(authority: rest, isEncrypted: false)
        case "valkeys", "rediss": try self.init(authority: rest, isEncrypted: true)
        case "unix": try self.init(file: rest)
        default: throw Self.fault("has an unknown scheme", "use valkey, valkeys, redis, rediss or unix")
        }
    }

    private init(authority rest: ArraySlice<UInt8>, isEncrypted: Bool) throws(ConfigurationError) {
        guard !rest.contains(UInt8(ascii: "?")), !rest.contains(UInt8(ascii: "#")) else {
            throw Self.fault("has a query or a fragment", "remove it; the other settings are set in code")
        }
        let slash = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
        let authority = rest[..<slash]
        // A password may hold an unencoded @, but not a slash: the host begins after the last one.
        let at = authority.lastIndex(of: UInt8(ascii: "@"))
        if let at {
            (user, password) = try Self.credentials(authority[..<at])
        } else {
            (user, password) = (nil, nil)
        }
        place = try Self.place(at.map { authority[($0 + 1)...] } ?? authority)
        database = try Self.database(rest[slash...].dropFirst())
        self.isEncrypted = isEncrypted
    }

    private init(file rest: ArraySlice<UInt8>) throws(ConfigurationError) {
        let end = rest.firstIndex(of: UInt8(ascii: "?")) ?? rest.endIndex
        guard let path = Self.decoded(rest[..<end]), path.utf8.first == UInt8(ascii: "/"),
            path.utf8.count <= Self.maximumPathBytes, !rest.contains(UInt8(ascii: "#"))
        else {
            throw Self.fault(
                "is not unix:// and an absolute path of at most \(String(Self.maximumPathBytes)) bytes",
                "write it as unix:///path/of/the/socket")
        }
        place = .file(path)
        let query = rest[end...].dropFirst()
        guard query.isEmpty || query.starts(with: "db=".utf8) else {
            throw Self.fault("has an unknown parameter", "only db is known")
        }
        database = try Self.database(query.dropFirst(3))
        (user, password, isEncrypted) = (nil, nil, false)
    }

    private static func credentials(
        _ bytes: ArraySlice<UInt8>
    ) throws(ConfigurationError) -> (user: String?, password: String?) {
        let colon = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.endIndex
        let hasPassword = colon < bytes.endIndex
        guard let user = decoded(bytes[..<colon]), let password = decoded(bytes[colon...].dropFirst()),
            !hasPassword || !password.isEmpty
        else {
            throw fault("has a user or a password that is empty or badly encoded", "percent-encode the characters")
        }
        return (user.isEmpty ? nil : user, hasPassword ? password : nil)
    }

    private static func place(_ bytes: ArraySlice<UInt8>) throws(ConfigurationError) -> Place {
        let wrong = fault("has no acceptable host", "give a host name, an IPv4 address, or an IPv6 address in brackets")
        var host = bytes
        var rest = ArraySlice<UInt8>()
        if bytes.first == UInt8(ascii: "[") {
            guard let bracket = bytes.firstIndex(of: UInt8(ascii: "]")) else { throw wrong }
            host = bytes[(bytes.startIndex + 1)..<bracket]
            rest = bytes[(bracket + 1)...]
        } else if let colon = bytes.firstIndex(of: UInt8(ascii: ":")) {
            host = bytes[..<colon]
            rest = bytes[colon...]
        }
        var port = defaultPort
        if !rest.isEmpty {
            guard rest.first == UInt8(ascii: ":"), let number = URLGrammar.port(rest.dropFirst()) else {
                throw fault("has an unacceptable port", "give a number of 1…65535")
            }
            port = number
        }
        let text = String(decoding: host, as: UTF8.self)
        if bytes.first == UInt8(ascii: "[") {
            guard let address = IPLiteral.parseIPv6(host) else { throw wrong }
            return .address(address, text: text, port: port)
        }
        if let address = IPLiteral.parseIPv4(host) { return .address(address, text: text, port: port) }
        guard URLGrammar.hostKind(of: host) == .name else { throw wrong }
        return .name(text, port: port)
    }

    private static func database(_ digits: ArraySlice<UInt8>) throws(ConfigurationError) -> Int {
        if digits.isEmpty { return 0 }
        guard let number = ASCII.parseDecimal(digits), databases.contains(number) else {
            throw fault(
                "has a database that is not a number of \(databases.text)", "end the URL with /0, or with the host")
        }
        return number
    }

    private static func decoded(_ bytes: ArraySlice<UInt8>) -> String? {
        guard let decoded = PercentEncoding.decode(bytes, plus: .plus), decoded.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else { return nil }
        return String(validating: decoded, as: UTF8.self)
    }

    private static func fault(
        _ reason: ConfigurationError.Text, _ remedy: ConfigurationError.Text
    ) -> ConfigurationError {
        ConfigurationError([.init("url", reason, remedy)])
    }
}

// A store is a member of a server, so that a dump of the server goes through it to here.
extension StoreLocation: CustomStringConvertible, CustomReflectable {
    /// Shows no password.
    var description: String { "<location of a replay store>" }
    /// Shows no member.
    var customMirror: Mirror { Mirror(self, children: []) }
}

extension StoreLocation {
    /// The port; 0 for a socket file.
    var port: UInt16 {
        switch place {
        case .name(_, let port), .address(_, _, let port): port
        case .file: 0
        }
    }

    /// The name or address that the server's certificate must have; empty for a socket file.
    var host: String {
        switch place {
        case .name(let name, _), .address(_, let name, _): name
        case .file: ""
        }
    }

    var isAddress: Bool {
        if case .address = place { true } else { false }
    }
}
