import Foundation
import Testing

@Suite("House rules (STYLE.md \"Rules with a test\")", .serialized)
struct HouseRulesTests {
    private let tree = SourceTree.package

    private var libraryFiles: [SourceTree.File] {
        get throws { try inLibraries(tree.swiftFiles(in: "Sources")) }
    }

    /// The files that belong to libraries, not to programs.
    private func inLibraries(_ files: [SourceTree.File]) throws -> [SourceTree.File] {
        let targets = try ImportRule.targets(inManifest: tree.text(of: "Package.swift"))
        let programs = Set(targets.filter { $0.kind == .program }.map(\.name))
        return files.filter { !programs.contains($0.target) }
    }

    @Test("DESIGN.md: a target imports only lower levels, never its own")
    func imports() throws {
        #expect(try ImportRule.violations(in: tree) == [])
    }

    @Test("DESIGN.md: Package.swift declares no dependency against the arrows, and none from outside")
    func manifest() throws {
        let manifest = try tree.text(of: "Package.swift")
        #expect(ImportRule.violations(inManifest: manifest) == [])
        let words = SwiftTokens.of(manifest)
        #expect(!words.contains { $0.text == "package" && $0.kind == .word && $0.isAttached }, "a package dependency")
        // Every folder is a target, and a file imports only dependencies of its target.
        let targets = ImportRule.targets(inManifest: manifest)
        #expect(try Set(targets.filter { $0.kind != .test }.map(\.name)) == Set(tree.folders(in: "Sources")))
        for file in try tree.swiftFiles(in: "Sources") + tree.swiftFiles(in: "Tests") {
            let declared = Set(targets.first { $0.name == file.target }?.dependencies ?? [])
            let used = Set(ImportRule.imports(in: file.text).map(\.module)).intersection(ImportRule.levels.keys)
            #expect(used.isSubset(of: declared), "\(file.path)")
        }
    }

    @Test("No target has the name of one in a package that servers use beside this one")
    func targetNames() throws {
        let names = try ImportRule.targets(inManifest: tree.text(of: "Package.swift")).map(\.name)
        #expect(names.count > 20)
        #expect(ImportRule.foreignTargets.intersection(names).isEmpty)
    }

