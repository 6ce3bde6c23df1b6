import Testing

/// Each rule finds a violation that is planted in a text, and reports nothing else.
@Suite("The house rules catch what they are for", .serialized)
struct RulesOfRulesTests {
    @Test(
        "Every form of an import is found",
        arguments: [
            "import JOSE", "public import JOSE", "package import JOSE", "internal import JOSE", "private import JOSE",
            "fileprivate import JOSE",
            "@testable import JOSE", "@_exported import JOSE", "@_exported public import JOSE",
            "@preconcurrency import JOSE", "@_spi(Internals) import JOSE",
            "@_implementationOnly import JOSE", "import struct JOSE.Digest", "import class JOSE.A",
            "import enum JOSE.A", "import protocol JOSE.A",
            "import typealias JOSE.A", "import func JOSE.a", "import let JOSE.a", "import var JOSE.a",
            "public import struct JOSE.Digest", "import JOSE.Submodule",
            "  import   JOSE", "\timport\tJOSE", "import JOSE // why", "import /* why */ JOSE", "import\nJOSE",
            "import `JOSE`", "let a = 1; import JOSE",
            "#if os(Linux)\nimport JOSE\n#endif", "#if canImport(Glibc)\nimport Glibc\n#else\nimport JOSE\n#endif",
            "#if false\n  @testable import JOSE\n#endif",
            "/* import A */ import JOSE", "/* /* */ import A */ import JOSE", "let a = \"//\"; import JOSE",
            "let a = \"\"\"\n  /*\n  \"\"\"\nimport JOSE",
            "let a = #\"\\\"#; import JOSE", "let a = \"\\\"\"; import JOSE", "let a = \"\\(b(\"c\"))\"\nimport JOSE",
        ])
    func planted(text: String) {
        #expect(ImportRule.imports(in: text).last?.module == "JOSE")
        let violations = ImportRule.violations(path: "Sources/WireFormat/Planted.swift", text: text)
        #expect(violations.count == 1)
        #expect(violations.first?.hasSuffix("WireFormat (level 0) imports JOSE (level 1)") == true)
        // An import of the same level is as wrong as one of a higher level; one of a lower level is allowed.
        #expect(ImportRule.violations(path: "Sources/HTTPMessages/Planted.swift", text: text).count == 1)
        #expect(ImportRule.violations(path: "Sources/OAuthResourceServer/Planted.swift", text: text) == [])
    }

    @Test(
        "What only looks like an import is none",
        arguments: [
            "// import JOSE", "/* import JOSE */", "/*\nimport JOSE\n*/", "/// import JOSE", "let a = \"import JOSE\"",
            "let a = \"\"\"\n  import JOSE\n  \"\"\"",
            "let a = #\"import JOSE\"#", "let imported = JOSE", "let a = b.import", "#if canImport(JOSE)\n#endif",
            "importJOSE()", "let a = \"\\\"import JOSE\"",
        ])
    func innocent(text: String) {
        #expect(ImportRule.imports(in: text) == [])
    }

    @Test("The line of a violation is the line of its import")
    func lines() {
        let text = "// one\n/* two\nthree */\nlet a = \"\"\"\n  five\n  \"\"\"\nimport JOSE\n"
        #expect(ImportRule.imports(in: text) == [.init(module: "JOSE", line: 7)])
    }

    @Test(
        "A target imports no stranger, and a folder without a level is none",
        arguments: [
            ("Sources/JOSE/A.swift", "import NIOCore", 1), ("Sources/JOSE/A.swift", "import Crypto", 1),
            ("Sources/JOSE/A.swift", "import Testing", 1),
            ("Sources/JOSE/A.swift", "import Glibc\nimport Synchronization", 0), ("Sources/Stranger/A.swift", "", 1),
            ("Sources/JOSE/A.swift", "import JOSE", 1),
            ("Sources/SocketHTTP/A.swift", "import SafeFetch", 1), ("Sources/SafeFetch/A.swift", "import CLibcurl", 0),
            ("Sources/SocketHTTP/A.swift", "import CSystemCalls", 0),
            ("Sources/OAuthTestKit/A.swift", "import SocketHTTP", 0),
            ("Sources/mcp-quickstart/main.swift", "import OAuthTestKit", 0),
        ])
    func strangers(path: String, text: String, count: Int) {
        #expect(ImportRule.violations(path: path, text: text).count == count)
    }

    @Test("A manifest's arrows are read and judged")
    func manifest() {
        let good = """
            let package = Package(targets: [
                .target(name: "WireFormat"),
                .target(name: "JOSE", dependencies: ["WireFormat", .target(name: "CLibcrypto")], swiftSettings: [.define("X")]),
                // .target(name: "Ghost"),
                .testTarget(name: "JOSETests", dependencies: ["JOSE"]),
            ])
            """
        let targets = ImportRule.targets(inManifest: good)
        #expect(targets.first { $0.name == "JOSE" }?.dependencies == ["WireFormat", "CLibcrypto"])
        #expect(targets.contains { $0.name == "JOSETests" && $0.kind == .test })
        #expect(!targets.contains { $0.name == "Ghost" })
        #expect(ImportRule.violations(inManifest: good) == [])
        for (old, new) in [
            ("\"WireFormat\", .t", "\"SafeFetch\", .t"), ("\"WireFormat\", .t", "\"OAuthMetadata\", .t"),
            ("\"WireFormat\", .t", "\"NIO\", .t"),
            ("name: \"WireFormat\"", "name: \"Stranger\""),
        ] {
            #expect(ImportRule.violations(inManifest: good.replacing(old, with: new)).count == 1, "\(new)")
        }
    }

