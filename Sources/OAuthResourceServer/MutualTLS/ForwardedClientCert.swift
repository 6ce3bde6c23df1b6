internal import HTTPMessages
internal import JOSE
internal import WireFormat

/// The value of `X-Forwarded-Client-Cert` with exactly one element, as Envoy writes it for the connection of a client.
///
/// An element is pairs `key=value` with semicolons between them. A value that begins with a quote ends at the next one
/// that has no backslash before it.
///
/// **Checks** that there is one element with one `Hash`, which Envoy always writes, and that a `Cert` is there at most
/// once and is the certificate with this hash.
/// **Does not check** the other keys. Envoy does not quote the `URI` and `DNS` of a certificate, so a client could
/// write further pairs into its own certificate. They come after the true `Hash`, and a second one is refused.
struct ForwardedClientCert {
    /// The SHA-256 of the certificate in DER.
    let thumbprint: SHA256Digest

    /// Reads a value; nil when a check fails.
    init?(_ value: ArraySlice<UInt8>) {
        var hash: ArraySlice<UInt8>?
        var certificate: ArraySlice<UInt8>?
        var rest = value
        while true {
            guard let pair = Pair(firstOf: rest) else { return nil }
            if ASCII.equalsIgnoringCase(pair.key, "hash".utf8) {
                guard hash == nil else { return nil }
                hash = pair.value
            } else if ASCII.equalsIgnoringCase(pair.key, "cert".utf8) {
                guard certificate == nil else { return nil }
                certificate = pair.value
            }
            rest = pair.rest
            guard let separator = rest.first else { break }
            // A comma begins another element: one that the client has sent, or that of another proxy.
            guard separator == UInt8(ascii: ";") else { return nil }
            rest = rest.dropFirst()
        }
        guard let thumbprint = hash.flatMap(Self.digest) else { return nil }
        if let certificate {
            let read = ClientCertificateText.escapedPEM(certificate, chain: .refused)
            guard let read, read.thumbprint == thumbprint else { return nil }
        }
        self.thumbprint = thumbprint
    }

    /// The digest of 64 hexadecimal digits; nil for another text.
    private static func digest(_ text: ArraySlice<UInt8>) -> SHA256Digest? {
        let digits = text.compactMap { ASCII.hexValue($0) }
        guard text.count == 64, digits.count == 64 else { return nil }
        return SHA256Digest(bytes: stride(from: 0, to: 64, by: 2).map { digits[$0] << 4 | digits[$0 + 1] })
    }

    private struct Pair {
        let key: ArraySlice<UInt8>
        let value: ArraySlice<UInt8>
        /// What follows the pair: nothing, or a separator and further pairs.
        let rest: ArraySlice<UInt8>

        /// Nil when the text does not begin with a pair.
        init?(firstOf text: ArraySlice<UInt8>) {
            key = text.prefix { ASCII.isLetter($0) }
            guard !key.isEmpty, text[key.endIndex...].first == UInt8(ascii: "=") else { return nil }
            let behind = text[key.endIndex...].dropFirst()
            guard behind.first == UInt8(ascii: "\"") else {
                value = behind.prefix { !",;\"".utf8.contains($0) }
                rest = text[value.endIndex...]
                return
            }
            var index = behind.startIndex + 1
            while index < behind.endIndex, behind[index] != UInt8(ascii: "\"") {
                index += behind[index] == UInt8(ascii: "\\") ? 2 : 1
            }
            guard index < behind.endIndex else { return nil }
            value = behind[(behind.startIndex + 1)..<index]
            rest = behind[(index + 1)...]
        }
    }
}
