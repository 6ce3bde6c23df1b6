#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An input from a file.
struct CorpusFile {
    let path: String
    let bytes: [UInt8]

    /// The file at a path, or the files of a folder ordered by name; nil if something cannot be read.
    static func files(at path: String) -> [CorpusFile]? {
        guard let names = names(in: path) else { return bytes(at: path).map { [CorpusFile(path: path, bytes: $0)] } }
        var files: [CorpusFile] = []
        for name in names {
            guard let bytes = bytes(at: "\(path)/\(name)") else { return nil }
            files.append(CorpusFile(path: "\(path)/\(name)", bytes: bytes))
        }
        return files
    }

    /// The names in a folder without hidden ones; nil if it is not a folder.
    private static func names(in folder: String) -> [String]? {
        guard let directory = unsafe opendir(folder) else { return nil }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            // `d_name` ends with a zero byte.
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe String(cString: UnsafeRawPointer(pointer).assumingMemoryBound(to: CChar.self))
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    private static func bytes(at path: String) -> [UInt8]? {
        guard let file = unsafe fopen(path, "rb") else { return nil }
        defer { unsafe fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe fread(&buffer, 1, buffer.count, file)
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return unsafe ferror(file) == 0 ? bytes : nil
    }
}
