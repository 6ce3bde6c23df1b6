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
/// nor others can write it; that root or the user of this program owns it; and that others cannot replace it, which
/// they can if they can write its folder and the folder has no sticky bit. For a symbolic link, both its own folder and
/// that of the file are checked.
///
/// A mount is a decision of the operator, and often its owner and mode cannot be chosen: an `emptyDir` of Kubernetes is
/// a folder that all can write, in which an agent or an init container with another user writes the file. Therefore a
/// folder that is a mount point of its own may be writable, and without the sticky bit, which a shared folder such as
/// /tmp has, the owner of its files is free. The owner of a file that is a mount point is free too.
///
/// **Does not check** who can read the file, who owns its folders, whether a group can write them (that is common where
/// each user has a group of their own), folders further up, the folders of links between the path and the file, and
/// access control lists.
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
        case foreign
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
            case .foreign: "names a file that is owned by another user, who can change it"
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
            case .foreign: "chown it to root or to the user of this program"
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
        var file = stat()
        guard unsafe fstat(descriptor, &file) == 0 else { throw unusable(errno) }
        switch file.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw .directory
        default: throw .notAFile
        }
        guard file.st_mode & (S_IWGRP | S_IWOTH) == 0 else { throw .writable }
        var paths = [path]
        if let resolved = unsafe realpath(path, nil) {
            unsafe paths.append(String(cString: resolved))
            unsafe free(resolved)
        }
        var folder = stat()
        var parent = stat()
        for path in paths.map(Self.folder) {
            guard unsafe stat(path, &folder) == 0, unsafe stat(path + "/..", &parent) == 0 else {
                throw unusable(errno)
            }
            guard !isReplaceable(in: folder, parent) else { throw .replaceable }
        }
        // The last folder is that of the file, and not that of a link to it.
        guard !isForeign(file, in: folder, parent, user: geteuid()) else { throw .foreign }
    }

    /// Whether others can replace the files of a folder. In a folder with the sticky bit, only their owners can.
    static func isReplaceable(in folder: stat, _ parent: stat) -> Bool {
        folder.st_mode & S_IWOTH != 0 && folder.st_mode & S_ISVTX == 0 && !isMountPoint(folder, in: parent)
    }

    /// Whether a third user owns a file. The user of this program and root can change it in any case.
    static func isForeign(_ file: stat, in folder: stat, _ parent: stat, user: uid_t) -> Bool {
        let isMounted =
            isMountPoint(file, in: folder) || (isMountPoint(folder, in: parent) && folder.st_mode & S_ISVTX == 0)
        return file.st_uid != 0 && file.st_uid != user && !isMounted
    }

    /// Whether a file or folder is on another device than its folder. A mount of the same device is not found.
    private static func isMountPoint(_ entry: stat, in folder: stat) -> Bool { entry.st_dev != folder.st_dev }

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
