// swift-tools-version: 6.2
import PackageDescription

// A target imports only lower levels, never its own; Tests/HouseRulesTests enforces it.
let package = Package(
    name: "swift-oauth-resource-server",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "WireFormat", targets: ["WireFormat"]),
        .library(name: "HTTPMessages", targets: ["HTTPMessages"]),
        .library(name: "OAuthMetadata", targets: ["OAuthMetadata"]),
        .library(name: "JOSE", targets: ["JOSE"]),
        .library(name: "TokenVerification", targets: ["TokenVerification"]),
        .library(name: "OAuthResourceServer", targets: ["OAuthResourceServer"]),
        .library(name: "OAuthClientMetadata", targets: ["OAuthClientMetadata"]),
        .library(name: "ResourceServerKit", targets: ["ResourceServerKit"]),
        .library(name: "SafeFetch", targets: ["SafeFetch"]),
        .library(name: "SocketHTTP", targets: ["SocketHTTP"]),
        .library(name: "ValkeyReplayStore", targets: ["ValkeyReplayStore"]),
        .library(name: "OAuthTestKit", targets: ["OAuthTestKit"]),
        .executable(name: "mcp-quickstart", targets: ["mcp-quickstart"]),
        .executable(name: "mcp-auth", targets: ["mcp-auth"]),
    ],
    targets: [
        // Level 0: bytes, and the only C.
        .target(name: "CWireFormat"),
        .target(name: "WireFormat", dependencies: ["CWireFormat"]),
        // Where Homebrew keeps OpenSSL: its paths come from libcrypto.pc, on macOS only.
        .systemLibrary(name: "SystemLibcrypto", pkgConfig: "libcrypto", providers: [.brew(["openssl@3"])]),
        .target(
            name: "CLibcrypto",
            dependencies: [.target(name: "SystemLibcrypto", condition: .when(platforms: [.macOS]))],
            linkerSettings: [.linkedLibrary("crypto", .when(platforms: [.linux]))]),
        // On Linux the first fetch loads libcurl: see loading.h.
        .target(
            name: "CLibcurl",
            linkerSettings: [
                .linkedLibrary("curl", .when(platforms: [.macOS])), .linkedLibrary("dl", .when(platforms: [.linux])),
            ]),
        // hiredis's protocol, on sockets and OpenSSL's TLS of its own: see CHiredis.h. Only ValkeyReplayStore needs it.
        .systemLibrary(name: "SystemHiredis", pkgConfig: "hiredis", providers: [.brew(["hiredis"])]),
        .target(
            name: "CHiredis",
            dependencies: [
                .target(name: "SystemLibcrypto", condition: .when(platforms: [.macOS])),
                .target(name: "SystemHiredis", condition: .when(platforms: [.macOS])),
            ],
            linkerSettings: [
                .linkedLibrary("hiredis", .when(platforms: [.linux])), .linkedLibrary("ssl"),
                .linkedLibrary("crypto", .when(platforms: [.linux])),
            ]),
        // What the Swift modules of the C libraries lack: epoll, threads without signals, the resolver.
        .target(name: "CSystemCalls"),
        // The benchmarks' own C: what libcrypto costs without this library.
        .target(
            name: "CBenchmarkLimit",
            dependencies: [.target(name: "SystemLibcrypto", condition: .when(platforms: [.macOS]))],
            linkerSettings: [.linkedLibrary("crypto", .when(platforms: [.linux]))]),
        .target(name: "CFuzzer"),
        // How many tests run at the same time.
        .target(name: "CTestPace"),

        // Level 1: messages, documents, signatures. Pure.
        .target(name: "HTTPMessages", dependencies: ["WireFormat"]),
        .target(name: "OAuthMetadata", dependencies: ["WireFormat"]),
        .target(name: "JOSE", dependencies: ["WireFormat", "CLibcrypto"]),

        // Level 2: is this token good, and the two edges.
        .target(name: "TokenVerification", dependencies: ["WireFormat", "HTTPMessages", "OAuthMetadata", "JOSE"]),
        .target(name: "SafeFetch", dependencies: ["WireFormat", "CLibcurl", "CSystemCalls", "HTTPMessages"]),
        .target(name: "SocketHTTP", dependencies: ["WireFormat", "CSystemCalls", "HTTPMessages"]),

        // Level 3: what to answer to this request.
        .target(
            name: "OAuthResourceServer",
            dependencies: ["WireFormat", "CSystemCalls", "HTTPMessages", "OAuthMetadata", "JOSE", "TokenVerification"]),

        // Level 3: who is this client, for programs that embed an authorization server.
        .target(
            name: "OAuthClientMetadata",
            dependencies: ["WireFormat", "HTTPMessages", "OAuthMetadata", "JOSE", "TokenVerification"]),

        // Level 3: the used identifiers of several instances, for programs that import it.
        .target(
            name: "ValkeyReplayStore", dependencies: ["WireFormat", "CHiredis", "CSystemCalls", "TokenVerification"]),

        // Level 4: one import for a whole program.
        .target(
            name: "ResourceServerKit",
            dependencies: [
                "WireFormat", "HTTPMessages", "OAuthMetadata", "JOSE", "TokenVerification", "OAuthResourceServer",
                "SafeFetch", "SocketHTTP",
            ]),

        // Level 5: fake issuers.
        .target(
            name: "OAuthTestKit",
            dependencies: [
                "WireFormat", "CLibcrypto", "HTTPMessages", "OAuthMetadata", "JOSE", "TokenVerification",
                "OAuthClientMetadata", "OAuthResourceServer",
            ]),

        // Level 6: programs.
        .executableTarget(
            name: "mcp-quickstart",
            dependencies: ["ResourceServerKit", "OAuthClientMetadata", "ValkeyReplayStore", "OAuthTestKit"]),
        .executableTarget(
            name: "mcp-auth",
            dependencies: [
                "WireFormat", "HTTPMessages", "OAuthMetadata", "JOSE", "TokenVerification", "OAuthClientMetadata",
                "OAuthResourceServer", "SafeFetch", "SocketHTTP",
            ]),
        // The README's programs: they are here so that they compile.
        .executableTarget(name: "readme-example", dependencies: ["ResourceServerKit"]),
        .executableTarget(name: "verification-example", dependencies: ["TokenVerification"]),
        .executableTarget(
            name: "benchmarks",
            dependencies: [
                "CBenchmarkLimit", "WireFormat", "JOSE", "HTTPMessages", "OAuthMetadata", "TokenVerification",
                "OAuthResourceServer",
                "SocketHTTP", "ValkeyReplayStore", "OAuthTestKit",
            ]),
        // Parsers under libFuzzer: see Tests/Fuzz/run.
        .executableTarget(
            name: "fuzz",
            dependencies: [
                "WireFormat", "CLibcrypto", "CFuzzer", "HTTPMessages", "JOSE", "OAuthMetadata", "TokenVerification",
                "SocketHTTP", "OAuthResourceServer",
            ]),

        .testTarget(name: "WireFormatTests", dependencies: ["WireFormat"]),
        .testTarget(name: "HTTPMessagesTests", dependencies: ["HTTPMessages", "WireFormat"]),
        .testTarget(name: "OAuthMetadataTests", dependencies: ["OAuthMetadata", "WireFormat"]),
        .testTarget(name: "JOSETests", dependencies: ["JOSE", "WireFormat", "CLibcrypto"]),
        .testTarget(
            name: "TokenVerificationTests",
            dependencies: [
                "TokenVerification", "OAuthTestKit", "JOSE", "OAuthMetadata", "HTTPMessages", "WireFormat",
            ], exclude: ["ProviderShapes"]),
        .testTarget(
            name: "OAuthResourceServerTests",
            dependencies: [
                "OAuthResourceServer", "TokenVerification", "OAuthTestKit", "JOSE", "OAuthMetadata", "HTTPMessages",
                "WireFormat",
            ]),
        .testTarget(
            name: "OAuthClientMetadataTests",
            dependencies: [
                "OAuthClientMetadata", "TokenVerification", "OAuthTestKit", "SafeFetch", "JOSE", "OAuthMetadata",
                "HTTPMessages", "CLibcrypto", "WireFormat",
            ]),
        .testTarget(
            name: "GuardTests",
            dependencies: [
                "OAuthResourceServer", "TokenVerification", "OAuthTestKit", "SocketHTTP", "JOSE", "OAuthMetadata",
                "HTTPMessages", "WireFormat",
            ]),
        .testTarget(
            name: "ResourceServerKitTests",
            dependencies: ["ResourceServerKit", "readme-example", "verification-example", "OAuthTestKit"],
            exclude: ["PlantedFaults.txt"]),
        // The resolver of client documents is attacked here: the servers and resolvers that misbehave are here.
        .testTarget(
            name: "SafeFetchTests",
            dependencies: [
                "SafeFetch", "SocketHTTP", "OAuthClientMetadata", "OAuthTestKit", "TokenVerification", "JOSE",
                "OAuthMetadata", "HTTPMessages", "WireFormat",
            ]),
        .testTarget(
            name: "SocketHTTPTests", dependencies: ["SocketHTTP", "HTTPMessages", "WireFormat"],
            exclude: ["Conformance.json"]),
        .testTarget(
            name: "ValkeyReplayStoreTests",
            dependencies: ["ValkeyReplayStore", "OAuthTestKit", "TokenVerification", "WireFormat"]),
        .testTarget(
            name: "OAuthTestKitTests",
            dependencies: [
                "OAuthTestKit", "OAuthClientMetadata", "OAuthResourceServer", "TokenVerification", "JOSE",
                "OAuthMetadata", "HTTPMessages",
                "WireFormat",
            ]),
        .testTarget(
            name: "QuickstartTests",
            dependencies: [
                "mcp-quickstart", "OAuthResourceServer", "TokenVerification", "OAuthTestKit", "JOSE", "OAuthMetadata",
                "SafeFetch", "HTTPMessages", "WireFormat",
            ]),
        .testTarget(
            name: "MCPAuthTests",
            dependencies: [
                "mcp-auth", "OAuthTestKit", "OAuthResourceServer", "TokenVerification", "OAuthMetadata", "JOSE",
                "SafeFetch", "SocketHTTP", "HTTPMessages", "WireFormat",
            ]),
        .testTarget(name: "FuzzTests", dependencies: ["fuzz", "JOSE", "OAuthMetadata", "WireFormat"]),
        .testTarget(name: "HouseRulesTests", dependencies: ["CTestPace"], exclude: ["PublicAPI"]),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .c11
)

let cTargets: Set = [
    "CWireFormat", "CLibcrypto", "CLibcurl", "CHiredis", "CSystemCalls", "CBenchmarkLimit", "CFuzzer", "CTestPace",
]
for target in package.targets where target.type != .system && !cTargets.contains(target.name) {
    target.swiftSettings = [
        .strictMemorySafety(),
        .treatAllWarnings(as: .error),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    ]
}

// For Tests/Kqueue/run, on Linux: SocketHTTP and its tests alone, with the poller that Darwin uses.
if Context.environment["SOCKETHTTP_POLLER"] == "kqueue" {
    let kept: Set = ["CWireFormat", "WireFormat", "CSystemCalls", "HTTPMessages", "SocketHTTP", "SocketHTTPTests"]
    package.targets.removeAll { !kept.contains($0.name) }
    package.products = []
    for target in package.targets { target.swiftSettings?.append(.define("SOCKETHTTP_KQUEUE")) }
}
