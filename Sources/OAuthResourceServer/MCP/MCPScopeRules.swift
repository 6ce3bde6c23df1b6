/// Which scopes the operations of an MCP server need, beyond those that every request needs.
///
/// ```swift
/// configuration.operationScopes = [
///     .tool("delete_*", requires: "files:write"),
///     .prompt("review", requires: .any(of: ["review", "admin"])),
///     .resource("file:///private/**", requires: ["files:read", "files:private"]),
///     .method("tools/list", requires: "tools:list"),
/// ]
/// ```
///
/// **Patterns.** `*` stands for any bytes but `/`, `**` for any bytes, everything else for itself; all of a text must match,
/// as bytes, and upper and lower case differ. Names of tools and prompts have no segments: there `*` stands for any bytes
/// too. URIs are matched as sent, and again as a handler may read them: percent-decoded, without dot segments, whatever the
/// case. A rule applies if any reading matches, and every rule for URIs applies to a URI that cannot be read with
/// confidence, such as a relative one. The host of a `file:` URI hides nothing. Beyond ASCII nothing is folded: names of
/// other scripts match as they are spelled.
///
/// **Decision.** By the body alone, of whatever method and content type. Of several rules that match, all count; a batch
/// needs what its messages need together. A message without an `id` is an operation like any other; responses, empty bodies
/// and what no rule matches need nothing more. A body that holds no JSON-RPC message, that is compressed, that repeats a
/// member, that has a name or URI which is no string of 2,048 bytes at most, or a name with characters that merely stand for
/// others is refused, because a handler may read it
/// differently; so is a batch of more than 100 messages. `Mcp-Method` and `Mcp-Name` must agree with the body where they
/// are sent.
///
/// Without a token the body is not read: the 401 names what every request to the route needs. On a public route, and where
/// the guard is disabled, no rule applies. A plain value, checked when the ``ResourceServer`` is made.
public struct MCPScopeRules: Sendable, Hashable, ExpressibleByArrayLiteral {
    /// What some operations need.
    public struct Rule: Sendable, Hashable {
        enum Subject: Sendable, Hashable {
            case any
            case name(String)
            case uri(String)
        }

        let method: String
        let subject: Subject
        let requirement: ScopeRequirement

        private init(_ method: String, _ subject: Subject, _ requirement: ScopeRequirement) {
            self.method = method
            self.subject = subject
            self.requirement = requirement
        }

        /// Calls of the tools whose names match.
        public static func tool(_ name: String, requires requirement: ScopeRequirement) -> Rule {
            Rule("tools/call", .name(name), requirement)
        }

        /// Gets of the prompts whose names match.
        public static func prompt(_ name: String, requires requirement: ScopeRequirement) -> Rule {
            Rule("prompts/get", .name(name), requirement)
        }

        /// Whatever is done with the resources whose URIs match: reads and subscriptions, those by list
        /// (`subscriptions/listen`) included.
        public static func resource(_ uri: String, requires requirement: ScopeRequirement) -> Rule {
            Rule("resources/*", .uri(uri), requirement)
        }

        /// Every use of the methods that match.
        public static func method(_ method: String, requires requirement: ScopeRequirement) -> Rule {
            Rule(method, .any, requirement)
        }

        /// Uses of the methods that match where `params.name` matches.
        public static func method(_ method: String, name: String, requires requirement: ScopeRequirement) -> Rule {
            Rule(method, .name(name), requirement)
        }

        /// Uses of the methods that match where `params.uri` matches.
        public static func method(_ method: String, uri: String, requires requirement: ScopeRequirement) -> Rule {
            Rule(method, .uri(uri), requirement)
        }
    }

    /// The rules; their order does not matter.
    public var rules: [Rule]
    /// Request paths, exactly as sent, at which there is no MCP endpoint: their bodies are not read and no rule applies.
    public var otherPaths: [String] = []
    /// The largest body in bytes that is read for a decision, 1,024…16,777,216; beyond it the answer is 413.
    public var maximumBodyBytes: Int = 1_048_576

    /// Rules; none by default, and then no body is read.
    public init(_ rules: [Rule] = []) {
        self.rules = rules
    }

    /// Rules.
    public init(arrayLiteral rules: Rule...) {
        self.rules = rules
    }
}
