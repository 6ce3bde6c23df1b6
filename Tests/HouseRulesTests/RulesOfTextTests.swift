import Testing

/// Each rule about text finds a violation that is planted in a text, and reports nothing else.
@Suite("The house rules about text catch what they are for", .serialized)
struct RulesOfTextTests {
    private let letters = String(repeating: "a", count: 120)

    @Test("A line of 121 columns is too long, as code and as a comment, and one of 120 is not")
    func columns() {
        func violations(_ text: String) -> [String] { LayoutRule.longLines(path: "a.swift", text: text) }
        #expect(violations(letters + "\n" + letters) == [])
        #expect(violations("\n" + letters + "b\n") == ["a.swift:2: 121 columns"])
        #expect(violations("// \(letters)") == ["a.swift:1: 123 columns"])
        #expect(violations("/*\n\(letters) */").count == 1)
        #expect(violations(String(repeating: "§", count: 120)) == [], "columns, not bytes")
        #expect(violations("let a = \"\(letters)\"").count == 1, "a string of a library can be split")
    }

    @Test("In tests a string literal may be long, and a comment beside it may not")
    func vectors() {
        func violations(_ text: String) -> [String] {
            LayoutRule.longLines(path: "a.swift", text: text, exceptStrings: true)
        }
        #expect(violations("let a = \"\(letters)\"") == [])
        #expect(violations("let a = #\"\"\"\n\(letters)b\n\"\"\"#\n") == [])
        #expect(violations("let a = \"\"\"\n\"\"\"\n// \(letters)") == ["a.swift:3: 123 columns"])
        #expect(violations("// \"\(letters)\"").count == 1)
    }

    @Test("A file of 301 lines is too long, and one of 300 is not")
    func lengths() {
        #expect(LayoutRule.longFile(path: "a.swift", text: String(repeating: "\n", count: 300)) == nil)
        #expect(LayoutRule.longFile(path: "a.swift", text: String(repeating: "\n", count: 299) + "a") == nil)
        #expect(LayoutRule.longFile(path: "a.swift", text: String(repeating: "\n", count: 301)) == "a.swift: 301 lines")
        #expect(LayoutRule.longFile(path: "a.swift", text: "") == nil)
    }

    @Test("Two files of one name are found, and main.swift is allowed")
    func sharedNames() {
        #expect(LayoutRule.sharedNames(of: ["Sources/A/a.swift", "Sources/A/b.swift"]) == [])
        #expect(
            LayoutRule.sharedNames(of: ["S/A/a.swift", "T/B/a.swift", "S/b.swift"]) == ["S/A/a.swift", "T/B/a.swift"])
        #expect(LayoutRule.sharedNames(of: ["Sources/A/main.swift", "Sources/B/main.swift"]) == [])
    }

    @Test(
        "Words that hide who does what are found in comments",
        arguments: [
            "// whoever asks", "/// Nobody knows.", "let a = 1 // whatever it is", "/* somebody */",
            "// What is at hand.",
            "/// What is at\n/// hand.", "/*\n * to be\n * had\n */", "// (by itself)", "int a; // by\n// itself",
            "// `a`, whoever", "// Nobody's", "let a = \"\\(b /* nobody */)\"",
        ])
    func language(text: String) {
        #expect(LanguageRule.violations(path: "a.swift", text: text).count == 1)
    }

    @Test(
        "Code, strings and other words are left alone",
        arguments: [
            "let whoever = nobody", "let a = \"somebody\"", "// a hand", "// what at\nlet hand = 1", "// at\n\n// hand",
            "// `whoever` is the name of a variable", "// somebodyElse_", "let a = \"// nobody\"",
        ])
    func innocent(text: String) {
        #expect(LanguageRule.violations(path: "a.swift", text: text) == [])
    }

    @Test("The line of a word is the line that it begins on, and an article is read as a whole")
    func lines() {
        let text = "let a = 1\n/// One\n/// at\n/// hand\n"
        #expect(LanguageRule.violations(path: "a.swift", text: text) == ["a.swift:3: at hand"])
        #expect(LanguageRule.violations(path: "a.md", article: "# A\n\nFor whoever\n") == ["a.md:3: whoever"])
    }

    @Test("A type that no landing page names is found, and so is a name that is not public")
    func landingPages() {
        let surface = """
            # Written by a script.
            A | struct A: Sendable
            A.B | enum B
            A.b | let b: Int
            C | final class C
            D | protocol D
            f(_:) | func f(_ a: A)
            String.x | var x: Int { get }
            JOSE | @_exported import JOSE
            """
        func violations(_ page: String?) -> [String] {
            LandingPageRule.violations(target: "T", surface: surface, page: page)
                .map { $0.replacing("Sources/T/T.docc/T.md: ", with: "") }
        }
        #expect(LandingPageRule.topLevelTypes(in: surface) == ["A", "C", "D"])
        let page = "# ``T``\n\nWhat it is for.\n\n## Topics\n\n### Which?\n\n- ``A``\n- ``C``\n- ``D``\n"
        #expect(violations(page) == [])
        #expect(violations(nil) == ["missing"])
        #expect(violations(page.replacing("- ``C``\n", with: "")) == ["C is not named"])
        #expect(violations(page.replacing("- ``C``", with: "See ``C``.")) == ["C is not named"])
        #expect(violations(page + "- ``A/b``\n- <doc:Other>\n") == [])
        #expect(violations(page + "- ``E``\n") == ["E is not public"])
        #expect(violations(page.replacing("``T``", with: "T")) == ["the first line is not # ``T``"])
        #expect(
            violations(page.replacing("What it is for.\n", with: "")) == ["no sentence says what the target is for"])
    }
}
