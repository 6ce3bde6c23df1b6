internal import HTTPMessages

/// The checked settings of ``ResourceServerConfiguration/Browsers-swift.struct`` about origins.
struct AllowedOrigins: Sendable {
    /// The listed origins. They are compared with `Origin` before anything is parsed.
    private let exact: [HTTPFields.Value]
    private let rules: [AllowedOrigin]
    private let decide: (@Sendable (String) -> Bool)?
    /// Whether every page is allowed, also one whose origin is `null`.
    let includeEveryPage: Bool

    init(_ list: [AllowedOrigin], decide: (@Sendable (String) -> Bool)?) {
        var exact: [HTTPFields.Value] = []
        var rules: [AllowedOrigin] = []
        for origin in list {
            // The type of an origin allows only printable ASCII.
            if case .exact(let bytes) = origin { exact.append(.init(validated: bytes)) } else { rules.append(origin) }
        }
        self.exact = exact
        self.rules = rules
        self.decide = decide
        includeEveryPage = rules.contains(.everyPage)
    }

    /// Whether nothing is configured. Then a local server allows the pages of this machine.
    var isDefault: Bool { exact.isEmpty && rules.isEmpty && decide == nil }

    /// Whether the list names exactly this origin.
    func lists(_ origin: HTTPFields.Value) -> Bool { exact.contains(origin) }

    /// The value of `Access-Control-Allow-Origin` for the sender of this `Origin`; nil when it is not allowed.
    ///
    /// - Parameter isLocal: Whether the server is local: see ``BrowserPolicy``.
    func permission(for value: HTTPFields.Value, isLocal: Bool) -> HTTPFields.Value? {
        if let listed = exact.first(where: { $0.bytes == value.bytes }) { return listed }
        if includeEveryPage { return "*" }
        if isDefault, !isLocal { return nil }
        guard let origin = PageOrigin(value.bytes) else { return nil }
        let isAllowed =
            isDefault
            ? origin.isLoopback
            : rules.contains { $0.admits(origin) } || decide?(String(decoding: origin.bytes, as: UTF8.self)) == true
        return isAllowed ? value : nil
    }
}
