import OAuthResourceServer

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Opens a URL in the browser of the user.
enum BrowserLauncher {
    #if canImport(Darwin)
        private static let program = "open"
    #else
        private static let program = "xdg-open"
    #endif

    /// Starts the program that opens URLs. False when there is none. The URL is one argument: no shell reads it.
    static func open(_ url: String) -> Bool {
        let environment = ProcessEnvironment.variables()
        #if !canImport(Darwin)
            // Without a display, xdg-open may start a browser in this terminal, which would wait for keys.
            guard environment["DISPLAY"] != nil || environment["WAYLAND_DISPLAY"] != nil else { return false }
        #endif
        // The arrays and their texts live until the call returns; the new process has copies of them.
        var arguments = unsafe Self.array([program, url])
        var variables = unsafe Self.array(environment.map { "\($0)=\($1)" })
        defer {
            unsafe arguments.forEach { unsafe free($0) }
            unsafe variables.forEach { unsafe free($0) }
        }
        #if canImport(Darwin)
            var actions: posix_spawn_file_actions_t?
        #else
            var actions = unsafe posix_spawn_file_actions_t()
        #endif
        guard unsafe posix_spawn_file_actions_init(&actions) == 0 else { return false }
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        // Its output would mix with the token.
        guard unsafe posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) == 0,
            unsafe posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0) == 0
        else { return false }
        var process = pid_t()
        return unsafe posix_spawnp(&process, program, &actions, nil, &arguments, &variables) == 0
    }

    /// Copies of the texts, and a null pointer at the end.
    private static func array(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] {
        unsafe texts.map { unsafe strdup($0) } + [nil]
    }
}
