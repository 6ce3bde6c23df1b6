import Foundation
import ResourceServerKit
import Testing

/// A program of this package, run as a user would: its status, and its lines on the standard error.
struct ProgramRun {
    let status: Int32
    let lines: [String]

    /// Runs a program to its end.
    ///
    /// - Parameter environment: All variables that it sees.
    init(_ name: String, environment: [String: String]) throws {
        let process = Process()
        process.executableURL = Self.products.appending(path: name)
        process.environment = environment
        let errors = Pipe()
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let bytes = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        status = process.terminationStatus
        lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// The folder of the programs: the one of this test bundle.
    static var products: URL {
        let main = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundleURL
        return (bundle ?? main).deletingLastPathComponent()
    }
}

@Suite("ServerProgram: the README's program", .serialized)
struct ServerProgramTests {
    private static let good = [
        "OAUTH_RESOURCE": "https://mcp.example.com/mcp", "OAUTH_ISSUERS": "https://login.example.com",
    ]

    @Test("A missing variable is one line, and status 78")
    func missingVariable() throws {
        let run = try ProgramRun("readme-example", environment: ["OAUTH_ISSUERS": "https://login.example.com"])
        #expect(run.status == 78)
        #expect(
            run.lines == [
                "OAUTH_RESOURCE is not set; give it the public URL of this server, such as https://mcp.example.com/mcp"
            ])
    }

    @Test("Every mistake of the environment is a line, and the program is not started half")
    func everyMistake() throws {
        let run = try ProgramRun(
            "readme-example",
            environment: [
                "OAUTH_RESOURCE": "mcp.example.com", "OAUTH_ISSUERS": "https://login.example.com",
                "OAUTH_CLOCK_SKEW": "301", "OAUTH_SCOPE": "a", "OAUTH_ALLOWED_ORIGINS": "*",
                "OAUTH_STATIC_TOKENS_FILE": "/nowhere/tokens",
            ])
        #expect(run.status == 78)
        let names = run.lines.compactMap { $0.split(separator: " ").first.map(String.init) }
        #expect(
            Set(names) == [
                "OAUTH_RESOURCE", "OAUTH_CLOCK_SKEW", "OAUTH_SCOPE", "OAUTH_ALLOWED_ORIGINS",
                "OAUTH_STATIC_TOKENS_FILE",
            ])
    }
}
