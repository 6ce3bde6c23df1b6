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
            }
        }
        if token.last == 0x0A { token.removeLast() }
        if token.last == 0x0D { token.removeLast() }
        guard !token.isEmpty else { throw CommandFault("\(place): there is no token") }
        return token
    }
}
