import Foundation

/// The files of the package, as the rules read them.
struct SourceTree {
    struct File {
        /// The path from the package root, with `/`.
        let path: String
        let text: String

        /// `Sources/JOSE/Digest.swift` → `JOSE`.
        var target: String { String(path.split(separator: "/").dropFirst().first ?? "") }
        /// `Sources/JOSE/Digest.swift` → `Digest.swift`.
        var name: String { String(path.split(separator: "/").last ?? "") }
    }

    let root: URL

    /// The package that this file belongs to.
    static let package = SourceTree(
        root: URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent())

    func text(of path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// The names in the top folder of the package.
    func topLevel() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root.path(percentEncoded: false)).sorted()
    }

    /// The folders inside a folder.
    func folders(in path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(
            at: root.appending(path: path), includingPropertiesForKeys: [.isDirectoryKey]
        ).filter { try $0.resourceValues(forKeys: [.isDirectoryKey]).isDirectory == true }
            .map(\.lastPathComponent).sorted()
    }

    /// The Swift files below a folder.
    func swiftFiles(in folder: String) throws -> [File] {
        try files(in: folder, ending: ".swift")
    }

    /// The Swift and C files below a folder.
    func codeFiles(in folder: String) throws -> [File] {
        try [".swift", ".c", ".h"].flatMap { try files(in: folder, ending: $0) }
    }

    /// The files below a folder whose names have this ending.
    func files(in folder: String, ending: String) throws -> [File] {
        try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: folder).path(percentEncoded: false))
            .filter { $0.hasSuffix(ending) }.sorted()
            .map { File(path: "\(folder)/\($0)", text: try text(of: "\(folder)/\($0)")) }
    }
}
