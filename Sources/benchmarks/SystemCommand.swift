#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A shell command that runs and prints. Nothing of the C library's pipe leaves it.
@safe
final class SystemCommand {
    /// Why a benchmark cannot be run: a sentence for whoever started it.
    struct Failure: Error, CustomStringConvertible {
        let description: String

        init(_ description: String) {
            self.description = description
        }
    }

    private let pipe: UnsafeMutablePointer<FILE>

    /// Starts a command.
    init(_ command: String) throws(Failure) {
        // What this program has printed must not be printed again by a child.
        fflush(nil)
        guard let pipe = unsafe popen(command, "r") else { throw Failure("no process could be started") }
        unsafe self.pipe = pipe
    }

    /// Waits for the end of the command.
    deinit {
        unsafe pclose(pipe)
    }

    /// The next line with its end; nil at the end of the output.
    func readLine() -> String? {
        var buffer: UnsafeMutablePointer<CChar>?
        var size = 0
        // `getline` makes the buffer, which is freed here; what it read ends with a NUL.
        defer { unsafe free(buffer) }
        guard unsafe getline(&buffer, &size, pipe) > 0, let buffer = unsafe buffer else { return nil }
        return unsafe String(cString: buffer)
    }

    /// Everything that a command prints.
    static func output(of command: String) throws(Failure) -> String {
        let running = try SystemCommand(command)
        var text = ""
        while let line = running.readLine() { text += line }
        return text
    }

    /// Whether there is such a program.
    static func exists(_ program: String) -> Bool {
        (try? output(of: "command -v \(program)")).map { !$0.isEmpty } ?? false
    }
}

/// This program as a server of its own, bound to one core.
@MainActor
final class ServerProcess {
    let port: Int
    /// The token to send; nil when the kind wants none.
    let token: String?
    private let process: Int32
    private var running: SystemCommand?

    init(_ kind: ServedHandler.Kind, core: Int) throws {
        let program = CommandLine.arguments[0]
        let running = try SystemCommand("exec taskset -c \(core) '\(program)' serve \(kind.rawValue) 1")
        // listening port=… process=… [token=…]
        let words = (running.readLine() ?? "").split { $0 == " " || $0 == "\n" }
        func value(_ name: String) -> String? {
            words.first { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.count + 1)) }
        }
        guard let port = value("port").flatMap({ Int($0) }), let process = value("process").flatMap({ Int32($0) })
        else { throw SystemCommand.Failure("the server \(kind.rawValue) did not start") }
        self.port = port
        self.process = process
        self.running = running
        token = value("token")
    }

    /// Ends the server and waits for it.
    func stop() {
        kill(process, SIGTERM)
        running = nil
    }

    /// The CPU time of all its threads so far.
    func cpuSeconds() -> Double {
        // Fields 14 and 15 of the line; the second may hold spaces and ends with the last parenthesis.
        let fields = contents("stat").split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    func residentMebibytes() -> Double {
        let line = contents("status").split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return (line?.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? 0) / 1024
    }

    private func contents(_ name: String) -> String {
        (try? SystemCommand.output(of: "cat /proc/\(process)/\(name)")) ?? ""
    }
}
