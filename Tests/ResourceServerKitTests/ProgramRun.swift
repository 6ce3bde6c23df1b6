import Foundation

/// A program of this package, run as a user would: its status and what it wrote.
struct ProgramRun {
    let status: Int32
    /// The lines of the standard error.
    let lines: [String]
    /// The text of the standard output.
    let output: String

    /// Runs a program to its end.
    ///
    /// - Parameter environment: All variables that it sees.
    init(_ name: String, _ arguments: [String] = [], environment: [String: String] = [:]) throws {
        let process = Process()
        process.executableURL = Self.products.appending(path: name)
        process.arguments = arguments
        process.environment = environment
        let errors = Pipe()
        process.standardError = errors
        // A file, so that neither stream has to be read while the other fills up.
        let place = FileManager.default.temporaryDirectory.appending(path: "program-\(UUID().uuidString)")
        try Data().write(to: place)
        defer { try? FileManager.default.removeItem(at: place) }
        process.standardOutput = try FileHandle(forWritingTo: place)
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let bytes = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        status = process.terminationStatus
        output = String(decoding: try Data(contentsOf: place), as: UTF8.self)
        lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// The folder of the programs: the one of this test bundle.
    static var products: URL {
        let main = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundleURL
        return (bundle ?? main).deletingLastPathComponent()
    }
}
