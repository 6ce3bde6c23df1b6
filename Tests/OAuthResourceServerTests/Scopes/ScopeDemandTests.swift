import OAuthMetadata
import Testing

@testable import OAuthResourceServer
@testable import TokenVerification

@Suite("Required scopes and implications", .serialized)
struct ScopeDemandTests {
    private static let hierarchy: ScopeImplications = ["admin": ["write", "share"], "write": ["read"]]

    private static let notAScope =
        "holds a text that is not a scope; use printable ASCII without space, quote and backslash"

    private func checked(
        _ requirement: ScopeRequirement, _ implications: ScopeImplications = ScopeImplications()
    ) -> (demand: ScopeDemand, hierarchy: ScopeHierarchy, faults: [String]) {
        var faults: [ConfigurationError.Fault] = []
        let demand = ScopeDemand(requirement, at: "requires", &faults)
        let hierarchy = ScopeHierarchy(implications, &faults)
        return (demand, hierarchy, faults.map(FaultRenderer.code.line))
    }

    struct Row: Sendable {
        var requirement: ScopeRequirement
        var granted: String
        var isMet: Bool
        var request: String
    }

    @Test(
        "POLICY §11: all-of, any-of and implications decide, and the challenge asks for the least, all of it at once",
        arguments: [
            Row(requirement: .none, granted: "", isMet: true, request: ""),
            Row(requirement: "read", granted: "", isMet: false, request: "read"),
            Row(requirement: "read", granted: "read", isMet: true, request: "read"),
            Row(requirement: "read", granted: "read_all reader Read", isMet: false, request: "read"),
            Row(requirement: "read", granted: "write", isMet: true, request: "read"),
            Row(requirement: "read", granted: "admin", isMet: true, request: "read"),
            Row(requirement: "write", granted: "read", isMet: false, request: "write"),
            Row(requirement: "share", granted: "write", isMet: false, request: "share"),
            // All scopes: the request includes the ones that the token already has.
            Row(requirement: ["a", "b"], granted: "a", isMet: false, request: "a b"),
            Row(requirement: ["a", "b"], granted: "b a c", isMet: true, request: "a b"),
            // `write` includes `read`, so that a request for both would ask for too much.
            Row(requirement: ["read", "write"], granted: "", isMet: false, request: "write"),
            Row(requirement: ["read", "write", "share"], granted: "", isMet: false, request: "share write"),
            // Any of several: the first one, the smaller one, or the one with the fewest missing scopes.
            Row(requirement: .any(of: ["b", "a"]), granted: "", isMet: false, request: "b"),
            Row(requirement: .any(of: ["b", "a"]), granted: "a", isMet: true, request: "a"),
            Row(requirement: .any(of: [["x", "y"], ["a"]]), granted: "", isMet: false, request: "a"),
            Row(
                requirement: .any(of: [["x", "y", "z"], ["a", "b"]]), granted: "x y", isMet: false, request: "x y z"),
            Row(requirement: .any(of: [["x", "y"], ["a", "b"]]), granted: "a x", isMet: false, request: "x y"),
            Row(requirement: .any(of: [["read", "x"], ["a"]]), granted: "admin x", isMet: true, request: "read x"),
            // Both parts are required. If the other part contains one of the alternatives, that one is requested.
            Row(
                requirement: ScopeRequirement.any(of: ["a", "b"]).and(["b"]), granted: "", isMet: false, request: "b"),
            Row(
                requirement: ScopeRequirement.any(of: ["a", "b"]).and(.any(of: ["c", "a"])), granted: "c",
                isMet: false, request: "a"),
            Row(requirement: ScopeRequirement("a").and(.none), granted: "a", isMet: true, request: "a"),
        ])
    func decision(row: Row) {
        let (demand, hierarchy, faults) = checked(row.requirement, Self.hierarchy)
        #expect(faults == [])
        let granted = ScopeSet(keepingValidOf: row.granted)
        #expect(demand.isMet(by: granted, hierarchy) == row.isMet)
        #expect(demand.scopesToRequest(holding: granted, hierarchy).description == row.request)
    }

    @Test("What is asked for suffices, whatever the token had")
    func requestSuffices() {
        let scopes = ["a", "read", "write", "admin", "share"]
        let requirements: [ScopeRequirement] = [
            ["read", "a"], .any(of: [["read", "a"], ["admin"]]), ScopeRequirement.any(of: ["a", "share"]).and("write"),
        ]
        for requirement in requirements {
            let (demand, hierarchy, _) = checked(requirement, Self.hierarchy)
            for bits in 0..<32 {
                let granted = ScopeSet(keepingValid: scopes.indices.filter { bits >> $0 & 1 == 1 }.map { scopes[$0] })
                #expect(demand.isMet(by: demand.scopesToRequest(holding: granted, hierarchy), hierarchy))
            }
        }
    }

    @Test(
        "A requirement that cannot be meant is a configuration error",
        arguments: [
            (ScopeRequirement.all(["a b"]), "requires " + Self.notAScope),
            (.all([""]), "requires " + Self.notAScope),
            (.any(of: ["ok", "K\u{212A}"]), "requires " + Self.notAScope),
            (
                .any(of: [String]()),
                "requires has an empty list of alternatives, which no token can meet; add an alternative, or remove it"
            ),
            (
                .any(of: [["a"], []]),
                "requires has an alternative without scopes, which every token meets; remove it"
            ),
            (
                .any(of: ["a", "offline_access"]),
                "requires holds offline_access, which access tokens do not carry; remove it"
            ),
        ])
    func faults(requirement: ScopeRequirement, fault: String) {
        #expect(checked(requirement).faults == [fault])
    }

    @Test(
        "Implications in a circle are a configuration error",
        arguments: [["a": ["a"]], ["a": ["b"], "b": ["a"]], ["x": ["a"], "a": ["b"], "b": ["c"], "c": ["a"]]]
            as [ScopeImplications])
    func circles(implications: ScopeImplications) {
        let faults = checked(.none, implications).faults
        #expect(faults.count == 1)
        #expect(faults.first?.hasPrefix("requirements.implications form a cycle: a includes itself") == true)
    }

    @Test("Implications that hold no scope, and too many of them, are configuration errors")
    func implicationFaults() {
        #expect(checked(.none, ["a b": ["c"]]).faults == ["requirements.implications[0] " + Self.notAScope])
        #expect(checked(.none, ["a": ["b"], "c": [""]]).faults == ["requirements.implications[1] " + Self.notAScope])
        let most = (0..<ScopeHierarchy.maximumImplications).map {
            ScopeImplications.Implication("s\($0)", includes: ["s\($0 + 1)"])
        }
        let (demand, hierarchy, faults) = checked("s900", ScopeImplications(most))
        #expect(faults == [])
        #expect(demand.isMet(by: ScopeSet(keepingValid: ["s0"]), hierarchy))
        #expect(!demand.isMet(by: ScopeSet(keepingValid: ["s901"]), hierarchy))
        #expect(
            checked(.none, ScopeImplications(most + [.init("x", includes: ["y"])])).faults
                == ["requirements.implications has more than 1000 entries; keep at most 1000"])
    }

    @Test("Diamonds are no circles, and the same scope may stand in several entries")
    func diamonds() {
        let (demand, hierarchy, faults) = checked(
            "d", ["a": ["b", "c"], "b": ["d"], "c": ["d"], "e": ["d"], "a": ["d"]])
        #expect(faults == [])
        for scope in ["a", "b", "c", "e"] {
            #expect(demand.isMet(by: ScopeSet(keepingValid: [scope]), hierarchy), "\(scope)")
        }
    }
}
