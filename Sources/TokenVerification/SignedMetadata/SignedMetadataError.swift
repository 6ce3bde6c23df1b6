public import JOSE
public import OAuthMetadata

/// Why `signed_metadata` is not acceptable. No case contains text of the document.
public enum SignedMetadataError: Error, Sendable, Hashable {
    /// The document has no `signed_metadata`.
    case absent
    /// The form, the header, the key, the signature or a registered claim. A JWT with an audience is
    /// ``JOSE/JOSEError/ClaimDefect/mismatch`` of `aud`: it was made for another recipient.
    case jwt(JOSEError)
    /// The JWT contains `signed_metadata` itself.
    case nested
    /// The metadata in the JWT is that of another resource or issuer, names none, or is malformed.
    case metadata(MetadataError)

    /// A stable, bounded code for events and metrics.
    public var code: String {
        switch self {
        case .absent: "signed_metadata_absent"
        case .jwt(let error): "signed_metadata_" + error.code
        case .nested: "signed_metadata_nested"
        case .metadata(.identifierMismatch): "signed_metadata_identifier_mismatch"
        case .metadata(.missing): "signed_metadata_identifier_missing"
        case .metadata(.json), .metadata(.notAnObject), .metadata(.invalid): "signed_metadata_malformed"
        }
    }
}
