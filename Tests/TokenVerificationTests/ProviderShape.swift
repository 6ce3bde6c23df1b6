import Foundation
import HTTPMessages
import JOSE
import Testing
import WireFormat

@testable import TokenVerification

/// A file of the folder `ProviderShapes`: what an authorization server publishes, tokens as it makes them, and the
/// expected verdicts.
///
/// Members: `documentation` are the product's pages, or files of its source, that were read, mostly as stored copies;
/// `read` is the day. Without it, nothing was read, and `documentation` says where the shape is from. `remarks` are
/// what the pages did not show, and how much of them was read. `written` is the day of the shape. `configuration` is
/// what an operator sets. `documents` are the answers by URL; every other URL is a 404. In a key, `$key` stands for
/// the numbers of a fresh key, `RS256/1` for the first one of RS256. A token is signed with its `key`. `$now-300` in a
/// claim is a time; `iat` and `exp` are added unless they are given. A token has `accepts` or `refuses`, which is a
/// code. `skipped` are the reasons of the keys that are not used, `ignored` the members of the metadata that count as
/// absent.
struct ProviderShape: Sendable, CustomTestStringConvertible {
    struct Token: Sendable {
        let name: String
        let compact: String
        /// The values of an accepted token; nil for one that must be refused.
        let accepted: JSONValue?
        let refusal: String?
    }

    static let now = 1_800_000_000

    let testDescription: String
    private let file: JSONValue

    /// Every shape of the folder, by name.
    static let all: [ProviderShape] = {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "ProviderShapes")
        let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        return files.sorted { $0.path() < $1.path() }.compactMap { file in
            guard let bytes = try? Data(contentsOf: file), let value = try? JSONValue(parsing: Array(bytes)) else {
                return nil
            }
            return ProviderShape(testDescription: file.deletingPathExtension().lastPathComponent, file: value)
        }
    }()

    private init(testDescription: String, file: JSONValue) {
        self.testDescription = testDescription
        self.file = file
    }

    /// The pages, the day on which they were read, and the day of the shape.
    var sources: (documentation: [String], read: String?, written: String) {
        (strings("documentation"), file["read"]?.string, file["written"]?.string ?? "")
    }
    var skipped: [String] { strings("skipped") }
    var ignored: [String] { strings("ignored") }
    var issuer: String { configuration["issuer"]?.string ?? "" }
    /// The URL of the key set, for an issuer that is not discovered.
    var keySetURL: String? { configuration["keys"]?.string }

    /// The documents by URL.
    var documents: [(url: String, status: HTTPStatus, body: [UInt8])] {
        (file["documents"]?.object?.members ?? []).map { url, document in
            let text = document["$text"]?.string.map { Array($0.utf8) }
            return (url, .ok, text ?? Self.withKeys(document).encoded())
        }
    }

    /// The policy that the operator's configuration stands for.
    var policy: JWTPolicy {
        var policy = JWTPolicy(issuer: issuer, resource: "https://mcp.example.com/mcp")
        policy.audiences = (configuration["audiences"]?.array ?? []).compactMap(\.string)
        if let claim = configuration["audienceClaim"]?.string { policy.audienceClaim = claim }
        let algorithms = configuration["algorithms"]?.array?.compactMap {
            $0.string.flatMap(SignatureAlgorithm.init(name:))
        }
        if let algorithms { policy.algorithms = algorithms }
        if configuration["profile"] == "rfc9068" { policy.profile = .rfc9068 }
        if configuration["idTokens"] == true { policy.idTokens = .dangerouslyAccepted }
        return policy
    }

    /// The scopes of the tokens.
    var scopes: ScopeMapping {
        let claim = file["scopeClaim"]
        guard let path = claim?["path"]?.array?.compactMap(\.string) else { return ScopeMapping() }
        return ScopeMapping(claims: [
            .init(path, claim?["form"] == "memberNames" ? .memberNames : .values, spelling: .asRequested)
        ])
    }

    /// The tokens, signed.
    func tokens() throws -> [Token] {
        try (file["tokens"]?.array ?? []).map { token in
            let key = try #require(token["key"]?.string.flatMap(FreshKeys.key))
            var claims = JSONDocument.Object()
            claims["iat"] = .number(JSONDocument.Number(Self.now))
            claims["exp"] = .number(JSONDocument.Number(Self.now + 3_600))
            for (name, value) in token["claims"]?.object?.members ?? [] { claims[name] = Self.withTime(value) }
            let input = [try #require(token["header"]), .object(claims)].map { Base64URL.encode($0.encoded()) }
                .joined(separator: ".")
            let signature = try key.sign(Array(input.utf8))
            return Token(
                name: token["name"]?.string ?? "", compact: input + "." + Base64URL.encode(signature),
                accepted: token["accepts"], refusal: token["refuses"]?.string)
        }
    }

    private var configuration: JSONValue { file["configuration"] ?? .null }

    private func strings(_ name: String) -> [String] {
        (file[name]?.array ?? []).compactMap(\.string)
    }

    /// A document whose keys have the numbers of fresh keys.
    private static func withKeys(_ document: JSONValue) -> JSONValue {
        guard var object = document.object, let keys = object["keys"]?.array else { return document }
        object["keys"] = .array(
            keys.map { entry in
                guard var key = entry.object, let name = key["$key"]?.string, let fresh = FreshKeys.key(name) else {
                    return entry
                }
                key["$key"] = nil
                for (member, value) in fresh.publicJWK.members where !["alg", "use", "kid"].contains(member) {
                    key[member] = value
                }
                return .object(key)
            })
        return .object(object)
    }

    private static func withTime(_ value: JSONValue) -> JSONValue {
        guard let text = value.string, text.hasPrefix("$now") else { return value }
        return .number(JSONDocument.Number(now + (Int(text.dropFirst(4)) ?? 0)))
    }
}

/// Keys that are made once in a test run.
private enum FreshKeys {
    private static let keys: [String: SigningKey] = {
        var keys: [String: SigningKey] = [:]
        for (algorithm, count) in [(SignatureAlgorithm.rs256, 2), (.es256, 1), (.es384, 1)] {
            for number in 1...count {
                keys["\(algorithm.name)/\(number)"] = try? SigningKey.generate(algorithm, keyID: nil)
            }
        }
        return keys
    }()

    static func key(_ name: String) -> SigningKey? { keys[name] }
}
