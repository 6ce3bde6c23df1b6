import HTTPMessages

/// Everything that a command touches of the world; a test brings its own.
struct Surroundings {
    /// Why a text could not be read.
    enum InputError: Error {
        /// It does not exist, is no file, or may not be read.
        case unreadable
        /// It is longer than the limit.
        case tooLong
    }

    /// Reads all of standard input, at most so many bytes.
    var readStandardInput: (_ limit: Int) throws(InputError) -> [UInt8]
    /// Reads all of a file, at most so many bytes.
    var readFile: (_ path: String, _ limit: Int) throws(InputError) -> [UInt8]
    /// Fetches key sets.
    var fetcher: any DocumentFetcher
    /// Seconds since 1970.
    var now: () -> Double
    /// Whether standard output is a terminal: JSON is indented for a reader then.
    var outputIsTerminal = false
    /// Whether that terminal wants colours.
    var usesColour = false

    var paint: Paint { Paint(isOn: usesColour) }
}

/// What a command leaves behind.
struct Outcome: Equatable {
    /// The exit status.
    enum Status: Int32 {
        /// The token is good; everything could be shown.
        case good = 0
        /// The token, or every key, is refused; something could not be decoded.
        case refused = 1
        /// The command could not be carried out: wrong usage, or an input that is not to be had.
        case usage = 2
    }

    var status = Status.good
    /// Whole lines for standard output.
    var output = ""
    /// Faults for standard error, a line each.
    var faults: [String] = []
}

/// Everything that keeps a command from being carried out, a line each.
struct CommandFault: Error, Equatable {
    var lines: [String]

    init(_ lines: [String]) { self.lines = lines }
    init(_ line: String) { lines = [line] }
}

/// Colours for a terminal (ECMA-48 SGR), or nothing.
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
