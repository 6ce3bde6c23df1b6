internal import WireFormat

/// The blocks of a PEM text (RFC 7468 §2), as operators and tools write it.
///
/// **Ignores** text before, between and after the blocks, spaces and tabs at both ends of a line, empty lines, the kind
/// of the line endings, and a byte order mark.
/// **Refuses** a block whose end line is missing or has another label, that has headers (RFC 1421), that is empty, or
/// that is not canonical base64. The other blocks of the text can be used.
struct PEMText {
    /// The content of a block that may hold a public key.
    struct Block: Hashable {
        let encoding: JSONWebKey.Encoding
        let der: [UInt8]
    }

    /// The blocks in the order of the text.
    let blocks: [Result<Block, JSONWebKey.Defect>]

    init(_ text: String) {
        var blocks: [Result<Block, JSONWebKey.Defect>] = []
        var open: OpenBlock?
        // U+FEFF: some editors write it in front of the first line.
        let bytes = Array(text.utf8)[(text.utf8.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0)...]
        for line in bytes.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
            let line = OptionalWhiteSpace.trimmed(line)
            if let label = Self.label(of: line, after: "-----BEGIN") {
                if let open { blocks.append(.failure(open.defect)) }
                open = OpenBlock(label: label)
            } else if let label = Self.label(of: line, after: "-----END") {
                let isMatching = open.map { $0.label == label } ?? false
                blocks.append(isMatching ? open?.block ?? .failure(.malformed) : .failure(open?.defect ?? .malformed))
                open = nil
            } else {
                open?.content += line
            }
        }
        if let open { blocks.append(.failure(open.defect)) }
        self.blocks = blocks
    }

    /// The label of a boundary line (RFC 7468 §3): empty if the line is malformed; nil if it is not such a line.
    private static func label(of line: ArraySlice<UInt8>, after start: String) -> ArraySlice<UInt8>? {
        guard line.starts(with: start.utf8) else { return nil }
        let rest = line.dropFirst(start.utf8.count)
        let end = rest.suffix(5)
        guard rest.count > 5, rest.first == UInt8(ascii: " "), end.elementsEqual("-----".utf8) else { return [] }
        return rest.dropFirst().dropLast(5)
    }
}

/// A block whose end line has not come yet.
private struct OpenBlock {
    let label: ArraySlice<UInt8>
    var content: [UInt8] = []

    /// The defect of the block if its end line does not come.
    var defect: JSONWebKey.Defect {
        label.suffix(11).elementsEqual("PRIVATE KEY".utf8) ? .privateMaterial : .malformed
    }

    var block: Result<PEMText.Block, JSONWebKey.Defect> {
        let encodings: [(String, JSONWebKey.Encoding)] = [
            ("PUBLIC KEY", .subjectPublicKeyInfo), ("RSA PUBLIC KEY", .rsaPublicKey), ("CERTIFICATE", .certificate),
        ]
        guard let encoding = encodings.first(where: { label.elementsEqual($0.0.utf8) })?.1,
            let der = Base64.decode(content.span), !der.isEmpty
        else { return .failure(defect) }
        return .success(PEMText.Block(encoding: encoding, der: der))
    }
}
