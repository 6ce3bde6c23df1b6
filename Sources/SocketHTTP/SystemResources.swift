#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
#if os(Linux)
    import CSystemCalls
#endif

/// The number of processors that this process may use.
func systemProcessorCount() -> Int {
    #if os(Linux)
        let allowed = Int(csystem_processors())
        if allowed > 0 { return allowed }
    #endif
    return Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
}

/// The limit of the process's open descriptors.
enum OpenFileLimit {
    /// Raises the soft limit, within the hard limit, to hold this number of connections beside the program's files.
    ///
    /// The usual soft limit of 1024 protects programs that use `select`, which cannot take a higher descriptor.
    ///
    /// - Returns: The soft limit from now on; nil when the system does not say.
    @discardableResult
    static func raise(toHold connections: Int) -> Int? {
        let wanted = rlim_t(clamping: max(0, min(connections, 1 << 30)) + 256)
        var limit = rlimit()
        guard unsafe getrlimit(openFiles, &limit) == 0 else { return nil }
        guard limit.rlim_cur < wanted else { return Int(clamping: limit.rlim_cur) }
        let before = limit.rlim_cur
        limit.rlim_cur = min(wanted, limit.rlim_max)
        return Int(clamping: unsafe setrlimit(openFiles, &limit) == 0 ? limit.rlim_cur : before)
    }

    /// Throws when the limit leaves no place for connections beside the files that are open now.
    ///
    /// - Parameters:
    ///   - limit: The limit of the process's open descriptors; nil when there is none.
    ///   - loops: The number of event loops that are still to be started.
    static func check(_ limit: Int?, loops: Int) throws(HTTPServer.StartError) {
        guard let limit else { return }
        // The lowest free descriptor is about the number of those that are open.
        let free = dup(0)
        if free >= 0 { _ = systemClose(free) }
        let open = free >= 0 ? Int(free) : limit
        let needed = open + loops * ServerLimits.loopDescriptors + ServerLimits.leastDescriptors
        guard needed <= limit else { throw .tooFewFiles(limit, needed: needed) }
    }

    #if canImport(Glibc)
        private static let openFiles = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
        private static let openFiles = RLIMIT_NOFILE
    #endif
}
