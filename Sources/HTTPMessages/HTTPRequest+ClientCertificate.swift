extension HTTPRequest {
    /// The certificate of the client in the TLS handshake of a connection: its own one, without the chain.
    ///
    /// The program's TLS layer supplies it, after the client has proved in the handshake that it holds the private key.
    /// An access token can be bound to the certificate (RFC 8705 §3).
    ///
    /// **Checks** that the bytes are one DER SEQUENCE of exactly their number.
    /// **Does not check** anything else of X.509: neither the structure inside, nor names, times, signatures and
    /// revocation. Whether the certificate is acceptable is decided by the TLS layer.
    ///
    /// Copying a value copies one reference.
    public struct ClientCertificate: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible,
        CustomReflectable
    {
        /// The largest acceptable certificate in bytes.
        public static let maximumBytes = 16_384

        /// The certificate in DER.
        public let der: [UInt8]

        /// A certificate in DER; nil for more than ``maximumBytes`` bytes, and for bytes that are not one SEQUENCE.
        public init?(der: [UInt8]) {
            guard der.count <= Self.maximumBytes, Self.isOneSequence(der) else { return nil }
            self.der = der
        }

        /// X.690 §8.1.2, §8.1.3 and §10.1: the tag of a SEQUENCE, a length in its shortest form, and exactly so many
        /// bytes.
        private static func isOneSequence(_ der: [UInt8]) -> Bool {
            guard der.count > 2, der[0] == 0x30 else { return false }
            // The short form: the length is one byte below 128.
            guard der[1] >= 0x80 else { return der.count == 2 + Int(der[1]) }
            // The long form: the number of bytes of the length, then the length. 0x80 alone is the indefinite form of
            // BER.
            let count = Int(der[1] & 0x7F)
            guard (1...2).contains(count), der.count > 2 + count, der[2] != 0 else { return false }
            let length = der[2..<(2 + count)].reduce(0) { $0 << 8 | Int($1) }
            return length >= 0x80 && der.count == 2 + count + length
        }

        /// A fixed text: a certificate names a person or a machine.
        public var description: String { "<client certificate>" }
        /// The same fixed text.
        public var debugDescription: String { description }
        /// A mirror without members.
        public var customMirror: Mirror { Mirror(self, children: []) }
    }
}
