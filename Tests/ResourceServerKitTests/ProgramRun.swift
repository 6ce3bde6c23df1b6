import Foundation

/// Runs a program of this package as a user would, and records its status and its output.
struct ProgramRun {
    let status: Int32
    /// The lines of the standard error.
    let lines: [String]
    /// The lines without the one about the fixed port of `readme-example`, which another program may hold.
    var linesAboutConfiguration: [String] { lines.filter { !$0.hasPrefix("cannot listen on 127.0.0.1:8080: ") } }
    /// The text of the standard output.
    let output: String

    /// Runs a program until it ends.
    ///
    /// - Parameter environment: All environment variables of the program.
    init(_ name: String, _ arguments: [String] = [], environment: [String: String] = [:]) throws {
        let process = Process()
        process.executableURL = Self.products.appending(path: name)
        process.arguments = arguments
        process.environment = environment
        let errors = Pipe()
        process.standardError = errors
        // Output goes to a file, so that the program never blocks on a full pipe.
        let place = FileManager.default.temporaryDirectory.appending(path: "program-\(UUID().uuidString)")
        try Data().write(to: place)
        defer { try? FileManager.default.removeItem(at: place) }
        process.standardOutput = try FileHandle(forWritingTo: place)
        process.standardInput = FileHandle.nullDevice
        try process.run()
        // A program that serves although it should have ended would never close its standard error.
        let watchdog = Task.detached { [id = process.processIdentifier] in
            try await Task.sleep(for: .seconds(240))
            kill(id, SIGKILL)
        }
        defer { watchdog.cancel() }
        let bytes = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        status = process.terminationStatus
        output = String(decoding: try Data(contentsOf: place), as: UTF8.self)
        lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// The folder of the built programs, which contains this test bundle too.
    static var products: URL {
        let main = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundleURL
        return (bundle ?? main).deletingLastPathComponent()
    }
}
