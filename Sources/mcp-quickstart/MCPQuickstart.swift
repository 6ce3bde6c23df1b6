import OAuthResourceServer
import SocketHTTP

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
        do {
            let environment = ProcessEnvironment.variables()
            let quickstart = Quickstart(QuickstartOptions(parsing: arguments, environment: environment))
            try await untilTerminated { try await quickstart.run { say($0) } }
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
        for fault in faults { write("mcp-quickstart: \(fault)\n", to: STDERR_FILENO) }
        exit(2)
    }

    private static func say(_ text: String) {
        write(text + "\n", to: STDOUT_FILENO)
    }

    /// Writes at once: a pipe behind the C library's buffer would see the ready line when it is too late.
    private static func write(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            // `write` reads no more than this many bytes of an array that outlives the call.
            let written = unsafe rest.withUnsafeBytes { unsafe systemWrite(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { return }
            rest = rest.dropFirst(written)
        }
    }
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    unsafe write(descriptor, bytes, count)
}
