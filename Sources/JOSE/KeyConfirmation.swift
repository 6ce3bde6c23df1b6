public import WireFormat

/// The keys to which a token is bound: the claim `cnf` (RFC 7800 §3.1), as far as this library understands it.
///
/// A bound token is acceptable only together with a proof that its sender has each of these keys. This type says which
/// proofs are needed. **Does not check** any of them.
///
/// - SeeAlso: [RFC 9449 §6.1](https://www.rfc-editor.org/rfc/rfc9449#section-6.1),
///   [RFC 8705 §3.1](https://www.rfc-editor.org/rfc/rfc8705#section-3.1)
public struct KeyConfirmation: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    /// A way to prove the possession of a key. The raw value is the member of `cnf` that asks for it.
    public enum Method: String, Sendable, Hashable, CaseIterable {
        /// A DPoP proof (RFC 9449) of the key with this thumbprint.
        case dpop = "jkt"
        /// The client certificate of the TLS connection (RFC 8705), with this SHA-256.
        case mutualTLS = "x5t#S256"
    }

    /// The RFC 7638 thumbprint of the key that must sign DPoP proofs, 43 characters of base64url; nil when the token
    /// does not ask for one.
    public let keyThumbprint: String?
    /// The SHA-256 of the client certificate (DER), 43 characters of base64url; nil when the token does not ask for
    /// one.
    public let certificateThumbprint: String?

    /// The proofs that the token needs, at least one. With two methods, both are needed.
    public var methods: Set<Method> {
        var methods: Set<Method> = []
        if keyThumbprint != nil { methods.insert(.dpop) }
        if certificateThumbprint != nil { methods.insert(.mutualTLS) }
        return methods
    }

    /// Reads the value of a `cnf` claim.
    ///
    /// **Checks** that it is an object with at least one member, that each member is a ``Method``, and that its value
    /// is canonical base64url of 32 bytes. An unknown member is refused, because it may be a condition too.
    /// - Throws: ``JOSEError/ClaimDefect/wrongType`` for a value that is not an object, or a member that is not a
    ///   string; ``JOSEError/ClaimDefect/unsupported`` for an unknown member; ``JOSEError/ClaimDefect/malformed`` for
    ///   an empty object, and for a text that is not a thumbprint.
    public init(_ claim: JSONDocument.Node) throws(JOSEError.ClaimDefect) {
        guard claim.kind == .object else { throw .wrongType }
        var thumbprints: [Method: String] = [:]
        var defect: JOSEError.ClaimDefect?
        claim.forEachMember { name, value in
            switch Self.thumbprint(name, value) {
            case .success(let (method, text)): thumbprints[method] = text
            case .failure(let found): defect = found
            }
            return defect == nil
        }
        if let defect { throw defect }
        guard !thumbprints.isEmpty else { throw .malformed }
        keyThumbprint = thumbprints[.dpop]
        certificateThumbprint = thumbprints[.mutualTLS]
    }

    private static func thumbprint(
        _ name: String, _ value: JSONDocument.Node
    ) -> Result<(Method, String), JOSEError.ClaimDefect> {
        guard let method = Method.allCases.first(where: { $0.rawValue.hasSameBytes(as: name) }) else {
            return .failure(.unsupported)
        }
        guard let length = value.stringByteCount else { return .failure(.wrongType) }
        // 43 characters of canonical base64url are 32 bytes: equal thumbprints are equal texts.
        guard length == 43, let text = value.string, Base64URL.decode(text)?.count == 32 else {
            return .failure(.malformed)
        }
        return .success((method, text))
    }

    /// The methods, without the thumbprints: they identify the client's key.
    public var description: String {
        "<bound by \(methods.map(\.rawValue).sorted().joined(separator: " and "))>"
    }
    /// Shows no member.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
