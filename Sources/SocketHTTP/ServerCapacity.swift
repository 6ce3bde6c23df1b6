/// How much of ``ServerLimits`` the system leaves to a server: connections, and memory for their bytes.
struct ServerCapacity: Sendable, Equatable {
    /// Largest number of open connections; at least 1.
    let connections: Int
    /// Largest number of bytes that are held for them.
    let memoryBytes: Int

    /// - Parameters:
    ///   - openFiles: The limit of the process's open descriptors; nil when there is none.
    ///   - memory: The bytes of memory that the process may use; nil when no limit is known.
    init(_ limits: ServerLimits, openFiles: Int?, memory: Int?) {
        let byFiles = openFiles.map { $0 - ServerLimits.reservedDescriptors } ?? .max
        // What a connection costs beside its bytes is not in the budget, so their number is bounded as well.
        let byMemory = memory.map { $0 / ServerLimits.memoryBytesPerConnection } ?? .max
        connections = max(1, min(limits.connections, byFiles, byMemory))
        memoryBytes = max(ServerLimits.smallestMemoryBytes, min(limits.memoryBytes, memory.map { $0 / 4 } ?? .max))
    }

    /// The capacity on this system. Raises the process's soft limit of open descriptors as far as needed. Throws when
    /// that leaves no place for connections beside this number of event loops.
    static func onThisSystem(_ limits: ServerLimits, loops: Int) throws(HTTPServer.StartError) -> ServerCapacity {
        let openFiles = OpenFileLimit.raise(toHold: limits.connections)
        try OpenFileLimit.check(openFiles, loops: loops)
        return ServerCapacity(limits, openFiles: openFiles, memory: MemoryLimit.ofControlGroup)
    }
}