    @Test("Tests import the package, Testing and what comes with the toolchain")
    func testImports() throws {
        let known = ImportRule.systemModules.union(ImportRule.levels.keys).union(["Testing", "Foundation", "Dispatch"])
        for file in try tree.swiftFiles(in: "Tests") {
            for found in ImportRule.imports(in: file.text) {
                let module = found.module
                #expect(
                    known.contains(module.replacing("_", with: "-")) || known.contains(module),
                    "\(file.path):\(found.line)")
            }
        }
    }

    @Test("The top level holds exactly the five names and dotfiles")
    func topLevel() throws {
        let names = try tree.topLevel().filter { !$0.hasPrefix(".") }
        #expect(names == ["LICENSE", "Package.swift", "README.md", "Sources", "Tests"])
    }

    @Test("`unsafe` stands only in the files on the list")
    func unsafeCode() throws {
        let files = try tree.swiftFiles(in: "Sources")
        #expect(ExceptionLists.violations(of: ExceptionLists.unsafeCode, in: files, ExceptionLists.usesUnsafe) == [])
    }

    @Test("`@unchecked` stands only in the files on the list")
    func unchecked() throws {
        let files = try tree.swiftFiles(in: "Sources")
        #expect(
            ExceptionLists.violations(of: ExceptionLists.uncheckedSendable, in: files, ExceptionLists.usesUnchecked)
                == [])
    }

    @Test("Foundation is imported only in the files on the list")
    func foundation() throws {
        let files = try tree.swiftFiles(in: "Sources")
        #expect(
            ExceptionLists.violations(of: ExceptionLists.foundation, in: files, ExceptionLists.importsFoundation) == [])
    }

    @Test("Package.swift names macOS 15: the sources use nothing of the standard library that it lacks")
    func oldestSystem() throws {
        let newer = [".utf8.span", "InlineArray", "UTF8Span"]
        let found = try libraryFiles.filter { file in newer.contains { file.text.contains($0) } }
        #expect(found.map(\.path) == [])
    }

    @Test("No `try!`, `as!`, force unwrap or `fatalError` in libraries")
    func traps() throws {
        #expect(try libraryFiles.flatMap { TrapRule.violations(path: $0.path, text: $0.text) } == [])
    }

    @Test("Every Swift block of the README and of the articles is compiled somewhere")
    func readme() throws {
        let articles = try tree.files(in: "Sources", ending: ".md")
        #expect(articles.contains { $0.name == "Frameworks.md" }, "the articles were found at all")
        let files = try (tree.swiftFiles(in: "Sources") + tree.swiftFiles(in: "Tests")).map {
            ReadmeRule.CodeFile($0.text)
        }
        for text in try [tree.text(of: "README.md")] + articles.map(\.text) {
            for block in ReadmeRule.swiftBlocks(in: text) {
                #expect(files.contains { $0.contains(block) }, "\(block.joined(separator: "\n"))")
            }
        }
        #expect(try !ReadmeRule.swiftBlocks(in: tree.text(of: "README.md")).isEmpty)
    }

    @Test("Base names of Swift files are unique in the package, main.swift aside")
    func baseNames() throws {
        let files = try tree.swiftFiles(in: "Sources") + tree.swiftFiles(in: "Tests")
        #expect(LayoutRule.sharedNames(of: files.map(\.path)) == [])
        #expect(files.count > 20, "the files were found at all")
    }

    @Test("No line of Swift or C is longer than 120 columns, comments included")
    func columns() throws {
        #expect(try tree.codeFiles(in: "Sources").count > 200, "the files were found at all")
        let tooLong =
            try tree.codeFiles(in: "Sources").flatMap { LayoutRule.longLines(path: $0.path, text: $0.text) }
            + tree.codeFiles(in: "Tests").flatMap {
                LayoutRule.longLines(path: $0.path, text: $0.text, exceptStrings: true)
            }
        if !tooLong.isEmpty { Issue.record("\(tooLong.joined(separator: "\n"))") }
    }

    @Test("No file of a library is longer than 300 lines")
    func lengths() throws {
        let files = try inLibraries(tree.codeFiles(in: "Sources"))
        #expect(files.count > 200, "the files were found at all")
        #expect(files.compactMap { LayoutRule.longFile(path: $0.path, text: $0.text) } == [])
    }

    @Test("STYLE.md \"Language\": comments and articles avoid its list of words")
    func language() throws {
        let found =
            try tree.codeFiles(in: "Sources").flatMap { LanguageRule.violations(path: $0.path, text: $0.text) }
            + tree.files(in: "Sources", ending: ".md").flatMap {
                LanguageRule.violations(path: $0.path, article: $0.text)
            }
        if !found.isEmpty { Issue.record("\(found.joined(separator: "\n"))") }
    }

    @Test("Every public top-level type is named on the landing page of its target")
    func landingPages() throws {
        let articles = try tree.files(in: "Sources", ending: ".md")
        let surfaces = try tree.files(in: "Tests/HouseRulesTests/PublicAPI", ending: ".txt")
        #expect(surfaces.count >= 10, "the files were found at all")
        for file in surfaces {
            let target = String(file.name.dropLast(".txt".count))
            let page = articles.first { $0.path == "Sources/\(target)/\(target).docc/\(target).md" }?.text
            let violations = LandingPageRule.violations(target: target, surface: file.text, page: page)
            if !violations.isEmpty { Issue.record("\(violations.joined(separator: "\n"))") }
        }
    }

    @Test("The links of the README lead to files")
    func readmeLinks() throws {
        let paths = ReadmeRule.linkedPaths(in: try tree.text(of: "README.md"))
        #expect(paths.count > 10)
        for path in paths {
            #expect(FileManager.default.fileExists(atPath: tree.root.appending(path: path).path), "\(path)")
        }
        #expect(ReadmeRule.linkedPaths(in: "[a](b/c.md#d), [e](https://f.example), [g](#h)") == ["b/c.md"])
    }

    @Test("\"Why is this token refused?\" names every reason of a refusal and of a failed fetch")
    func refusals() throws {
        let article = try tree.text(of: "Sources/ResourceServerKit/ResourceServerKit.docc/RefusedTokens.md")
        for path in RefusalArticleRule.files {
            let file = try tree.text(of: path)
            #expect(RefusalArticleRule.codes(in: file).count >= 4, "\(path)")
            #expect(RefusalArticleRule.missing(from: article, in: file) == [], "\(path)")
        }
        #expect(RefusalArticleRule.codes(in: "    case missing\n    case a = \"some_code\"") == ["some_code"])
        #expect(RefusalArticleRule.missing(from: "`aud_missing`", in: "case a = \"missing\"") == [])
        #expect(RefusalArticleRule.missing(from: "`aud_missing`", in: "case a = \"expired\"") == ["expired"])
    }

    @Test("A wrong import in a file on disk is caught: planted in a copy of the sources")
    func plantedFile() throws {
        let copy = FileManager.default.temporaryDirectory.appending(path: "house-rules-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: copy) }
        try FileManager.default.createDirectory(at: copy, withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: tree.root.appending(path: "Sources"), to: copy.appending(path: "Sources"))
        let copied = SourceTree(root: copy)
        #expect(try ImportRule.violations(in: copied) == [])

        try Data("public import JOSE\n".utf8).write(to: copy.appending(path: "Sources/WireFormat/Planted.swift"))
        #expect(
            try ImportRule.violations(in: copied) == [
                "Sources/WireFormat/Planted.swift:1: WireFormat (level 0) imports JOSE (level 1)"
            ])
    }
}
