import Foundation
import Testing

@testable import mcp_auth

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

@Suite("mcp-auth: files", .timeLimit(.minutes(1)))
struct SystemStreamsTests {
    /// A new folder, which is removed after the body.
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "mcp-auth-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.path(percentEncoded: false))
    }

    @Test("a pipe, a folder and a device are no files: a command neither waits for them nor reads them")
    func notFiles() throws {
        try withFolder { folder in
            let pipe = folder + "/pipe"
            let isMade = unsafe mkfifo(pipe, 0o600) == 0
            #expect(isMade)
            for path in [pipe, folder, "/dev/zero"] {
                #expect(throws: CommandEnvironment.InputError.notAFile, "\(path)") {
                    try SystemStreams.readFile(path, limit: 10)
                }
            }
            #expect(throws: CommandEnvironment.InputError.unreadable) {
                try SystemStreams.readFile(folder + "/missing", limit: 10)
            }
        }
    }

    @Test("a file with a secret is its owner's alone, also when an old one is replaced")
    func secretFile() throws {
        try withFolder { folder in
            let path = folder + "/token"
            #expect(SystemStreams.writeFile(path, Array("old".utf8)))
            #expect(SystemStreams.writeSecretFile(path, Array("secret".utf8)))
            #expect(try SystemStreams.readFile(path, limit: 10) == Array("secret".utf8))
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["token"])
            #expect(!SystemStreams.writeSecretFile(folder + "/no/token", []))
        }
    }
}
