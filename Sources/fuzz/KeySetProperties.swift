import CLibcrypto
import JOSE
import WireFormat

/// Key sets: every entry is either usable or reported with a defect, and a token verifies only with the key that signed
/// it.
enum KeySetProperties {
    /// Checks the input as a document, as members after those of a good key, as a PEM text, and as a block of one.
    static func check(_ input: [UInt8]) throws(Violation) {
        let text = String(decoding: input, as: UTF8.self)
        try check(pem: text)
        try check(pem: "-----BEGIN PUBLIC KEY-----\n\(text)\n-----END PUBLIC KEY-----\n")
        try check(document: input)
        try check(document: #"{"keys":["#.utf8 + openKey + input + Array("}]}".utf8))
    }

    /// The fixed P-256 key as JSON without its closing brace, so that more members can follow.
    private static let openKey: [UInt8] = {
        let fixed = try? JSONValue(parsing: Array(GoodTokens.keySet.utf8))
        let key = fixed?["keys"]?.array?.first { $0["crv"] == .string("P-256") }
        return (key?.encoded() ?? []).dropLast() + [UInt8(ascii: ",")]
    }()

    private static func check(pem text: String) throws(Violation) {
        let only = try? JSONWebKey(pem: text)
        try require(lcrypto_error_queue_length() == 0, "OpenSSL's error queue is empty")
        guard let set = try? JSONWebKeySet(pem: text, issuer: GoodTokens.issuer) else {
            return try require(only == nil, "a text with a key has a block")
        }
        try require(lcrypto_error_queue_length() == 0, "OpenSSL's error queue is empty")
        try require(!(set.keys.isEmpty && set.skipped.isEmpty), "each block is used or skipped")
        if let only {
            let isSame = set.keys.map(\.thumbprint) == [only.thumbprint] && set.skipped.isEmpty
            try require(isSame, "the only key of a text is the only one of its set")
        }
    }

    private static func check(document: [UInt8]) throws(Violation) {
        let value = try? JSONValue(parsing: document)
        let entries = value?["keys"]?.array
        let set: JSONWebKeySet
        do throws(JSONWebKeySet.ParseError) {
            set = try JSONWebKeySet(parsing: document, issuer: GoodTokens.issuer)
        } catch {
            try require(lcrypto_error_queue_length() == 0, "OpenSSL's error queue is empty")
            try require(entries == nil, "a JSON object with an array keys is a key set")
            if case .json = error { return try require(value == nil, "JSON is not called otherwise") }
            return try require(value != nil, "what is no JSON is called so")
        }
        try require(lcrypto_error_queue_length() == 0, "OpenSSL's error queue is empty")
        guard let entries else { throw Violation(property: "a key set is a JSON object with an array keys") }

        let considered = min(entries.count, JSONWebKeySet.maximumKeys)
        let excess = entries.count > considered ? 1 : 0
        try require(set.keys.count + set.skipped.count == considered + excess, "each entry is used or skipped")
        let skipped = Set(set.skipped.map(\.index))
        try require(skipped.count == set.skipped.count, "an entry is skipped once")
        try require(skipped.isSubset(of: 0..<(considered + excess)), "a skipped entry is one of the document")
        let used = entries.indices.prefix(considered).filter { !skipped.contains($0) }.map { entries[$0] }
        try require(used.count == set.keys.count, "an entry is used or skipped, not both")
        for (key, entry) in zip(set.keys, used) {
            try require(!key.algorithms.isEmpty, "a usable key has an algorithm")
            let keyID = key.keyID.map { JSONValue.string($0) }
            try require(keyID == entry["kid"], "keys keep their order and their kid")
            if let allowed = entry["alg"] {
                let only = allowed.string.flatMap { SignatureAlgorithm(name: $0) }
                try require(only != nil && key.algorithms == [only], "a key's alg is its only one")
            }
            try checkAdmissible(entry)
        }
        try checkAcceptance(by: set, numbers: used.map(numbers))
    }

    /// Checks the rules for a key (RFC 7517, RFC 7518). It uses copied values instead of nodes.
    private static func checkAdmissible(_ entry: JSONValue) throws(Violation) {
        for member in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
            try require(entry[member] == nil, "a key with private members is not used")
        }
        try require(entry["use"] == nil || entry["use"] == .string("sig"), "a key for another use is not used")
        let operations = entry["key_ops"]
        try require(operations == nil || operations?.array?.contains(.string("verify")) == true, "key_ops has verify")
        let numbers = numbers(of: entry)
        switch (entry["kty"], entry["crv"]) {
        case (.string("RSA"), _):
            let (modulus, exponent) = (numbers[0], numbers[1])
            let bits = modulus.count * 8 - (modulus.first?.leadingZeroBitCount ?? 0)
            try require(
                (2_048...8_192).contains(bits) && modulus.last.map { $0 & 1 } == 1, "n is odd, 2048 to 8192 bits")
            let value = exponent.count > 8 ? UInt64.max : exponent.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            try require(value & 1 == 1 && (3...(1 << 32)).contains(value), "e is odd, 3 to 2^32")
        case (.string("EC"), .string(let curve)):
            let size = ["P-256": 32, "P-384": 48, "P-521": 66][curve]
            for name in ["x", "y"] {
                let bytes = entry[name]?.string.flatMap { Base64URL.decode($0) }
                try require(size != nil && bytes?.count == size, "a coordinate has the curve's size")
            }
        case (.string("OKP"), .string("Ed25519")):
            let bytes = entry["x"]?.string.flatMap { Base64URL.decode($0) }
            try require(bytes?.count == 32, "an Ed25519 key has 32 bytes")
        default:
            throw Violation(property: "a key of another type or curve is not used")
        }
    }

    /// Checks the good tokens against this set.
    private static func checkAcceptance(by set: JSONWebKeySet, numbers: [[[UInt8]]]) throws(Violation) {
        for (algorithm, token) in GoodTokens.all where SignatureAlgorithm(name: algorithm) != nil {
            guard try TokenProperties.verified(Array(token.utf8), keys: set) != nil else { continue }
            try require(
                numbers.contains(where: signers.contains), "a token verifies only with a key that signed good tokens")
        }
    }

    private static let signers: [[[UInt8]]] = {
        let fixed = try? JSONValue(parsing: Array(GoodTokens.keySet.utf8))
        return (fixed?["keys"]?.array ?? []).map(numbers)
    }()

    /// The members that identify a key: those that its type requires (RFC 7518 §6).
    private static func numbers(of entry: JSONValue) -> [[UInt8]] {
        let names = entry["kty"] == .string("RSA") ? ["n", "e"] : entry["kty"] == .string("EC") ? ["x", "y"] : ["x"]
        return names.map { name in
            Array((entry[name]?.string.flatMap { Base64URL.decode($0) } ?? []).drop { $0 == 0 })
        }
    }
}
