import JOSE
import WireFormat

/// A text with public keys (a JWK Set, one JWK, or PEM), and what the library decides about each entry.
struct KeyDocument {
    /// One entry, usable or not. Its texts come from the document: they are cut, but not escaped.
    struct Entry {
        var index: Int
        var keyID: String?
        var type: String?
        var algorithm: String?
        var use: String?
        var outcome: Result<JSONWebKey, JSONWebKey.Defect>

        var defect: JSONWebKey.Defect? {
            guard case .failure(let defect) = outcome else { return nil }
            return defect
        }
    }

    /// The keys as a verifier gets them.
    let keys: JSONWebKeySet
    let entries: [Entry]
    /// The `kid` values that more than one entry has. They are cut, but not escaped.
    let repeatedKeyIDs: [String]

    /// - Parameters:
    ///   - issuer: The issuer that owns the keys.
    ///   - pemKeyID: The `kid` for a PEM key, which has none of its own.
    init(parsing bytes: [UInt8], issuer: String, pemKeyID: [UInt8]? = nil) throws(CommandFault) {
        let text = bytes.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
        // Text may stand in front of a PEM block, but no JSON document begins otherwise.
        if text.first != UInt8(ascii: "{"), text.first != UInt8(ascii: "["), Self.holdsPEM(bytes) {
            try self.init(pem: String(decoding: bytes, as: UTF8.self), issuer: issuer, keyID: pemKeyID)
        } else {
            try self.init(json: bytes, issuer: issuer)
        }
    }

    private static func holdsPEM(_ bytes: [UInt8]) -> Bool {
        bytes.split { $0 == 0x0A || $0 == 0x0D }.contains { line in
            line.drop { $0 == 0x20 || $0 == 0x09 }.starts(with: "-----BEGIN ".utf8)
        }
    }

    private init(pem: String, issuer: String, keyID: [UInt8]?) throws(CommandFault) {
        do throws(JSONWebKeySet.ParseError) {
            keys = try JSONWebKeySet(
                pem: pem, issuer: issuer, keyID: keyID.map { String(decoding: $0, as: UTF8.self) })
        } catch {
            throw CommandFault(Self.noKeySet("it has no PEM block"))
        }
        var usable = keys.keys.makeIterator()
        let defects = Dictionary(keys.skipped.map { ($0.index, $0.reason) }) { first, _ in first }
        entries = (0..<keys.keys.count + keys.skipped.count).compactMap { index in
            if let defect = defects[index] { return Entry(index: index, outcome: .failure(defect)) }
            guard let key = usable.next() else { return nil }
            return Entry(index: index, type: key.typeDescription, outcome: .success(key))
        }
        repeatedKeyIDs = []
    }

    private init(json bytes: [UInt8], issuer: String) throws(CommandFault) {
        let (set, root) = try Self.set(parsing: bytes, issuer: issuer)
        keys = set
        var usable = set.keys.makeIterator()
        let defects = Dictionary(set.skipped.map { ($0.index, $0.reason) }) { first, _ in first }
        var entries: [Entry] = []
        var counts: [[UInt8]: Int] = [:]
        root["keys"]?.forEachElement { node in
            let index = entries.count
            if let defect = defects[index] {
                entries.append(Entry(index: index, outcome: .failure(defect)))
            } else if let key = usable.next() {
                entries.append(Entry(index: index, outcome: .success(key)))
            } else {
                return false
            }
            entries[index].describe(node)
            if let keyID = node["kid"]?.stringBytes { counts[keyID, default: 0] += 1 }
            return defects[index] != .beyondLimit
        }
        self.entries = entries
        repeatedKeyIDs =
            counts.filter { $0.value > 1 }.keys.map { DisplayText.cut(String(decoding: $0, as: UTF8.self)) }.sorted()
    }

    /// The key set, and the object that contains `keys`. A single JWK becomes a set of one.
    private static func set(
        parsing bytes: [UInt8], issuer: String
    ) throws(CommandFault) -> (set: JSONWebKeySet, root: JSONDocument.Node) {
        var document = try document(parsing: bytes)
        if document.root["keys"] == nil, document.root["kty"] != nil {
            document = try self.document(parsing: Array(#"{"keys":["#.utf8) + bytes + Array("]}".utf8))
        }
        do throws(JSONWebKeySet.ParseError) {
            return (try JSONWebKeySet(parsing: document.bytes, issuer: issuer), document.root)
        } catch {
            throw CommandFault(noKeySet("it has no array keys"))
        }
    }

    private static func document(parsing bytes: [UInt8]) throws(CommandFault) -> JSONDocument {
        do throws(JSONDocument.ParseError) {
            return try JSONDocument(parsing: bytes)
        } catch {
            throw CommandFault(noKeySet("\(error.code) at byte \(error.offset)"))
        }
    }

    private static func noKeySet(_ why: String) -> String {
        "the key set is not a JWK Set, a JWK or a PEM public key (\(why))"
    }
}

extension KeyDocument.Entry {
    /// Fills in the texts to show. For an unusable entry, these are the members that can be read.
    fileprivate mutating func describe(_ node: JSONDocument.Node) {
        keyID = node["kid"]?.string.map(DisplayText.cut)
        algorithm = node["alg"]?.string.map(DisplayText.cut)
        use = node["use"]?.string.map(DisplayText.cut)
        if case .success(let key) = outcome {
            type = key.typeDescription
            return
        }
        guard let kind = node["kty"]?.string.map(DisplayText.cut) else { return }
        if let curve = node["crv"]?.string.map(DisplayText.cut) {
            type = "\(kind) \(curve)"
        } else if let modulus = node["n"]?.string.flatMap({ Base64URL.decode($0) })?.drop(while: { $0 == 0 }) {
            type = "\(kind) \(modulus.count * 8 - (modulus.first?.leadingZeroBitCount ?? 0))"
        } else {
            type = kind
        }
    }
}
