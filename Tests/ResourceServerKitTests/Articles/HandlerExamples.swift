import ResourceServerKit
import Synchronization

// The code of the articles about handlers: it is here so that it compiles. `ArticleExampleTests` calls it.

/// "Protect a server in five minutes": who is calling.
func greeting(_ resourceServer: ResourceServer) -> ProtectedHandler {
    resourceServer.protecting { request, principal in
        guard principal.scopes.contains("notes:read") else {
            return .text("no notes for you\n", status: .forbidden)
        }
        return .text(
            "Hello, \(principal.subject ?? principal.clientID ?? "stranger")\n")
    }
}

/// "Wrap an existing handler": a type that knew nothing of tokens.
struct NotesHandler: HTTPHandler {
    private let notes = NoteTable()

    func respond(to request: HTTPRequest) async throws -> HTTPResponse {
        guard request.path == "/mcp" else {
            return .text("not found\n", status: .notFound)
        }
        guard request.method == .post else {
            return .text("send a POST\n", status: .methodNotAllowed)
        }
        let body = try await request.body.collect(upTo: 65_536)
        guard let owner = Principal.current?.identity else {
            return .text("unknown caller\n", status: .forbidden)
        }
        let count = notes.add(String(decoding: body, as: UTF8.self), of: owner)
        return .json(["notes": .number(JSONDocument.Number(count))])
    }
}

/// "Wrap an existing handler": data of one user, kept under the identity of the principal.
final class NoteTable: Sendable {
    private let notes = Mutex<[Principal.Identity: [String]]>([:])

    func add(_ note: String, of owner: Principal.Identity) -> Int {
        notes.withLock { notes in
            notes[owner, default: []].append(note)
            return notes[owner]?.count ?? 0
        }
    }
}

func protectedNotes(_ resourceServer: ResourceServer) -> ProtectedHandler {
    resourceServer.protecting(NotesHandler())
}

/// "Wrap an existing handler": paths that need less than a token.
func openRoutes(_ configuration: inout ResourceServerConfiguration) {
    configuration.requirements.routes = [
        RouteRule("/healthz", .public),
        RouteRule(below: "/catalogue", .optional),
    ]
    configuration.requirements.routeScopes = [
        RouteScopeRule("/admin/**", requires: "notes:admin"),
        RouteScopeRule("/mcp", methods: [.delete], requires: "notes:write"),
    ]
}

/// "Wrap an existing handler": several resources in one program.
func severalResources() throws -> ProtectedResources {
    let issuer = "https://login.example.com"
    let notes = try ResourceServer(
        resource: "https://example.com/notes/mcp", issuer: issuer)
    var other = ResourceServerConfiguration(
        resource: "https://example.com/tasks/mcp",
        issuers: [IssuerConfiguration(issuer)])
    // Only one resource of a host can have the document at the root, where clients of older revisions look.
    other.metadata.rootAlias = .notServed
    let tasks = try ResourceServer(other)
    return try ProtectedResources([
        notes.protecting(NotesHandler()),
        tasks.protecting { request, principal in .text("no tasks\n") },
    ])
}

/// "Wrap an existing handler": claims that this library does not name.
func department(_ principal: Principal) -> String? {
    principal.claims["department"]?.string
}
