import HTTPMessages
import WireFormat

/// The location of a key set: a file, an `http` or `https` URL, or `-` for standard input.
enum KeyLocator: Equatable {
    case standardInput
    case url(AbsoluteURL)
    case file(String)

    /// The longest key set in bytes.
    static let maximumBytes = 1_048_576

    /// The accepted values, for a message about a wrong one.
    static let expected = "a file, - for standard input, an https URL, or an http URL of a loopback host"

    /// Nil if the text begins like a URL but is malformed, or is a URL that is never fetched.
    init?(_ text: String) {
        if text == "-" {
            self = .standardInput
        } else if ["http://", "https://"].contains(where: {
            ASCII.equalsIgnoringCase(text.utf8.prefix($0.utf8.count), $0.utf8)
        }) {
            guard let url = try? AbsoluteURL(parsing: text), url.scheme == .https || url.isLoopback else { return nil }
            self = .url(url)
        } else {
            self = .file(text)
        }
    }

    /// Reads or fetches the key set.
    func read(in environment: CommandEnvironment) async throws(CommandFault) -> [UInt8] {
        switch self {
        case .standardInput:
            return try Self.read("standard input") { () throws(CommandEnvironment.InputError) in
                try environment.readStandardInput(Self.maximumBytes)
            }
        case .file(let path):
            return try Self.read(ArgumentList.place(path)) { () throws(CommandEnvironment.InputError) in
                try environment.readFile(path, Self.maximumBytes)
            }
        case .url(let url):
            var fields = HTTPFields()
            fields.append(.accept, "application/json, application/jwk-set+json")
            let document: FetchedDocument
            do throws(FetchError) {
                document = try await environment.fetcher.fetch(
                    DocumentRequest(url: url, fields: fields, maximumBodyBytes: Self.maximumBytes))
            } catch {
                throw CommandFault("the key set cannot be fetched: \(error.explanation) (\(error.code))")
            }
            guard document.status == .ok else {
                throw CommandFault("the key set cannot be fetched: status \(document.status.code) instead of 200")
            }
            return document.body
        }
    }

    private static func read(
        _ name: String, _ body: () throws(CommandEnvironment.InputError) -> [UInt8]
    ) throws(CommandFault) -> [UInt8] {
        do throws(CommandEnvironment.InputError) {
            return try body()
        } catch {
            switch error {
            case .tooLong: throw CommandFault("\(name): the key set is longer than 1 MiB")
            case .unreadable: throw CommandFault("\(name): cannot be read")
            case .notAFile: throw CommandFault("\(name): is not a regular file; a pipe is read as standard input (-)")
            }
        }
    }
}
