import ResourceServerKit
import Synchronization

/// Notes in memory: an example of data that needs a scope.
///
/// Each caller has separate notes, keyed by issuer and subject (by client if the token has no subject).
final class Notebook: Sendable {
    /// The most callers that can have notes. At one more, the caller with the oldest first note is evicted.
    static let maximumOwners = 1_000
    /// The most notes of a caller. The oldest is evicted.
    static let maximumNotes = 100
    /// The longest note in bytes.
    static let maximumNoteBytes = 4_096

    private struct Owner: Hashable {
        // Bytes, because Swift compares strings by canonical equivalence.
        let issuer: [UInt8]
        let subject: [UInt8]?
        let client: [UInt8]?

        init(_ principal: Principal) {
            issuer = Array((principal.issuer ?? "").utf8)
            subject = principal.subject.map { Array($0.utf8) }
            client = principal.subject == nil ? principal.clientID.map { Array($0.utf8) } : nil
        }
    }

    private struct Pages {
        var notes: [Owner: [String]] = [:]
        var owners: [Owner] = []
    }

    private let pages = Mutex(Pages())

    /// The tools that write and read the notes.
    var tools: [MCPTool] { [addNote, listNotes] }

    private var addNote: MCPTool {
        MCPTool(
            name: "add_note", description: "Keeps a note of yours. Needs the scope \(Self.writeScope).",
            inputSchema: [
                "type": "object",
                "properties": [
                    "text": [
                        "type": "string", "maxLength": JSONValue.number(JSONDocument.Number(Self.maximumNoteBytes)),
                    ]
                ],
                "required": ["text"],
            ],
            isReadOnly: false,
            body: .immediate { [self] arguments, principal in
                guard let text = arguments["text"]?.string else {
                    return .failed("The argument text must be a string.")
                }
                guard text.utf8.count <= Self.maximumNoteBytes else {
                    return .failed("The argument text must have \(Self.maximumNoteBytes) bytes at most.")
                }
                return .text("That makes \(add(text, of: Owner(principal))).")
            })
    }

    private var listNotes: MCPTool {
        MCPTool(
            name: "list_notes", description: "Lists your notes. Needs the scope \(Self.readScope).",
            inputSchema: ["type": "object", "additionalProperties": false],
            outputSchema: [
                "type": "object",
                "properties": ["notes": ["type": "array", "items": ["type": "string"]]], "required": ["notes"],
            ],
            body: .immediate { [self] _, principal in
                let owner = Owner(principal)
                let notes = pages.withLock { $0.notes[owner] ?? [] }
                return .structured(["notes": .array(notes.map { .string($0) })])
            })
    }

    private func add(_ text: String, of owner: Owner) -> Int {
        pages.withLock { pages in
            if pages.notes[owner] == nil {
                pages.owners.append(owner)
                if pages.owners.count > Self.maximumOwners { pages.notes[pages.owners.removeFirst()] = nil }
            }
            var notes = pages.notes[owner] ?? []
            notes.append(text)
            if notes.count > Self.maximumNotes { notes.removeFirst() }
            pages.notes[owner] = notes
            return notes.count
        }
    }

    // MARK: The scopes of the tools

    static let writeScope = "notes:write"
    static let readScope = "notes:read"

    /// The scopes that the guard requires for the tools, besides those that every request needs.
    static let scopeRules: MCPScopeRules = [
        .tool("add_note", requires: [writeScope]), .tool("list_notes", requires: [readScope]),
    ]
    /// The scope for writing includes the scope for reading.
    static let scopeImplications: ScopeImplications = [writeScope: [readScope]]
}
