/// The token of a command: from standard input or a file, never from the arguments, where other users can see it.
enum TokenText {
    /// The longest token in bytes.
    static let maximumBytes = 65_536

    /// Reads a token and takes off the line break behind it.
    ///
    /// - Parameter path: A file; nil or `-` for standard input.
    static func read(from path: String?, in surroundings: Surroundings) throws(CommandFault) -> [UInt8] {
        // Room for the line break.
        let limit = maximumBytes + 2
        var token: [UInt8]
        let name = path.flatMap { $0 == "-" ? nil : $0 }
        let place = name.map(ArgumentList.place) ?? "standard input"
        do throws(Surroundings.InputError) {
            if let name {
                token = try surroundings.readFile(name, limit)
            } else {
                token = try surroundings.readStandardInput(limit)
            }
        } catch {
            switch error {
            // Refused for its length like any other token: the bytes do not matter.
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
