import HTTPMessages

/// All access of a command to the outside world. Tests replace it.
struct CommandEnvironment {
    /// Why a text could not be read.
    enum InputError: Error {
        /// It does not exist, or may not be read.
        case unreadable
        /// It is a directory, a pipe, a socket or a device.
        case notAFile
        /// It is longer than the limit.
        case tooLong
    }

    /// Reads all of standard input. Throws if it is longer than `limit` bytes.
    var readStandardInput: (_ limit: Int) throws(InputError) -> [UInt8]
    /// Reads all of a file. Throws if it is longer than `limit` bytes.
    var readFile: (_ path: String, _ limit: Int) throws(InputError) -> [UInt8]
    /// Writes a whole file; false when it cannot be written.
    var writeFile: (_ path: String, _ bytes: [UInt8]) -> Bool = { _, _ in false }
    /// Fetches key sets.
    var fetcher: any DocumentFetcher
    /// Fetches documents of strangers, as an authorization server does.
    var untrustedFetcher: any DocumentFetcher
    /// Makes the network of a client.
    var network: (ClientNetwork.Options) throws(CommandFault) -> ClientNetwork = { _ throws(CommandFault) in
        throw CommandFault("there is no network")
    }
    /// Writes a whole file that only its owner can read; false when it cannot be written.
    var writeSecretFile: (_ path: String, _ bytes: [UInt8]) -> Bool = { _, _ in false }
    /// Shows a step of a command at once, on standard error.
    var say: (String) -> Void = { _ in }
    /// Opens a URL in a browser; false when that is not possible.
    var openBrowser: (String) async -> Bool = { _ in false }
    /// The environment variables of the process.
    var variables: [String: String] = [:]
    /// The current time in seconds since 1970.
    var now: () -> Double
    /// Whether standard output is a terminal. JSON is then indented.
    var outputIsTerminal = false
    /// Whether to print colours.
    var usesColour = false

    var paint: Paint { Paint(isOn: usesColour) }
}

/// The result of a command.
struct Outcome: Equatable {
    /// The exit status.
    enum Status: Int32 {
        /// The token or document is good, or everything could be shown or written.
        case good = 0
        /// The token, the document or every key is refused, or a part could not be decoded.
        case refused = 1
        /// The command could not run: wrong usage, or an input that cannot be read.
        case usage = 2
    }

    var status = Status.good
    /// The text for standard output, which ends with a line break.
    var output = ""
    /// What to do with the output, for standard error, one line each.
    var notes: [String] = []
    /// The faults for standard error, one line each.
    var faults: [String] = []
}

/// The faults that prevent a command from running, one line each.
struct CommandFault: Error, Equatable {
    var lines: [String]

    init(_ lines: [String]) { self.lines = lines }
    init(_ line: String) { lines = [line] }
}

/// Colours for a terminal (ECMA-48 SGR), or none.
struct Paint {
    var isOn: Bool

    func heading(_ text: String) -> String { wrap(text, "1") }
    func warning(_ text: String) -> String { wrap(text, "1;33") }
    func good(_ text: String) -> String { wrap(text, "32") }
    func bad(_ text: String) -> String { wrap(text, "31") }

    private func wrap(_ text: String, _ code: String) -> String {
        isOn ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
