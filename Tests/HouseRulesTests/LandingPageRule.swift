/// The landing page of a target lists every public top-level type of the library.
enum LandingPageRule {
    /// One line of a file of `PublicAPI`: see `.ci/public-api`.
    struct Declaration: Equatable {
        let path: String
        let text: String
    }

    /// The declarations in a file of `PublicAPI`.
    static func declarations(in surface: String) -> [Declaration] {
        surface.split(separator: "\n").compactMap { line in
            guard let bar = line.firstRange(of: " | ") else { return nil }
            return Declaration(
                path: String(line.prefix(upTo: bar.lowerBound)), text: String(line.suffix(from: bar.upperBound)))
        }
    }

    /// The types that are not nested in another type.
    static func topLevelTypes(in surface: String) -> [String] {
        let kinds: Set<Substring> = ["struct", "enum", "class", "protocol", "actor", "typealias"]
        return declarations(in: surface).filter { declaration in
            !declaration.path.contains(".") && !declaration.path.contains("(")
                && declaration.text.split(separator: " ").contains(where: kinds.contains)
        }.map(\.path)
    }

    /// The names in double backquotes at the start of the page's list items.
    static func names(on page: String) -> [String] {
        page.split(separator: "\n").compactMap { line in
            guard line.hasPrefix("- ``") else { return nil }
            let rest = line.dropFirst(4)
            return rest.firstRange(of: "``").map { String(rest.prefix(upTo: $0.lowerBound)) }
        }
    }

    /// The violations on the landing page of a target.
    ///
    /// - Parameter page: The text of `Sources/<Target>/<Target>.docc/<Target>.md`, or nil when there is none.
    static func violations(target: String, surface: String, page: String?) -> [String] {
        let path = "Sources/\(target)/\(target).docc/\(target).md"
        guard let page else { return ["\(path): missing"] }
        var violations: [String] = []
        let paragraphs = page.split(separator: "\n").filter { !$0.allSatisfy(\.isWhitespace) }
        if paragraphs.first.map(String.init) != "# ``\(target)``" {
            violations.append("\(path): the first line is not # ``\(target)``")
        }
        if paragraphs.dropFirst().first?.first?.isLetter != true {
            violations.append("\(path): no sentence says what the target is for")
        }
        let named = names(on: page)
        let known = Set(declarations(in: surface).map(\.path))
        violations += topLevelTypes(in: surface).filter { !named.contains($0) }.map { "\(path): \($0) is not named" }
        violations += named.filter { !$0.contains("/") && !known.contains($0) }.map { "\(path): \($0) is not public" }
        return violations
    }
}
