/// One thing that `doctor` checks: a code, what must hold, where that is written, and what to change.
///
/// All rules stand in one table, ``all``. The findings of a run refer to them.
struct DoctorRule: Sendable, Hashable {
    /// The part of a run to which a rule belongs, in the order of a run.
    enum Group: String, Sendable, CaseIterable {
        case server = "The server, without a token"
        case challenge = "The challenge"
        case calls = "Further calls"
        case browsers = "Pages in a browser"
        case resource = "The metadata of the resource"
        case authorizationServer = "The authorization server"
        case token = "The token"
    }

    /// A stable name, for `--json` and for scripts.
    let code: String
    let group: Group
    /// What holds when the rule is met: a sentence without a full stop.
    let title: String
    /// The specification and section that ask for it.
    let source: String
    /// What to change when it is not met.
    let fix: String

    init(_ code: String, _ group: Group, _ title: String, _ source: String, fix: String) {
        self.code = code
        self.group = group
        self.title = title
        self.source = source
        self.fix = fix
    }

    /// Every rule. Codes are unique.
    static let all: [DoctorRule] = [
        ofServer, ofChallenge, ofCalls, ofBrowsers, ofResource, ofAuthorizationServer, ofTokens,
    ].flatMap { $0 }
}
