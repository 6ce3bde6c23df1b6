#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Reads the small files that the operator configures: secrets and lists of tokens.
package enum OperatorFile {
    /// Reads a whole file or pipe.
    ///
    /// - Parameters:
    ///   - path: The path of the file.
    ///   - setting: The setting to which a fault belongs.
    ///   - limit: The largest acceptable content in bytes.
    /// - Throws: ``ConfigurationError`` with one fault. It does not contain the content of the file.
    package static func read(
        _ path: String, setting: ConfigurationError.Path, limit: Int
    ) throws(ConfigurationError) -> [UInt8] {
        do throws(Unusable) {
            return try read(path, limit: limit)
        } catch {
            throw ConfigurationError([.init(setting, error.reason, error.remedy)])
        }
    }

    /// The reason why a file cannot be used.
    private enum Unusable: Error {
        case notFound
        case notPermitted
        case directory
        case tooLong(limit: Int)
        case unreadable

        var reason: ConfigurationError.Text {
            switch self {
            case .notFound: "names a file that does not exist"
            case .notPermitted: "names a file that this program may not read"
            case .directory: "names a directory"
            case .tooLong(let limit): "names a file of more than \(String(limit)) bytes"
            case .unreadable: "names a file that cannot be read"
            }
        }

        var remedy: ConfigurationError.Text {
            switch self {
            case .notFound: "check the path, which is relative to the working directory"
            case .notPermitted: "give the user of this program the permission to read it (chown, chmod u+r)"
            case .directory: "give the path of a file in this directory"
            case .tooLong: "give the path of the correct file"
            case .unreadable: "check the path and the disk"
            }
        }
    }

    private static func read(_ path: String, limit: Int) throws(Unusable) -> [UInt8] {
        // For the system, a path ends at its first NUL, so that it would open another file.
        guard !path.isEmpty, !path.utf8.contains(0) else { throw .notFound }
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unusable(errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while bytes.count <= limit {
            let wanted = min(chunk.count, limit + 1 - bytes.count)
            // The call writes at most `wanted` bytes, and `wanted` is not larger than the array.
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe systemRead(descriptor, $0.baseAddress, wanted) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw unusable(errno) }
            guard count > 0 else { return bytes }
            bytes += chunk[..<count]
        }
        throw .tooLong(limit: limit)
    }

    private static func unusable(_ number: Int32) -> Unusable {
        switch number {
        case ENOENT, ENOTDIR: .notFound
        case EACCES, EPERM: .notPermitted
        case EISDIR: .directory
        default: .unreadable
        }
    }
}

/// The system call `read`. Inside the type, its member of the same name would hide the call.
private func systemRead(_ descriptor: Int32, _ bytes: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    unsafe read(descriptor, bytes, count)
}
