public import JOSE

/// Why a client assertion does not authenticate its client. For the operator: tell a client only ``oauthError``.
public enum ClientAssertionError: Error, Sendable, Hashable {
    /// The assertion is not acceptable.
    case invalid(Reason)
    /// The verifier cannot decide now. The client may try again with a new assertion after `retryAfter`
    /// seconds.
    case unavailable(Outage, retryAfter: Int)

    /// Why an assertion is not acceptable.
    public enum Reason: Sendable, Hashable {
        /// `client_assertion_type` is not ``ClientAssertion/type``.
        case assertionType
        /// The form, the header, the key, the signature or a claim is not acceptable. An `exp` that is too far in the
        /// future is ``JOSE/JOSEError/ClaimDefect/lifetimeTooLong``.
        case jwt(JOSEError)
        /// The assertion names another client than the request.
        case otherClient
        /// `aud` is a list with more than this server.
        case severalAudiences
        /// `jti` is empty or longer than 256 bytes.
        case tokenID
        /// The client has no keys: it does not authenticate with `private_key_jwt`.
        case noKeys
        /// The assertion was used before.
        case replayed
    }

    /// What is unavailable.
    public enum Outage: String, Sendable, Hashable {
        /// The keys of the client.
        case keys
        /// The replay store.
        case replayStore = "replay_store"
        /// The cryptographic library, libcrypto.
        case cryptography
    }

    /// A stable, bounded code for events and metrics.
    public var code: String {
        switch self {
        case .invalid(.assertionType): "assertion_type"
        case .invalid(.jwt(let error)): "assertion_" + error.code
        case .invalid(.otherClient): "assertion_other_client"
        case .invalid(.severalAudiences): "assertion_several_audiences"
        case .invalid(.tokenID): "assertion_jti_length"
        case .invalid(.noKeys): "assertion_no_keys"
        case .invalid(.replayed): "assertion_replayed"
        case .unavailable(let outage, _): "assertion_unavailable_" + outage.rawValue
        }
    }

    /// The value of `error` for the client: `invalid_client` (RFC 6749 §5.2) or `temporarily_unavailable`. Tell a
    /// client nothing else.
    public var oauthError: String {
        switch self {
        case .invalid: "invalid_client"
        case .unavailable: "temporarily_unavailable"
        }
    }
}
