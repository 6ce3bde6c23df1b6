import ResourceServerKit

// The code of the article "Scopes for MCP tools": it is here so that it compiles, and `ArticleExampleTests` uses it.

func requireScopes(_ configuration: inout ResourceServerConfiguration) {
    configuration.requirements.scopes = ["mcp:use"]
    configuration.requirements.operations = [
        .tool("add_note", requires: "notes:write"),
        .tool("list_notes", requires: "notes:read"),
        .tool("delete_*", requires: ["notes:write", "notes:delete"]),
        .prompt("review", requires: .any(of: ["review", "admin"])),
        .resource("file:///private/**", requires: "files:private"),
    ]
}

func implyScopes(_ configuration: inout ResourceServerConfiguration) {
    configuration.requirements.implications = [
        "notes:admin": ["notes:write"], "notes:write": ["notes:read"],
    ]
}

func openOperations(_ configuration: inout ResourceServerConfiguration) {
    configuration.requirements.operations = [
        .method("initialize", requires: .nothing),
        .method("notifications/initialized", requires: .nothing),
        .method("tools/list", requires: .nothing),
        .tool("whoami", requires: .anyToken),
        .tool("add_note", requires: "notes:write"),
    ]
}

func stepUp(_ configuration: inout ResourceServerConfiguration) {
    configuration.requirements.operations = [
        .tool(
            "transfer",
            requires: .all(["pay"]).and(
                .authentication(acrValues: ["phr"], maximumAge: .seconds(300))))
    ]
}

func mapRoles(_ configuration: inout ResourceServerConfiguration) {
    configuration.tokens.issuers[0].scopes.claims = [
        .init(
            ["realm_access", "roles"],
            grants: ["editor": ["notes:write"], "reader": ["notes:read"]])
    ]
}
