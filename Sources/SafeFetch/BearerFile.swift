#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif
package import HTTPMessages
internal import WireFormat

/// Reads the file of a ``HTTPMessages/FetchBearer``.
///
/// **Checks** that it is a regular file, which may be reached by links, that it is not too long, and that it holds one
/// token and at most one line break after it.
/// **Does not check** who else can read or write it: the token only decides what this program may read elsewhere.
package enum BearerFile {
    /// Why the file holds no token. No case has content of the file.
    package enum Unusable: Error, Sendable, Hashable {
        /// It cannot be opened or read, or it is not a regular file.
        case unreadable
        /// It is empty, too long, or has other characters than a token.
        case noToken
    }

    /// The line of the request field.
    static func fieldLine(_ bearer: FetchBearer) throws(FetchError) -> String {
        do throws(Unusable) {
            return "Authorization: Bearer " + (try token(of: bearer))
        } catch {
            throw .credentialsUnreadable
        }
    }

    /// The token. Blocks on the file system.
    package static func token(of bearer: FetchBearer) throws(Unusable) -> String {
        var bytes = try content(of: bearer.file)
        if bytes.last == 0x0A {
            bytes.removeLast()
            if bytes.last == 0x0D { bytes.removeLast() }
        }
        guard (1...FetchBearer.maximumBytes).contains(bytes.count), isToken(bytes) else { throw .noToken }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// RFC 6750 §2.1: `b64token`.
    private static func isToken(_ bytes: [UInt8]) -> Bool {
        let end = bytes.lastIndex { $0 != UInt8(ascii: "=") } ?? 0
        return bytes[...end].allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || "-._~+/".utf8.contains($0) }
    }

    private static func content(of path: String) throws(Unusable) -> [UInt8] {
        // C reads a path up to the first NUL, which would be the path of another file.
        guard !path.isEmpty, !path.utf8.contains(0) else { throw .unreadable }
        // Without O_NONBLOCK, the call waits until another program opens the other end of a pipe.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw .unreadable }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw .unreadable }
        var bytes: [UInt8] = []
        // Room for the line break, and for one byte that shows that the file is too long.
        var chunk = [UInt8](repeating: 0, count: FetchBearer.maximumBytes + 3)
        while bytes.count < chunk.count {
            let wanted = chunk.count - bytes.count
            // The call writes at most `wanted` bytes, and `wanted` is not larger than the array.
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, wanted) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .unreadable }
            guard count > 0 else { return bytes }
            bytes += chunk[..<count]
        }
        throw .noToken
    }
}
