#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Reads secrets, session keys and token lists. A user who can write such a file decides which tokens are accepted.
///
/// **Checks** that it is a regular file, so that a pipe or a device does not block the start; that neither its group
/// nor others can write it; and that others cannot replace it, which they can if they can write its folder and the
/// folder has no sticky bit. For a symbolic link, both its own folder and that of the file are checked.
/// **Does not check** who can read the file, whether a group can write its folder (that is common where each user has a
/// group of their own), and folders further up.
package enum OperatorFile {
    /// Reads a whole file.
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
        case notAFile
        case writable
        case replaceable
        case tooLong(limit: Int)
        case unreadable

        var reason: ConfigurationError.Text {
            switch self {
            case .notFound: "names a file that does not exist"
            case .notPermitted: "names a file that this program may not read"
            case .directory: "names a directory"
            case .notAFile: "names a pipe, a socket or a device"
            case .writable: "names a file that its group or others can write, so that they can decide its content"
            case .replaceable: "names a file in a folder that others can write, so that they can replace it"
            case .tooLong(let limit): "names a file of more than \(String(limit)) bytes"
            case .unreadable: "names a file that cannot be read"
            }
        }

        var remedy: ConfigurationError.Text {
            switch self {
            case .notFound: "check the path, which is relative to the working directory"
            case .notPermitted: "give the user of this program the permission to read it (chown, chmod u+r)"
            case .directory: "give the path of a file in this directory"
            case .notAFile: "give the path of a regular file"
            case .writable: "remove the write permission (chmod go-w)"
            case .replaceable:
                "move it to a folder that only you can write, or run chmod o-w on the folder"
            case .tooLong: "give the path of the correct file"
            case .unreadable: "check the path and the disk"
            }
        }
    }

    private static func read(_ path: String, limit: Int) throws(Unusable) -> [UInt8] {
        // For the system, a path ends at its first NUL, so that it would open another file.
        guard !path.isEmpty, !path.utf8.contains(0) else { throw .notFound }
        // Without O_NONBLOCK, the call waits until another program opens the other end of a pipe.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw unusable(errno) }
        defer { close(descriptor) }
        try check(descriptor, path)
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

    /// Checks the open file, which cannot be exchanged any more, and then its folders.
    private static func check(_ descriptor: Int32, _ path: String) throws(Unusable) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw unusable(errno) }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw .directory
        default: throw .notAFile
        }
        guard status.st_mode & (S_IWGRP | S_IWOTH) == 0 else { throw .writable }
        var paths = [path]
        if let resolved = unsafe realpath(path, nil) {
            unsafe paths.append(String(cString: resolved))
            unsafe free(resolved)
        }
        for folder in paths.map(folder) {
            guard unsafe stat(folder, &status) == 0 else { throw unusable(errno) }
            // In a folder with the sticky bit, such as /tmp, only its owner can rename or remove a file.
            guard status.st_mode & S_IWOTH == 0 || status.st_mode & S_ISVTX != 0 else { throw .replaceable }
        }
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
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
