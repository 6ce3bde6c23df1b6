// The manifest of the README, compiled against the parts of PackageDescription that it names.

let package = Package(
    name: "notes-server",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/OWNER/swift-oauth-resource-server.git", branch: "main")
    ],
    targets: [
        .executableTarget(
            name: "notes-server",
            dependencies: [.product(name: "ResourceServerKit", package: "swift-oauth-resource-server")])
    ])

let testTarget: Package.Target =
    .testTarget(
        name: "NotesServerTests",
        dependencies: ["notes-server", .product(name: "OAuthTestKit", package: "swift-oauth-resource-server")])

struct Package: Sendable {
    enum Platform: Sendable {
        enum MacOSVersion: Sendable {
            case v15
        }

        case macOS(MacOSVersion)
    }

    enum Dependency: Sendable {
        case package(url: String, branch: String)
    }

    enum Product: Sendable, ExpressibleByStringLiteral {
        case product(name: String, package: String)
        case target(name: String)

        init(stringLiteral name: String) { self = .target(name: name) }
    }

    enum Target: Sendable {
        case executableTarget(name: String, dependencies: [Product])
        case testTarget(name: String, dependencies: [Product])
    }

    var name: String
    var platforms: [Platform]
    var dependencies: [Dependency]
    var targets: [Target]
}
