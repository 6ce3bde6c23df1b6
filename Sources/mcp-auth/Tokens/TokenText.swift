import WireFormat

/// Reads a command's token from standard input or a file. Other users can see arguments, so tokens are not read from
/// them.
enum TokenText {
    /// The longest token in bytes.
    static let maximumBytes = 65_536

    /// Reads a token and removes the line break after it.
    ///
    /// - Parameter path: The path of a file; nil or `-` means standard input.
    static func read(from path: String?, in environment: CommandEnvironment) throws(CommandFault) -> [UInt8] {
        // Two more bytes for a line break.
        let limit = maximumBytes + 2
        var token: [UInt8]
        let name = path.flatMap { $0 == "-" ? nil : $0 }
        let place = name.map(ArgumentList.place) ?? "standard input"
        do throws(CommandEnvironment.InputError) {
            if let name {
                token = try environment.readFile(name, limit)
            } else {
                token = try environment.readStandardInput(limit)
            }
        } catch {
            switch error {
            // A placeholder of refused length. The verifier refuses it for its length and never looks at the bytes.
            case .tooLong: return [UInt8](repeating: UInt8(ascii: "a"), count: maximumBytes + 1)
            case .unreadable: throw CommandFault("\(place): cannot be read")
            case .notAFile: throw CommandFault("\(place): is not a regular file; a pipe is read as standard input (-)")
            }
        }
        if token.last == 0x0A { token.removeLast() }
        if token.last == 0x0D { token.removeLast() }
        guard !token.isEmpty else { throw CommandFault("\(place): there is no token") }
        return token
    }

    /// The token without a scheme in front, which people copy from a header.
    static func withoutScheme(_ token: [UInt8]) -> [UInt8] {
        var rest = token[...]
        let field = "authorization:"
        if ASCII.equalsIgnoringCase(rest.prefix(field.utf8.count), field.utf8) {
            rest = rest.dropFirst(field.utf8.count).drop { $0 == 0x20 }
        }
        for scheme in ["bearer ", "dpop "] where ASCII.equalsIgnoringCase(rest.prefix(scheme.utf8.count), scheme.utf8) {
            rest = rest.dropFirst(scheme.utf8.count)
        }
        return Array(OptionalWhiteSpace.trimmed(Array(rest)))
    }
}
