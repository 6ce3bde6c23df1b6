#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The memory that the process may use.
enum MemoryLimit {
    /// The limit of the process's control group in bytes; nil on Darwin, and where no group has a limit.
    static var ofControlGroup: Int? {
        #if os(Linux)
            ofControlGroup(reading: read)
        #else
            nil
        #endif
    }

    /// Largest part of a file that is read.
    private static let fileBytes = 64 * 1024

    /// The smallest limit of the process's control group and of the groups around it, of version 1 or 2 (cgroups(7)).
    /// In version 2 the group is slowed down beyond `memory.high`, so that counts as a limit too.
    ///
    /// - Parameter read: The text of a file; nil when it cannot be read.
    static func ofControlGroup(reading read: (String) -> String?) -> Int? {
        var least: Int?
        for line in (read("/proc/self/cgroup") ?? "").split(separator: "\n") {
            // `0::/path` for version 2, `7:memory:/path` for version 1. Nested containers show a path that is outside
            // their own mount; there the limit is found at the root of the mount.
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            let place: (folder: String, files: [String])
            if parts[0] == "0", parts[1].isEmpty {
                place = ("/sys/fs/cgroup", ["memory.max", "memory.high"])
            } else if parts[1].split(separator: ",").contains("memory") {
                place = ("/sys/fs/cgroup/memory", ["memory.limit_in_bytes"])
            } else {
                continue
            }
            var names = parts[2].split(separator: "/")
            while true {
                for file in place.files {
                    let path = ([place.folder] + names.map(String.init) + [file]).joined(separator: "/")
                    // `max` stands for no limit.
                    if let limit = read(path).flatMap({ Int($0.prefix { $0 != "\n" }) }) {
                        least = min(least ?? .max, limit)
                    }
                }
                guard names.popLast() != nil else { break }
            }
        }
        return least
    }

    #if os(Linux)
        /// The text of a file of the system.
        static func read(_ path: String) -> String? {
            guard let stream = unsafe fopen(path, "re") else { return nil }
            defer { unsafe fclose(stream) }
            // `fread` reads to the end, also when the system gives a part at a time.
            var bytes = [UInt8](repeating: 0, count: fileBytes)
            let count = unsafe fread(&bytes, 1, bytes.count, stream)
            return String(decoding: bytes[..<count], as: UTF8.self)
        }
    #endif
}
