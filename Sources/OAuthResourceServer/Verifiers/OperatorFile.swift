#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Why a file that the operator named cannot be used. No case holds its content.
public enum OperatorFileError: Error, Sendable, Hashable {
    /// There is no such file.
    case notFound
    /// The program may not read it.
    case notPermitted
    /// It is a directory.
    case directory
    /// It is longer than the limit, in bytes.
    case tooLong(limit: Int)
    /// Reading failed otherwise.
    case unreadable

    /// What is wrong and what to do, for the operator.
    public var explanation: String {
        switch self {
        case .notFound: "names a file that does not exist; check the path, which is relative to the working directory"
        case .notPermitted:
            "names a file that this program may not read; give its user permission (chown, chmod u+r), or mount it so"
        case .directory: "names a directory; name the file in it"
        case .tooLong(let limit): "names a file of more than \(limit) bytes; it is not the right one"
        case .unreadable: "names a file that cannot be read; check the path and the disk"
        }
    }
}

/// Small files that the operator names: secrets and lists of tokens.
enum OperatorFile {
    /// Reads all of a file, which may be a pipe too.
    ///
    /// - Parameters:
    ///   - path: The path.
    ///   - limit: The longest acceptable content in bytes.
    static func read(_ path: String, limit: Int) throws(OperatorFileError) -> [UInt8] {
        // The system would stop at a NUL and open another file.
        guard !path.isEmpty, !path.utf8.contains(0) else { throw .notFound }
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw error(errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while bytes.count <= limit {
            let wanted = min(chunk.count, limit + 1 - bytes.count)
            // The call writes at most `wanted` bytes, which is no more than the array has.
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe systemRead(descriptor, $0.baseAddress, wanted) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw error(errno) }
            guard count > 0 else { return bytes }
            bytes += chunk[..<count]
        }
        throw .tooLong(limit: limit)
    }

    private static func error(_ number: Int32) -> OperatorFileError {
        switch number {
        case ENOENT, ENOTDIR: .notFound
        case EACCES, EPERM: .notPermitted
        case EISDIR: .directory
        default: .unreadable
        }
    }
}

/// The system's call, which the member of the same name would hide.
private func systemRead(_ descriptor: Int32, _ bytes: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    unsafe read(descriptor, bytes, count)
}
