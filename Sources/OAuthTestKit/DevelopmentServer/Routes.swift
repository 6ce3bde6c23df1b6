internal import HTTPMessages
internal import OAuthMetadata
internal import WireFormat

/// The paths of the endpoints of the development authorization server.
struct Routes: Sendable {
    enum Route: Sendable, Hashable {
        case metadata, keys, authorize, consent, token, register

        var methods: [HTTPMethod] {
            switch self {
            case .metadata, .keys: [.get, .head]
            case .authorize: [.get]
            case .consent, .token, .register: [.post]
            }
        }

        /// The web pages whose scripts may read the responses.
        enum Readers: Sendable {
            /// Pages of every origin.
            case everyPage
            /// Pages of this machine.
            case loopbackPages
            /// No page.
            case noPage
        }

        var readers: Readers {
            switch self {
            case .metadata, .keys: .everyPage
            case .token, .register: .loopbackPages
            // The user agent is redirected there, and no script reads the answer (OAuth 2.0 for Browser-Based
            // Applications §8.3).
            case .authorize, .consent: .noPage
            }
        }

        var allowedMethods: String {
            (methods + (readers == .noPage ? [] : [.options])).map(\.name).joined(separator: ", ")
        }
    }

    /// The path of the consent form, below the path of the issuer.
    static let consent = "/consent"

    private let table: [(path: String, route: Route)]

    /// Makes the routes of an issuer. A path of `/` and an empty one are equivalent.
    init(issuer: IssuerIdentifier) {
        let path = issuer.url.path
        let base = path.utf8.last == UInt8(ascii: "/") ? String(path.dropLast()) : path
        table =
            issuer.metadataPaths.map { ($0, .metadata) } + [
                (base + "/jwks", .keys),
                (base + "/authorize", .authorize),
                (base + Self.consent, .consent),
                (base + "/token", .token),
                (base + "/register", .register),
            ]
    }

    /// The route of exactly this path. The path is not decoded, merged or normalised.
    func route(of path: String) -> Route? {
        table.first { $0.path.hasSameBytes(as: path) }?.route
    }
}
