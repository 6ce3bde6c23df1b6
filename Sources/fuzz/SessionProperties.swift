import HTTPMessages
import OAuthResourceServer
import WireFormat

/// `Mcp-Session-Id` values, in requests and in the responses of handlers: a caller may use only what the guard gave to
/// it, and the handler sees its own identifier again.
enum SessionProperties {
    private static let guarded = GuardUnderFuzz(scope: "")
    private static let others = GuardUnderFuzz(scope: "", subject: "other")

    static func check(_ input: [UInt8]) throws(Violation) {
        guard let value = HTTPFields.Value(bytes: input) else { return }
        // No input can know the key of this process.
        try require(try use(value, at: guarded) == nil, "an identifier that the guard did not give is unknown")
        guard let given = try begin(value) else { return }
        try require(isAcceptable(input), "only 1 to 256 visible ASCII characters are bound")
        try require(given.bytes != input, "the caller gets another identifier than the handler has")
        try require(try use(given, at: guarded) == value.string, "the handler sees its own identifier again")
        try require(try use(given, at: others) == nil, "another user cannot use it")
        // One changed bit, at a place that the input decides.
        var changed = given.bytes
        let place = input.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF } % changed.count
        changed[place] ^= 1
        if let other = HTTPFields.Value(bytes: changed) {
            try require(try use(other, at: guarded) == nil, "a changed identifier is unknown")
        }
    }

    /// What the caller gets when a handler begins a session with this identifier; nil when it is withheld.
    private static func begin(_ identifier: HTTPFields.Value) throws(Violation) -> HTTPFields.Value? {
        guard case .proceed(let admission) = guarded.decide(fields: authorization) else {
            throw Violation(property: "a request without a session proceeds")
        }
        var fields = HTTPFields()
        fields.append(.mcpSessionID, identifier)
        admission.finish(status: .ok, fields: &fields)
        guard case .once(let given) = fields.occurrence(of: .mcpSessionID) else {
            try require(!isAcceptable(identifier.bytes), "an acceptable identifier is bound")
            return nil
        }
        return given
    }

    /// The identifier that the handler sees when a request names a session; nil when the request is refused.
    private static func use(_ session: HTTPFields.Value, at server: GuardUnderFuzz) throws(Violation) -> String? {
        switch server.decide(fields: authorization + [(.mcpSessionID, session)]) {
        case .proceed(let admission):
            try require(admission.sessionID != nil, "a request that names a session has one")
            return admission.sessionID
        case .respond(let response):
            try require(response.status == .notFound, "the session of another caller is like an unknown one: 404")
            return nil
        }
    }

    static func isAcceptable(_ identifier: [UInt8]) -> Bool {
        (1...256).contains(identifier.count) && identifier.allSatisfy { (0x21...0x7E).contains($0) }
    }

    private static var authorization: [(HTTPFields.Name, HTTPFields.Value)] {
        HTTPFields.Value("Bearer " + GuardUnderFuzz.token).map { [(HTTPFields.Name.authorization, $0)] } ?? []
    }
}
