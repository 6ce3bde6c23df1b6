import ResourceServerKit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The program.
@main
enum MCPQuickstart {
    static func main() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        if arguments.contains("--help") {
            say(QuickstartOptions.help)
            return
        }
        let environment = ProcessEnvironment.variables()
        let style = TerminalStyle.standardOutput(environment)
        do {
            if arguments == ["--tour"] {
                try await Tour.run(style: style) { say($0) }
                return
            }
            let quickstart = Quickstart(QuickstartOptions(parsing: arguments, environment: environment))
            try await untilTerminated { try await quickstart.run { say(style.styled($0)) } }
        } catch let error as UsageError {
            stop(error.faults)
        } catch {
            stop(["\(error)"])
        }
    }

    /// Runs the operation until it ends or the process gets SIGINT or SIGTERM, which cancels it.
    private static func untilTerminated(_ operation: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try await TerminationSignal.wait() }
            group.addTask { try await operation() }
            try await group.next()
            group.cancelAll()
        }
    }

    private static func stop(_ faults: [String]) -> Never {
        for fault in faults { StandardStreams.writeError("mcp-quickstart: \(fault)\n") }
        exit(ServerProgram.configurationMistake)
    }

    private static func say(_ text: String) {
        StandardStreams.writeOutput(text + "\n")
    }
}
