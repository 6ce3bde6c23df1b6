/// A target imports only lower levels, never its own (DESIGN.md "Targets and arrows").
enum ImportRule {
    /// Every target and its level.
    static let levels: [String: Int] = [
        "CWireFormat": -1,
        "WireFormat": 0, "CLibcrypto": 0, "CLibcurl": 0, "CHiredis": 0, "CSystemCalls": 0, "CBenchmarkLimit": 0,
        "CFuzzer": 0,
        "CTestPace": 0,
        "HTTPMessages": 1, "OAuthMetadata": 1, "JOSE": 1,
        "TokenVerification": 2, "SafeFetch": 2, "SocketHTTP": 2,
        "OAuthResourceServer": 3, "OAuthClientMetadata": 3, "ValkeyReplayStore": 3,
        "ResourceServerKit": 4,
        "OAuthTestKit": 5,
        "mcp-quickstart": 6, "readme-example": 6, "verification-example": 6, "mcp-auth": 6, "benchmarks": 6, "fuzz": 6,
        // System libraries: only the C targets of this level may depend on them.
        "SystemLibcrypto": 0, "SystemHiredis": 0,
    ]

    /// Targets of packages that servers use: swift-system, swift-nio, swift-log, swift-metrics, swift-crypto, the MCP
    /// Swift SDK, Vapor, Hummingbird and what these need. SwiftPM refuses a program whose packages share a name of a
    /// target.
    static let foreignTargets: Set = [
        "CSystem", "SystemPackage", "CNIOAtomics", "CNIODarwin", "CNIOLinux", "CNIOLLHTTP", "CNIOOpenBSD",
        "CNIOPosix", "CNIOSHA1", "CNIOWindows", "CNIOBoringSSL", "CNIOBoringSSLShims", "CNIOExtrasZlib", "NIO",
        "NIOCore", "NIOPosix", "NIOHTTP1", "NIOHTTP2", "NIOSSL", "NIOTLS", "NIOWebSocket", "NIOExtras",
        "NIOFileSystem", "NIOConcurrencyHelpers", "Logging", "Metrics", "CoreMetrics", "Tracing", "Instrumentation",
        "ServiceContextModule", "ServiceLifecycle", "Atomics", "Collections", "Algorithms", "AsyncAlgorithms",
        "HTTPTypes", "Crypto", "CryptoExtras", "CCryptoBoringSSL", "CCryptoBoringSSLShims", "CXKCP", "SwiftASN1",
        "X509", "Certificates", "AsyncHTTPClient", "CAsyncHTTPClient", "MCP", "EventSource", "Vapor", "CVaporBcrypt",
        "CVaporURLParser", "JWT", "JWTKit", "ConsoleKit", "RoutingKit", "MultipartKit", "Hummingbird",
        "HummingbirdCore", "HummingbirdTLS", "Configuration", "Subprocess", "ArgumentParser",
    ]

    /// The modules of the compiler and the system. Foundation is not among them: see ``ExceptionLists``.
    static let systemModules: Set = ["Swift", "Synchronization", "Glibc", "Musl", "Darwin"]

    struct Import: Equatable {
        let module: String
        let line: Int
    }

    /// The imports of a text in any form: with attributes and access levels, of single declarations, of submodules, and
    /// in every branch of an `#if`.
    static func imports(in text: String) -> [Import] {
        let tokens = SwiftTokens.of(text)
        let kinds: Set = ["typealias", "struct", "class", "enum", "protocol", "let", "var", "func", "actor"]
        return tokens.indices.compactMap { index in
            guard tokens[index].text == "import", index + 1 < tokens.count, tokens[index + 1].kind == .word,
                index == 0 || tokens[index - 1].text != "."
            else { return nil }
            var name = tokens[index + 1].text
            if kinds.contains(name), index + 2 < tokens.count { name = tokens[index + 2].text }
            return Import(module: name.filter { $0 != "`" }, line: tokens[index].line)
        }
    }

    /// The violations in one file of a target under `Sources`.
    ///
    /// - Parameter path: The path from the package root, such as `Sources/JOSE/Digest.swift`.
    static func violations(path: String, text: String) -> [String] {
        let target = SourceTree.File(path: path, text: text).target
        guard let level = levels[target] else { return ["\(path): the target \(target) has no level"] }
        return imports(in: text).compactMap { found in
            let place = "\(path):\(found.line)"
            if let other = levels[found.module] {
                guard other >= level else { return nil }
                return "\(place): \(target) (level \(level)) imports \(found.module) (level \(other))"
            }
            if systemModules.contains(found.module) || found.module == "Foundation" { return nil }
            return "\(place): \(target) imports \(found.module), which is no part of this house"
        }
    }

    /// The violations below `Sources`.
    static func violations(in tree: SourceTree) throws -> [String] {
        try tree.swiftFiles(in: "Sources").flatMap { violations(path: $0.path, text: $0.text) }
    }

    // MARK: Package.swift

    struct Target: Equatable {
        /// How the manifest declares a target.
        enum Kind: String {
            case library = "target"
            case program = "executableTarget"
            case test = "testTarget"
            case systemLibrary
        }

        let name: String
        let dependencies: [String]
        let kind: Kind

        /// Whether the target contains C: `CLibcrypto` does, `Configuration` does not.
        var isC: Bool { name.first == "C" && name.dropFirst().first?.isUppercase == true }
    }

    /// The targets that a manifest declares, and their dependencies.
    static func targets(inManifest text: String) -> [Target] {
        let tokens = SwiftTokens.of(text)
        var targets: [Target] = []
        for index in tokens.indices.dropLast()
        where index > 0 && tokens[index - 1].text == "." && tokens[index + 1].text == "(" {
            guard let kind = Target.Kind(rawValue: tokens[index].text) else { continue }
            var depth = 0
            var label = ""
            var strings: [String: [String]] = [:]
            for position in (index + 1)..<tokens.count {
                let token = tokens[position]
                if ["(", "["].contains(token.text) { depth += 1 }
                if [")", "]"].contains(token.text) { depth -= 1 }
                if depth == 0 { break }
                if depth == 1, token.kind == .word, position + 1 < tokens.count, tokens[position + 1].text == ":" {
                    label = token.text
                }
                if token.kind == .string { strings[label, default: []].append(token.text.filter { $0 != "\"" }) }
            }
            targets.append(
                Target(
                    name: strings["name"]?.first ?? "", dependencies: strings["dependencies"] ?? [], kind: kind))
        }
        return targets
    }

    /// The violations among the dependencies that a manifest declares.
    static func violations(inManifest text: String) -> [String] {
        let targets = targets(inManifest: text)
        let systemLibraries = Set(targets.filter { $0.kind == .systemLibrary }.map(\.name))
        return targets.filter { $0.kind != .test }.flatMap { target -> [String] in
            guard let level = levels[target.name] else { return ["Package.swift: \(target.name) has no level"] }
            return target.dependencies.compactMap { name in
                guard let other = levels[name] else {
                    return "Package.swift: \(target.name) depends on foreign \(name)"
                }
                if systemLibraries.contains(name) {
                    return target.isC ? nil : "Package.swift: \(target.name) depends on \(name) and is not C"
                }
                guard other >= level else { return nil }
                return "Package.swift: \(target.name) (level \(level)) depends on \(name) (level \(other))"
            }
        }
    }
}
