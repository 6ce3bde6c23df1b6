import JOSE
import Testing

@testable import TokenVerification

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

@Suite("Secrets and lists from files", .serialized)
struct OperatorFileVerifierTests {
    /// A folder that goes with the test.
    private final class Folder {
        let path: String

        init() throws {
            var template = Array("/tmp/operator-file-XXXXXX".utf8CString)
            let made = unsafe template.withUnsafeMutableBufferPointer { buffer in
                unsafe buffer.baseAddress.flatMap { unsafe mkdtemp($0) }.map { unsafe String(cString: $0) }
            }
            path = try #require(made)
        }

        deinit {
            for name in ["file", "pipe"] { unsafe unlink(path + "/" + name) }
            unsafe rmdir(path)
        }

        func file(_ content: [UInt8]) throws -> String {
            let name = path + "/file"
            let descriptor = unsafe open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
            try #require(descriptor >= 0)
            defer { close(descriptor) }
            var rest = content[...]
            while !rest.isEmpty {
                let count = unsafe rest.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
                try #require(count > 0)
                rest = rest.dropFirst(count)
            }
            return name
        }
    }

    @Test(
        "The content is the secret; exactly one line break behind it is not",
        arguments: [
            ("secret", "secret"), ("secret\n", "secret"), ("secret\r\n", "secret"), (" s e ", " s e "),
            ("sécret\n", "sécret"),
        ])
    func content(content: String, secret: String) throws {
        let folder = try Folder()
        #expect(try ClientSecret(file: folder.file(Array(content.utf8))).text == secret)
    }

    @Test(
        "What cannot be a secret is told and not repaired",
        arguments: [
            ([], ClientSecretError.empty), ([0x0A], .empty), ([0x0D, 0x0A], .empty),
            (Array("a\n\n".utf8), .notText), (Array("a\r".utf8), .notText), (Array("a\nb".utf8), .notText),
            ([0x61, 0x00], .notText), ([0x61, 0x7F], .notText), ([0xFF, 0x61], .notText),
            ([UInt8](repeating: 0x61, count: 4_097), .tooLong),
            ([UInt8](repeating: 0x61, count: 4_099), .file(.tooLong(limit: 4_098))),
        ] as [([UInt8], ClientSecretError)])
    func notASecret(content: [UInt8], error: ClientSecretError) throws {
        let folder = try Folder()
        let path = try folder.file(content)
        #expect(throws: error) { try ClientSecret(file: path) }
        #expect(!error.explanation.isEmpty)
    }

    @Test("A secret of 4,096 bytes is one, from a file with its line break and at hand; one more byte is too much")
    func limit() throws {
        let folder = try Folder()
        let bytes = [UInt8](repeating: 0x61, count: 4_096)
        #expect(try ClientSecret(file: folder.file(bytes + [0x0D, 0x0A])).text.utf8.count == 4_096)
        #expect(try ClientSecret(String(decoding: bytes, as: UTF8.self)).text.utf8.count == 4_096)
        #expect(throws: ClientSecretError.tooLong) {
            try ClientSecret(String(decoding: bytes + [0x61], as: UTF8.self))
        }
        #expect(throws: ClientSecretError.empty) { try ClientSecret("") }
        #expect(throws: ClientSecretError.notText) { try ClientSecret("a\n") }
    }

    @Test("A file that cannot be read says why and what to do")
    func unreadable() throws {
        let folder = try Folder()
        #expect(throws: ClientSecretError.file(.notFound)) { try ClientSecret(file: folder.path + "/none") }
        #expect(throws: ClientSecretError.file(.notFound)) { try ClientSecret(file: "") }
        let file = try folder.file(Array("a".utf8))
        #expect(throws: ClientSecretError.file(.notFound)) { try ClientSecret(file: file + "/x") }
        #expect(throws: ClientSecretError.file(.notFound)) { try ClientSecret(file: file + "\0x") }
        #expect(throws: ClientSecretError.file(.directory)) { try ClientSecret(file: folder.path) }
        do throws(ConfigurationError) {
            _ = try StaticTokenList(file: folder.path + "/none")
            Issue.record("accepted")
        } catch {
            #expect(
                error.description
                    == "staticTokens names a file that does not exist; check the path, which is relative to the working directory"
            )
        }
    }

    @Test("A file without permission says so", .enabled(if: geteuid() != 0))
    func notPermitted() throws {
        let folder = try Folder()
        let file = try folder.file(Array("a".utf8))
        unsafe chmod(file, 0)
        #expect(throws: ClientSecretError.file(.notPermitted)) { try ClientSecret(file: file) }
    }

    @Test("A list of tokens from a file")
    func list() async throws {
        let folder = try Folder()
        let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        let list = try StaticTokenList(file: folder.file(Array("# mine\nbot:\(hash)\n".utf8)))
        #expect(try await StaticTokenVerifier(list).verify(PresentedToken(Array("abc".utf8))).subject == "bot")
    }
}
