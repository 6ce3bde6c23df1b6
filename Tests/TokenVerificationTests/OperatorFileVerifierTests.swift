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
    /// A folder that is deleted after the test.
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
            for name in ["file", "pipe", "link"] { unsafe unlink(path + "/" + name) }
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

    private static let notText = "holds a line break, a control character or bytes that are not UTF-8"

    @Test(
        "What cannot be a secret is a fault, and not repaired",
        arguments: [
            ([], "is empty"), ([0x0A], "is empty"), ([0x0D, 0x0A], "is empty"),
            (Array("a\n\n".utf8), notText), (Array("a\r".utf8), notText), (Array("a\nb".utf8), notText),
            ([0x61, 0x00], notText), ([0x61, 0x7F], notText), ([0xFF, 0x61], notText),
            ([UInt8](repeating: 0x61, count: 4_097), "is longer than 4096 bytes"),
            ([UInt8](repeating: 0x61, count: 4_099), "names a file of more than 4098 bytes"),
        ] as [([UInt8], String)])
    func notASecret(content: [UInt8], reason: String) throws {
        let folder = try Folder()
        let path = try folder.file(content)
        #expect(Self.reason { try ClientSecret(file: path) } == reason)
    }

    @Test("A secret of 4,096 bytes is one, from a file with its line break and as a text; one more byte is too much")
    func limit() throws {
        let folder = try Folder()
        let bytes = [UInt8](repeating: 0x61, count: 4_096)
        #expect(try ClientSecret(file: folder.file(bytes + [0x0D, 0x0A])).text.utf8.count == 4_096)
        #expect(try ClientSecret(String(decoding: bytes, as: UTF8.self)).text.utf8.count == 4_096)
        let long = String(decoding: bytes + [0x61], as: UTF8.self)
        #expect(Self.reason { try ClientSecret(long) } == "is longer than 4096 bytes")
        #expect(Self.reason { try ClientSecret("") } == "is empty")
        #expect(Self.reason { try ClientSecret("a\n") } == Self.notText)
    }

    @Test("A file that cannot be read says why and what to do")
    func unreadable() throws {
        let folder = try Folder()
        let file = try folder.file(Array("a".utf8))
        for path in [folder.path + "/none", "", file + "/x", file + "\0x"] {
            #expect(Self.reason { try ClientSecret(file: path) } == "names a file that does not exist")
        }
        #expect(Self.reason { try ClientSecret(file: folder.path) } == "names a directory")
        let directory = #expect(throws: ConfigurationError.self) { try ClientSecret(file: folder.path) }
        #expect(
            directory?.lines == ["clientSecret names a directory; give the path of a file in this directory"])
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

    @Test(
        "A file that its group or others can write is refused, and one that they can read is not",
        arguments: [
            (0o600, true), (0o400, true), (0o440, true), (0o644, true), (0o755, true), (0o620, false), (0o602, false),
            (0o664, false), (0o666, false), (0o777, false),
        ] as [(UInt32, Bool)])
    func writable(mode: UInt32, isAccepted: Bool) throws {
        let folder = try Folder()
        let file = try folder.file(Array("secret".utf8))
        unsafe chmod(file, mode)
        let reason =
            isAccepted ? nil : "names a file that its group or others can write, so that they can decide its content"
        #expect(Self.reason { try ClientSecret(file: file) } == reason)
        guard !isAccepted else { return }
        let error = #expect(throws: ConfigurationError.self) { try StaticTokenList(file: file) }
        #expect(error?.lines.first?.hasSuffix("; remove the write permission (chmod go-w)") == true)
    }

    @Test(
        "A file in a folder that others can write is refused, unless the sticky bit keeps them from replacing it",
        arguments: [
            (0o700, true), (0o755, true), (0o775, true), (0o1777, true), (0o777, false), (0o702, false),
            (0o2777, false),
        ] as [(UInt32, Bool)])
    func replaceable(mode: UInt32, isAccepted: Bool) throws {
        let folder = try Folder()
        let safe = try Folder()
        let file = try folder.file(Array("secret".utf8))
        let link = safe.path + "/link"
        unsafe symlink(file, link)
        unsafe chmod(folder.path, mode)
        let reason = isAccepted ? nil : "names a file in a folder that others can write, so that they can replace it"
        for path in [file, link] { #expect(Self.reason { try ClientSecret(file: path) } == reason) }
        // A link in such a folder can be replaced, wherever its file is.
        let safeFile = try safe.file(Array("secret".utf8))
        unsafe symlink(safeFile, folder.path + "/link")
        #expect(Self.reason { try ClientSecret(file: folder.path + "/link") } == reason)
    }

    private static func entry(_ mode: UInt32, owner: UInt32 = 0, device: Int) -> stat {
        var entry = stat()
        entry.st_mode = mode_t(mode)
        entry.st_uid = uid_t(owner)
        entry.st_dev = dev_t(device)
        return entry
    }

    @Test(
        "A folder that others can write is refused unless it has the sticky bit or is a mount point of its own",
        arguments: [
            // An emptyDir of Kubernetes, without and with fsGroup.
            (0o777, 2, false), (0o2777, 2, false),
            // The same folder without a mount, and ones that others cannot write.
            (0o777, 1, true), (0o702, 1, true), (0o1777, 1, false), (0o775, 1, false), (0o755, 1, false),
        ] as [(UInt32, Int, Bool)])
    func mounted(mode: UInt32, device: Int, isReplaceable: Bool) {
        let folder = Self.entry(mode, device: device)
        #expect(OperatorFile.isReplaceable(in: folder, Self.entry(0o755, device: 1)) == isReplaceable)
    }

    private struct Owned: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let owner: UInt32
        var user: UInt32 = 0
        var folder: UInt32 = 0o755
        var folderDevice = 1
        var fileDevice = 1
        var isForeign = false
    }

    @Test(
        "The owner of a file is root or the user of this program, unless the file or its folder is a mount of its own",
        arguments: [
            Owned(testDescription: "own", owner: 1_000, user: 1_000),
            Owned(testDescription: "of root", owner: 0, user: 1_000),
            Owned(testDescription: "of a third user", owner: 1_234, isForeign: true),
            Owned(testDescription: "of a third user, for another user", owner: 1_234, user: 1_000, isForeign: true),
            Owned(testDescription: "of a third user in /tmp", owner: 1_234, folder: 0o1777, isForeign: true),
            Owned(
                testDescription: "of a third user in a /tmp that is a mount", owner: 1_234, folder: 0o1777,
                folderDevice: 2, fileDevice: 2, isForeign: true),
            Owned(
                testDescription: "Kubernetes secret", owner: 0, user: 1_000, folder: 0o2755, folderDevice: 2,
                fileDevice: 2),
            Owned(
                testDescription: "Vault agent in an emptyDir", owner: 100, folder: 0o777, folderDevice: 2, fileDevice: 2
            ),
            Owned(
                testDescription: "init container in an emptyDir", owner: 2_000, user: 1_000, folder: 0o2777,
                folderDevice: 2, fileDevice: 2),
            Owned(testDescription: "Docker secret", owner: 0, user: 1_000, fileDevice: 2),
            Owned(testDescription: "Compose secret of the host's user", owner: 1_000, fileDevice: 2),
            Owned(
                testDescription: "systemd credential", owner: 0, user: 1_000, folder: 0o500, folderDevice: 2,
                fileDevice: 2),
        ])
    private func owners(of file: Owned) {
        let isForeign = OperatorFile.isForeign(
            Self.entry(0o644, owner: file.owner, device: file.fileDevice),
            in: Self.entry(file.folder, device: file.folderDevice), Self.entry(0o755, device: 1), user: file.user)
        #expect(isForeign == file.isForeign)
    }

    @Test("A file that a third user owns is refused with any mode", .enabled(if: geteuid() == 0))
    func foreign() throws {
        let folder = try Folder()
        let file = try folder.file(Array("secret".utf8))
        for mode in [0o600, 0o444] as [mode_t] {
            unsafe chmod(file, mode)
            unsafe chown(file, 1_234, 0)
            let error = #expect(throws: ConfigurationError.self) { try ClientSecret(file: file) }
            #expect(
                error?.lines == [
                    "clientSecret names a file that is owned by another user, who can change it; "
                        + "chown it to root or to the user of this program"
                ])
            unsafe chown(file, 0, 1_234)
            #expect(Self.reason { try ClientSecret(file: file) } == nil)
        }
    }

    @Test("A pipe, a device and a socket do not hang the start: they are refused")
    func notAFile() throws {
        let folder = try Folder()
        let pipe = folder.path + "/pipe"
        try #require(unsafe mkfifo(pipe, 0o600) == 0)
        for path in [pipe, "/dev/zero", "/dev/null"] {
            #expect(Self.reason { try ClientSecret(file: path) } == "names a pipe, a socket or a device")
            let error = #expect(throws: ConfigurationError.self) { try StaticTokenList(file: path) }
            #expect(
                error?.lines == ["staticTokens names a pipe, a socket or a device; give the path of a regular file"])
        }
    }

    @Test("A file without permission says so", .enabled(if: geteuid() != 0))
    func notPermitted() throws {
        let folder = try Folder()
        let file = try folder.file(Array("a".utf8))
        unsafe chmod(file, 0)
        #expect(Self.reason { try ClientSecret(file: file) } == "names a file that this program may not read")
    }

    /// Why a secret is refused: the reason of its only fault, whose setting is always the secret.
    private static func reason(_ make: () throws -> ClientSecret) -> String? {
        do {
            _ = try make()
            return nil
        } catch let error as ConfigurationError where error.settings == ["clientSecret"] {
            let words = error.lines[0].dropFirst("clientSecret ".count)
            return words.split(separator: ";").first.map(String.init)
        } catch {
            return "\(error)"
        }
    }

    @Test("A list of tokens from a file")
    func list() async throws {
        let folder = try Folder()
        let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        let list = try StaticTokenList(file: folder.file(Array("# mine\nbot:\(hash)\n".utf8)))
        #expect(try await StaticTokenVerifier(list).verify(PresentedToken(Array("abc".utf8))).subject == "bot")
    }
}
