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

    /// A block of any kind, with or without a usable content.
    struct Section {
        /// The text after `BEGIN`; empty for an end line without its beginning.
        let label: ArraySlice<UInt8>
        /// The decoded content; nil when the block is refused.
        let der: [UInt8]?

        /// Whether the block has this label.
        func isLabelled(_ text: String) -> Bool { label.elementsEqual(text.utf8) }
        /// Whether the block is a private key of any format.
        var isPrivate: Bool { label.suffix(11).elementsEqual("PRIVATE KEY".utf8) }
    }

    /// All blocks in the order of the text.
    let sections: [Section]

    /// The blocks as public keys, in the order of the text.
    var blocks: [Result<Block, JSONWebKey.Defect>] { sections.map(\.publicKey) }

    init(_ text: String) {
        var sections: [Section] = []
        var open: OpenBlock?
        // U+FEFF: some editors write it in front of the first line.
        let bytes = Array(text.utf8)[(text.utf8.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0)...]
        for line in bytes.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
            let line = OptionalWhiteSpace.trimmed(line)
            if let label = Self.label(of: line, after: "-----BEGIN") {
                if let open { sections.append(open.refused) }
                open = OpenBlock(label: label)
            } else if let label = Self.label(of: line, after: "-----END") {
                let isMatching = open.map { $0.label == label } ?? false
                let section = isMatching ? open?.section : open?.refused
                sections.append(section ?? Section(label: [], der: nil))
                open = nil
            } else {
                open?.content += line
            }
        }
        if let open { sections.append(open.refused) }
        self.sections = sections
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

    /// The block if its end line does not come.
    var refused: PEMText.Section { PEMText.Section(label: label, der: nil) }

    var section: PEMText.Section {
        let der = Base64.decode(content.span)
        return PEMText.Section(label: label, der: der?.isEmpty == false ? der : nil)
    }
}

extension PEMText.Section {
    fileprivate var publicKey: Result<PEMText.Block, JSONWebKey.Defect> {
        let encodings: [(String, JSONWebKey.Encoding)] = [
            ("PUBLIC KEY", .subjectPublicKeyInfo), ("RSA PUBLIC KEY", .rsaPublicKey), ("CERTIFICATE", .certificate),
        ]
        guard let encoding = encodings.first(where: { isLabelled($0.0) })?.1, let der else {
            return .failure(isPrivate ? .privateMaterial : .malformed)
        }
        return .success(PEMText.Block(encoding: encoding, der: der))
    }
}
