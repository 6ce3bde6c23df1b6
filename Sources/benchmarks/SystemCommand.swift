#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A running shell command and its output. The pointer to the C library's pipe stays private.
@safe
final class SystemCommand {
    /// Why a benchmark cannot run, as a sentence for the user.
    struct Failure: Error, CustomStringConvertible {
        let description: String

        init(_ description: String) {
            self.description = description
        }
    }

    private let pipe: UnsafeMutablePointer<FILE>

    /// Starts a command.
    init(_ command: String) throws(Failure) {
        // A child would print this program's buffered output again.
        fflush(nil)
        guard let pipe = unsafe popen(command, "r") else { throw Failure("no process could be started") }
        unsafe self.pipe = pipe
    }

    /// Waits until the command ends.
    deinit {
        unsafe pclose(pipe)
    }

    /// The next line, including its line break; nil at the end of the output.
    func readLine() -> String? {
        var buffer: UnsafeMutablePointer<CChar>?
        var size = 0
        // `getline` allocates the buffer, so it is freed here. The text in it ends with a NUL.
        defer { unsafe free(buffer) }
        guard unsafe getline(&buffer, &size, pipe) > 0, let buffer = unsafe buffer else { return nil }
        return unsafe String(cString: buffer)
    }

    /// The whole output of a command.
    static func output(of command: String) throws(Failure) -> String {
        let running = try SystemCommand(command)
        var text = ""
        while let line = running.readLine() { text += line }
        return text
    }

    /// Whether a program with this name is installed.
    static func exists(_ program: String) -> Bool {
        (try? output(of: "command -v \(program)")).map { !$0.isEmpty } ?? false
    }
}

/// A server of this program in a separate process that is bound to one core.
@MainActor
final class ServerProcess {
    let port: Int
    /// The token to send; nil if the kind of server needs none.
    let token: String?
    private let process: Int32
    private var running: SystemCommand?

    init(_ kind: ServedHandler.Kind, core: Int) throws {
        let program = CommandLine.arguments[0]
        let running = try SystemCommand("exec taskset -c \(core) '\(program)' serve \(kind.rawValue) 1")
        // The line is: listening port=… process=… [token=…]
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

    /// Stops the server and waits until it has ended.
    func stop() {
        kill(process, SIGTERM)
        running = nil
    }

    /// The CPU time of all threads of the server so far.
    func cpuSeconds() -> Double {
        // CPU times are the fields 14 and 15. The second field may contain spaces and ends with the last parenthesis.
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