    @Test("C may depend on a library of the system, and Swift may not")
    func systemLibraries() {
        func violations(of target: String) -> [String] {
            ImportRule.violations(
                inManifest: """
                    .systemLibrary(name: "SystemLibcrypto", pkgConfig: "libcrypto", providers: [.brew(["openssl@3"])]),
                    .target(
                        name: "\(target)",
                        dependencies: [.target(name: "SystemLibcrypto", condition: .when(platforms: [.macOS]))]),
                    """)
        }
        #expect(violations(of: "CLibcrypto") == [])
        #expect(violations(of: "JOSE") == ["Package.swift: JOSE depends on SystemLibcrypto and is not C"])
        #expect(violations(of: "WireFormat").count == 1)
    }

    @Test(
        "Traps are found",
        arguments: [
            "try! a()", "let a = try! b()", "a!", "a!.b", "a()!", "a[0]!", "a?.b!", "a!!", "let a: Int! = 1",
            "a as! Int", "fatalError()", "fatalError(\"x\")",
            "Swift.fatalError()", "{ a }()!", "f(a!, b)", "\"\\(a!)\"", "\"x\"!", "`a`!", "a! + b", "a! == b",
            "let b: [Int]! = nil", "let b: Array<Int>! = nil",
            "#if false\na!\n#endif", "self!.a",
        ])
    func traps(text: String) {
        #expect(TrapRule.violations(path: "Sources/JOSE/A.swift", text: text).count >= 1)
    }

    @Test(
        "What is no trap is left alone",
        arguments: [
            "!a", "a != b", "a!=b", "a !== b", "if !a, !b {}", "(!a)", "[!a]", "a && !b", "a&&(!b)", "// a!", "\"a!\"",
            "/* try! */", "#if !os(Linux)\n#endif",
            "return !a", "\"\"\"\n  fatalError()\n  \"\"\"", "preconditionFailure(\"A sentence.\")", "a { !$0 }",
            "try? a()", "x.fatalErrors", "a = !b", "a ? !b : !c",
        ])
    func noTraps(text: String) {
        #expect(TrapRule.violations(path: "Sources/JOSE/A.swift", text: text) == [])
    }

    @Test("The exception lists catch a file that is not listed, one that is listed without need, and a missing reason")
    func lists() {
        let files = [
            SourceTree.File(path: "Sources/A/a.swift", text: "let a = unsafe b"),
            SourceTree.File(path: "Sources/A/b.swift", text: "// unsafe\nlet a = \"unsafe\"; withUnsafeBytes()"),
        ]
        func violations(_ list: [String: String]) -> [String] {
            ExceptionLists.violations(of: list, in: files, ExceptionLists.usesUnsafe)
        }
        #expect(violations([:]) == ["Sources/A/a.swift: not on the list"])
        #expect(violations(["Sources/A/a.swift": "it has its reasons"]) == [])
        #expect(violations(["Sources/A/a.swift": ""]) == ["Sources/A/a.swift: no reason"])
        let reason = "it has its reasons"
        #expect(
            violations(["Sources/A/a.swift": reason, "Sources/A/b.swift": reason])
                == ["Sources/A/b.swift: on the list without need"])
        #expect(violations(["Sources/A/a.swift": reason, "Sources/A/gone.swift": reason]).count == 1)
    }

    @Test("`unsafe`, `@unchecked` and Foundation are seen in code only")
    func exceptions() {
        #expect(ExceptionLists.usesUnsafe("nonisolated(unsafe) var a = 1"))
        #expect(ExceptionLists.usesUnsafe("@unsafe func a() {}"))
        #expect(ExceptionLists.usesUnsafe("\"\\(unsafe a)\""))
        #expect(!ExceptionLists.usesUnsafe("/// unsafe\nfunc unsafely() {}"))
        #expect(ExceptionLists.usesUnchecked("final class A: @unchecked Sendable {}"))
        #expect(!ExceptionLists.usesUnchecked("/// `@unchecked Sendable`\nlet unchecked = 1"))
        #expect(ExceptionLists.importsFoundation("#if os(macOS)\n@preconcurrency import Foundation\n#endif"))
        #expect(ExceptionLists.importsFoundation("import class Foundation.NSLock"))
        #expect(ExceptionLists.importsFoundation("import FoundationNetworking"))
        #expect(!ExceptionLists.importsFoundation("// import Foundation\nlet a = \"import Foundation\""))
    }

    @Test("A README block must stand in a file as code, line by line, whatever the indentation")
    func readme() {
        let readme =
            "# A\n\n```swift\nlet a = 1\nif a > 0 {\n    b()\n}\n```\n\n```sh\nls\n```\n  ```swift\n  c()\n  ```\n"
        let blocks = ReadmeRule.swiftBlocks(in: readme)
        #expect(blocks == [["let a = 1", "if a > 0 {", "b()", "}"], ["c()"]])
        let block = blocks[0]
        #expect(
            ReadmeRule.contains(
                "func f() {\n        let a = 1\n        if a > 0 {\n            b()\n        }\n}", block))
        #expect(!ReadmeRule.contains("let a = 1\nif a > 1 {\n    b()\n}", block))
        #expect(!ReadmeRule.contains("let a = 1\nif a > 0 {\n}\nb()", block))
        #expect(!ReadmeRule.contains("/*\nlet a = 1\nif a > 0 {\n    b()\n}\n*/", block))
        #expect(!ReadmeRule.contains("let s = \"\"\"\nlet a = 1\nif a > 0 {\n    b()\n}\n\"\"\"", block))
        #expect(!ReadmeRule.contains("", block))
        #expect(ReadmeRule.swiftBlocks(in: "```swift\nnever closed") == [["never closed"]])
    }
}
