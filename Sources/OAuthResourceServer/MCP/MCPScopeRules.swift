/// The scopes that the operations of an MCP server need, in addition to those that every request needs.
///
/// ```swift
/// configuration.requirements.operations = [
///     .tool("delete_*", requires: "files:write"),
///     .prompt("review", requires: .any(of: ["review", "admin"])),
///     .resource("file:///private/**", requires: ["files:read", "files:private"]),
///     .method("tools/list", requires: "tools:list"),
/// ]
/// ```
///
/// **Patterns.** `*` matches any bytes but `/`, `**` matches any bytes, and everything else matches itself. A pattern
/// must match the whole text; upper and lower case differ. Texts beyond ASCII are also compared by canonical
/// equivalence (Unicode, UAX #15), because `String` and some file systems do so. Names of tools and prompts have no
/// segments, so that `*` matches any bytes in them.
///
/// **URIs.** A URI is matched as sent, and again as a handler may read it: percent-decoded, without dot segments, and
/// without regard to case. A rule applies if it matches any reading of the URL parsers in use, which are those of
/// RFC 3986, the URL Standard, libcurl and Foundation. If they disagree about the host, or no reading is reliable (as
/// for a relative URI), every URI rule applies. That includes hosts with other bytes than letters, digits and `-._~`,
/// such as a list of hosts. A rule for another scheme than http and https applies with every port and user name, and a
/// rule for a `file:` URI without a host applies with every host.
///
/// **Decision.** Only the body decides, for every method and content type. All rules that match apply. A batch needs
/// the scopes of all its messages together. A message without an `id` is an operation like any other. Responses, empty
/// bodies and operations that no rule matches need no further scopes.
///
/// **Completions.** A `completion/complete` needs what its prompt or resource needs. A URI template counts as all URIs
/// that begin with the text before its first expression. If the expression is part of the host, or an argument holds
/// `/`, `\` or `%` or begins with `..`, it counts as all URIs of its scheme.
///
/// **Exemptions.** A rule with `.anyToken` or `.nothing` makes its operations need less than the scopes that every
/// request needs: a good token with any scopes, or no token at all.
///
/// ```swift
/// configuration.requirements.operations = [
///     .method("initialize", requires: .nothing), .method("notifications/initialized", requires: .nothing),
///     .method("tools/list", requires: .nothing), .tool("ping", requires: .nothing),
///     .tool("whoami", requires: .anyToken),
/// ]
/// ```
///
/// When several rules match, the strictest decides, and all messages of a batch must be exempt. An exemption needs a
/// POST of `application/json` to one of the ``endpointPaths``; without a token, at most 64 KiB. The scopes of a
/// ``RouteScopeRule`` are required in any case. The handler of an operation without a token gets
/// ``Principal/anonymous``. A request that needs a token and has none gets 401, also when its body is refused.
///
/// Names and URIs that can be read in several ways are never exempt. For a URI, these are characters beyond ASCII, dot
/// segments, `..`, `\`, `//` in the path, an incomplete escape, and a template; for a name, characters beyond ASCII,
/// `..`, `\` and `%`.
///
/// **Cost.** When the methods, names and URIs of a body are longer than 32 KiB together, every rule applies. The
/// readings of a URI cost their bytes, and 64 more each. When they cost more than 8 KiB for one URI, every URI rule
/// applies to it; when they cost more than 256 KiB for a body, every rule applies.
///
/// **Refused bodies.** A body is refused when a handler may read it differently: when it holds no JSON-RPC message, is
/// compressed or repeats a member; when a name or URI is not a string of at most 2,048 bytes; when a name has
/// characters that are never part of normalized text; when it is a batch of more than 100 messages; and when its
/// subscriptions and completions name more than 1,000 resources and prompts. `Mcp-Method` and `Mcp-Name` must agree
/// with the body if they are sent.
///
/// A request that lacks a required token gets 401 before its body is read, and the challenge names the scopes that
/// every request to the route needs. On a public route, and when the guard is disabled, no rule applies. The rules are
/// plain values, which are checked when the ``ResourceServer`` is created.
public struct MCPScopeRules: Sendable, Hashable, ExpressibleByArrayLiteral {
    /// What some operations need: scopes, a kind of login, or less than other requests.
    public struct Rule: Sendable, Hashable {
        enum Subject: Sendable, Hashable {
            case any
            case name(String)
            case uri(String)
        }

        /// What the rule requires.
        enum Requirement: Sendable, Hashable {
            case scopes(ScopeRequirement)
            case exemption(Exemption)
        }

        let method: String
        let subject: Subject
        let requirement: Requirement

        init(_ method: String, _ subject: Subject, _ requirement: Requirement) {
            self.method = method
            self.subject = subject
            self.requirement = requirement
        }

        /// A rule for calls of the tools whose names match.
        public static func tool(_ name: String, requires requirement: ScopeRequirement) -> Rule {
            Rule("tools/call", .name(name), .scopes(requirement))
        }

        /// A rule for `prompts/get` of the prompts whose names match.
        public static func prompt(_ name: String, requires requirement: ScopeRequirement) -> Rule {
            Rule("prompts/get", .name(name), .scopes(requirement))
        }

        /// A rule for all operations on the resources whose URIs match: reads and subscriptions, those of
        /// `subscriptions/listen` included.
        public static func resource(_ uri: String, requires requirement: ScopeRequirement) -> Rule {
            Rule("resources/*", .uri(uri), .scopes(requirement))
        }

        /// A rule for all messages whose methods match.
        public static func method(_ method: String, requires requirement: ScopeRequirement) -> Rule {
            Rule(method, .any, .scopes(requirement))
        }

        /// A rule for messages whose methods match and whose `params.name` matches.
        public static func method(_ method: String, name: String, requires requirement: ScopeRequirement) -> Rule {
            Rule(method, .name(name), .scopes(requirement))
        }

        /// A rule for messages whose methods match and whose `params.uri` matches.
        public static func method(_ method: String, uri: String, requires requirement: ScopeRequirement) -> Rule {
            Rule(method, .uri(uri), .scopes(requirement))
        }
    }

    /// The rules; their order does not matter.
    public var rules: [Rule]
    /// The request paths, exactly as sent, that are not MCP endpoints. Bodies of requests to them are not read, and no
    /// rule applies.
    public var otherPaths: [String] = []
    /// The request paths, exactly as sent, that are MCP endpoints, where exemptions count; nil for the path of the
    /// resource. Behind another path, a handler could do something else with the body of an exempt operation.
    public var endpointPaths: [String]?
    /// The largest body in bytes that is read for a decision, 1,024…16,777,216. A longer body gets 413.
    public var maximumBodyBytes: Int = 1_048_576

    /// Rules; none by default. Without rules no body is read.
    public init(_ rules: [Rule] = []) {
        self.rules = rules
    }

    /// The rules of an array literal.
    public init(arrayLiteral rules: Rule...) {
        self.rules = rules
    }
}
