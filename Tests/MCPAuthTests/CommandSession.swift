import HTTPMessages
import JOSE
import WireFormat

@testable import mcp_auth

/// Runs commands in process. All inputs are values of the test.
struct CommandSession {
    static let now = 1_800_000_000.0
    static let issuer = "https://issuer.example"
    static let audience = "https://mcp.example/mcp"

    var standardInput: [UInt8] = []
    var files: [String: [UInt8]] = [:]
    var fetcher = FixedFetcher()
    var outputIsTerminal = false
    var usesColour = false
    var network: ClientNetwork?
    var variables: [String: String] = [:]
    var say: (String) -> Void = { _ in }
    var openBrowser: (String) async -> Bool = { _ in false }

    func run(_ arguments: String...) async -> Outcome { await run(arguments) }

    func run(_ arguments: [String]) async -> Outcome {
        let (standardInput, files, network) = (standardInput, files, network)
        let environment = CommandEnvironment(
            readStandardInput: { limit throws(CommandEnvironment.InputError) in
                guard standardInput.count <= limit else { throw .tooLong }
                return standardInput
            },
            readFile: { path, limit throws(CommandEnvironment.InputError) in
                guard let bytes = files[path] else { throw .unreadable }
                guard bytes.count <= limit else { throw .tooLong }
                return bytes
            },
            fetcher: fetcher, untrustedFetcher: fetcher,
            network: { _ throws(CommandFault) in
                guard let network else { throw CommandFault("there is no network") }
                return network
            },
            writeSecretFile: { _, _ in true }, say: say, openBrowser: openBrowser, variables: variables,
            now: { Self.now }, outputIsTerminal: outputIsTerminal,
            usesColour: usesColour)
        return await AuthCommand.run(arguments, in: environment)
    }
}

/// Gives the same answer for every URL.
struct FixedFetcher: DocumentFetcher {
    var answer: Result<FetchedDocument, FetchError> = .failure(.connectionFailed)

    func fetch(_ request: DocumentRequest) async throws(FetchError) -> FetchedDocument { try answer.get() }
}

/// A key, and tokens signed with it.
struct TokenPress: Sendable {
    static let es256 = TokenPress(.es256)
    static let rs256 = TokenPress(.rs256)
    static let edDSA = TokenPress(.edDSA)

    let key: SigningKey

    init(_ algorithm: SignatureAlgorithm) {
        do {
            key = try SigningKey.generate(algorithm, keyID: "key-1")
        } catch {
            preconditionFailure("no key could be made")
        }
    }

    static let claims = """
        {"iss":"https://issuer.example","sub":"alice","aud":"https://mcp.example/mcp","exp":1800000300,"iat":1799992800}
        """

    var header: String { #"{"alg":"\#(key.algorithm.name)","kid":"key-1","typ":"at+jwt"}"# }

    var keySet: [UInt8] { Self.keySet([key.publicJWK]) }

    /// The public part of a P-256 key in PEM.
    var pem: String {
        // RFC 5480 §2: the SubjectPublicKeyInfo of an uncompressed point on P-256 begins with these bytes.
        let start: [UInt8] = [
            0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86, 0x48,
            0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
        ]
        let point = ["x", "y"].flatMap { key.publicJWK[$0]?.string.flatMap { Base64URL.decode($0) } ?? [] }
        // 91 bytes need two characters of padding.
        let text = Base64URL.encode(start + point).map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 } + "=="
        return "-----BEGIN PUBLIC KEY-----\n\(String(text))\n-----END PUBLIC KEY-----\n"
    }

    static func keySet(_ keys: [JSONDocument.Object]) -> [UInt8] {
        JSONValue.object(["keys": .array(keys.map { .object($0) })]).encoded()
    }

    /// A token followed by a line break, as a shell pipes it.
    func token(header: String? = nil, claims: String = claims) -> [UInt8] {
        let input = Base64URL.encode(Array((header ?? self.header).utf8)) + "." + Base64URL.encode(Array(claims.utf8))
        guard let signature = try? key.sign(Array(input.utf8)) else { preconditionFailure("signing failed") }
        return Array((input + "." + Base64URL.encode(signature) + "\n").utf8)
    }
}

/// A token of three parts from the given texts, with an invalid signature.
func unsignedToken(_ header: String, _ claims: String, signature: String = "AAAA") -> [UInt8] {
    Array("\(Base64URL.encode(Array(header.utf8))).\(Base64URL.encode(Array(claims.utf8))).\(signature)".utf8)
}
