internal import HTTPMessages
internal import JOSE
internal import WireFormat

/// Reads the value of a ``ClientCertificateField``. Each format has one reader, and each reader accepts only what that
/// proxy writes.
enum ClientCertificateText {
    /// What a value says.
    enum Reading: Equatable {
        /// The client has no certificate.
        case absent
        /// The SHA-256 of the certificate in DER.
        case thumbprint(SHA256Digest)
        /// The proxy does not write such a value, or it holds more than one certificate.
        case malformed

        init(_ thumbprint: SHA256Digest?) {
            self = thumbprint.map { .thumbprint($0) } ?? .malformed
        }
    }

    /// The longest value in bytes that is read: more than a certificate, or a chain of several, needs.
    static let maximumBytes = 65_536

    static func read(_ value: ArraySlice<UInt8>, as format: ClientCertificateField.Format) -> Reading {
        guard value.count <= maximumBytes else { return .malformed }
        if value.isEmpty { return .absent }
        switch format {
        case .byteSequence: return byteSequence(value)
        case .escapedPEM: return Reading(escapedPEM(value, chain: .refused)?.thumbprint)
        case .escapedPEMChain: return Reading(escapedPEM(value, chain: .ignored)?.thumbprint)
        case .forwardedElement: return Reading(ForwardedClientCert(value)?.thumbprint)
        case .base64List: return Reading(certificate(base64: value.prefix { $0 != UInt8(ascii: ",") })?.thumbprint)
        }
    }

    /// RFC 9440 §2.1, RFC 8941 §4.2.7: a Byte Sequence. Parameters, white space and missing padding are refused, which
    /// is stricter than RFC 8941.
    private static func byteSequence(_ value: ArraySlice<UInt8>) -> Reading {
        let colon = UInt8(ascii: ":")
        guard value.count >= 2, value.first == colon, value.last == colon else { return .malformed }
        let text = value.dropFirst().dropLast()
        return text.isEmpty ? .absent : Reading(certificate(base64: text)?.thumbprint)
    }

    /// What to do with the certificates after the first one, which is the client's.
    enum Chain {
        case ignored
        case refused
    }

    static func escapedPEM(_ value: ArraySlice<UInt8>, chain: Chain) -> HTTPRequest.ClientCertificate? {
        // The proxies escape every space and line break. They may or may not escape + / and =.
        guard let text = PercentEncoding.decode(value, plus: .plus) else { return nil }
        return pem(text[...], chain: chain)
    }

    private static let beginning = Array("-----BEGIN CERTIFICATE-----".utf8)
    private static let end = Array("-----END CERTIFICATE-----".utf8)

    /// RFC 7468 §3, the strict form: boundary lines without text around them, and lines of base64 without white space.
    private static func pem(_ text: ArraySlice<UInt8>, chain: Chain) -> HTTPRequest.ClientCertificate? {
        var lines = text.split(separator: 0x0A, omittingEmptySubsequences: false).map {
            $0.last == 0x0D ? $0.dropLast() : $0
        }
        while lines.last?.isEmpty == true { lines.removeLast() }
        guard lines.first?.elementsEqual(beginning) == true,
            let last = lines.firstIndex(where: { $0.elementsEqual(end) })
        else { return nil }
        let rest = lines[(last + 1)...]
        switch chain {
        case .refused: guard rest.isEmpty else { return nil }
        case .ignored: guard rest.first?.elementsEqual(beginning) ?? true else { return nil }
        }
        return certificate(base64: Array(lines[1..<last].joined())[...])
    }

    private static func certificate(base64 text: ArraySlice<UInt8>) -> HTTPRequest.ClientCertificate? {
        // The bound holds before anything is decoded: four characters stand for three bytes.
        guard text.count <= (HTTPRequest.ClientCertificate.maximumBytes / 3 + 1) * 4,
            let der = Base64.decode(Array(text).span)
        else { return nil }
        return HTTPRequest.ClientCertificate(der: der)
    }
}
