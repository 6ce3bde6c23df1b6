/// What the token of a route or an operation needs: all scopes of a list, any of a list, combinations, and how the user
/// was authenticated.
///
/// It is a plain value, with the scopes as clients request them: `.all(["notes:read", "notes:share"])`,
/// `.any(of: ["notes:read", "notes:admin"])`, `.any(of: [["admin"], ["read", "list"]])`, or just `"notes:read"`. It is
/// checked, with every other setting, when a ``ResourceServer`` is created.
public struct ScopeRequirement: Sendable, Hashable, ExpressibleByStringLiteral, ExpressibleByArrayLiteral {
    /// The clauses, all of which must be met. A clause is a list of alternatives, of which one suffices; the preferred
    /// one is first. An alternative is a list of scopes that are needed together.
    public let clauses: [[[String]]]
    /// How the user must have been authenticated; all must be met.
    public let authentications: [Authentication]

    private init(clauses: [[[String]]], authentications: [Authentication] = []) {
        self.clauses = clauses
        self.authentications = authentications
    }

    /// No scope: every good token suffices.
    public static let none = ScopeRequirement(clauses: [])

    /// A login of this kind or age (RFC 9470), alone or with scopes:
    /// `ScopeRequirement.all(["pay"]).and(.authentication(acrValues: ["phr"]))`. See ``Authentication``.
    ///
    /// A token that has the scopes and lacks this gets 401 `insufficient_user_authentication`. The challenge names the
    /// values, and the client asks the authorization server for them.
    public static func authentication(acrValues: [String] = [], maximumAge: Duration? = nil) -> ScopeRequirement {
        ScopeRequirement(
            clauses: [], authentications: [Authentication(acrValues: acrValues, maximumAge: maximumAge)])
    }

    /// All of these scopes.
    public static func all(_ scopes: [String]) -> ScopeRequirement {
        scopes.isEmpty ? none : ScopeRequirement(clauses: [[scopes]])
    }

    /// At least one of these scopes. A client that has none of them is asked for the first.
    public static func any(of scopes: [String]) -> ScopeRequirement {
        ScopeRequirement(clauses: [scopes.map { [$0] }])
    }

    /// All scopes of at least one of these lists. A client is asked for the list that needs the fewest further scopes.
    /// A tie goes to the first.
    public static func any(of alternatives: [[String]]) -> ScopeRequirement {
        ScopeRequirement(clauses: [alternatives])
    }

    /// This requirement and another one.
    public func and(_ other: ScopeRequirement) -> ScopeRequirement {
        ScopeRequirement(clauses: clauses + other.clauses, authentications: authentications + other.authentications)
    }

    /// One scope.
    public init(stringLiteral scope: String) {
        self = .all([scope])
    }

    /// All of these scopes.
    public init(arrayLiteral scopes: String...) {
        self = .all(scopes)
    }
}
