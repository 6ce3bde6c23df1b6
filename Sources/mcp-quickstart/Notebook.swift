import ResourceServerKit
import Synchronization

/// Notes in memory: an example of data that needs a scope.
///
/// Each user has separate notes, keyed by the identity of the principal: its issuer and subject, or its client if the
/// token has no subject. A token with neither has no notes, because all such tokens look alike. A client of the
/// development authorization server can register itself, and is a user then: the notes of all users together are
/// limited too. At a limit the tool answers with an error, and no note is lost.
final class Notebook: Sendable {
    /// The most notes of a user.
    static let maximumNotes = 100
    /// The most memory of all notes in bytes, with an allowance for each note and each user.
    static let maximumBytes = 4_194_304
    /// What a note and a user need in addition to their texts, in bytes.
    private static let noteOverhead = 64
    private static let ownerOverhead = 256
    /// The longest note in bytes.
    static let maximumNoteBytes = 4_096

    private struct Pages {
        var notes: [Principal.Identity: [String]] = [:]
        var bytes = 0
    }

    /// Why a note was not added.
    private enum Full: Error {
        case ofUser, ofAll

        /// The model reads this text.
        var sentence: String {
            switch self {
            case .ofUser: "You have \(maximumNotes) notes, which is the most. They are kept until the server ends."
            case .ofAll: "The notebook of all users is full. It is empty again when the server is started again."
            }
        }
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
                do throws(Full) {
                    guard let owner = principal.identity else { return Self.nameless }
                    return .text("That makes \(try add(text, of: owner)).")
                } catch {
                    return .failed(error.sentence)
                }
            })
    }

    private var listNotes: MCPTool {
        MCPTool(
            name: "list_notes", description: "Lists your notes. Needs the scope \(Self.readScope).",
            inputSchema: ["type": "object", "properties": [:], "additionalProperties": false],
            outputSchema: [
                "type": "object",
                "properties": ["notes": ["type": "array", "items": ["type": "string"]]], "required": ["notes"],
            ],
            body: .immediate { [self] _, principal in
                guard let owner = principal.identity else { return Self.nameless }
                let notes = pages.withLock { $0.notes[owner] ?? [] }
                return .structured(["notes": .array(notes.map { .string($0) })])
            })
    }

    /// The model reads this text.
    private static let nameless = MCPTool.Outcome.failed(
        "Your access token names neither a user nor a client, so that no notes can be kept for you.")

    private func add(_ text: String, of owner: Principal.Identity) throws(Full) -> Int {
        // A closure of the standard library's lock does not keep the type of the error.
        let result: Result<Int, Full> = pages.withLock { pages in
            let count = pages.notes[owner]?.count ?? 0
            guard count < Self.maximumNotes else { return .failure(.ofUser) }
            let bytes = text.utf8.count + Self.noteOverhead + (count == 0 ? Self.bytes(of: owner) : 0)
            guard pages.bytes + bytes <= Self.maximumBytes else { return .failure(.ofAll) }
            pages.bytes += bytes
            pages.notes[owner, default: []].append(text)
            return .success(count + 1)
        }
        return try result.get()
    }

    private static func bytes(of owner: Principal.Identity) -> Int {
        (owner.issuer ?? "").utf8.count + owner.name.utf8.count + ownerOverhead
    }

    // MARK: The scopes of the tools

    static let writeScope = "notes:write"
    static let readScope = "notes:read"

    /// The scopes that the guard requires for the tools, besides those that every request needs.
    static let scopeRules: MCPScopeRules = [
        .tool("add_note", requires: [writeScope]), .tool("list_notes", requires: [readScope]),
    ]
    /// What each scope allows, for the consent page.
    static let scopeSentences = [
        "mcp:use": "Use the tools of this server.", readScope: "Read your notes.",
        writeScope: "Write and read your notes.",
    ]
    /// The scope for writing includes the scope for reading.
    static let scopeImplications: ScopeImplications = [writeScope: [readScope]]
}
