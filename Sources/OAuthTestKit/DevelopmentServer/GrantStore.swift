internal import JOSE
internal import OAuthMetadata
internal import Synchronization
internal import WireFormat

/// What was granted to a client. No resource owner is asked: every grant is automatic.
struct AuthorizationGrant: Sendable {
    let clientID: String
    let subject: String
    let scopes: ScopeSet
    /// The resources of the authorization request, as spelled; empty if it named none.
    let resources: [String]
}

/// An approved authorization request whose code was not redeemed yet.
struct PendingCode: Sendable {
    let grant: AuthorizationGrant
    /// The `redirect_uri` of the authorization request; nil if it had none.
    let redirectURI: String?
    /// The decoded S256 `code_challenge`.
    let challenge: [UInt8]
    /// The key that must redeem the code (RFC 9449 §10); nil for any or none.
    let thumbprint: String?
}

/// All state of the server: clients, codes and refresh tokens. The number of entries is bounded, and one lock guards
/// them.
///
/// Codes and tokens are 256 random bits. The store keeps only their digests and looks entries up by digest, so that
/// neither memory nor timing reveals a code or a token.
final class GrantStore: Sendable {
    private struct Code: Sendable {
        let pending: PendingCode
        let expiresAt: Double
        var isRedeemed = false
        /// The family of refresh tokens that the code created. It is revoked if the code is presented again.
        var family: [UInt8]?
    }

    /// The successive refresh tokens of one grant. Only the newest is valid.
    private struct Family: Sendable {
        let grant: AuthorizationGrant
        /// The key of a public client; nil if the family is not bound to one.
        var thumbprint: String?
        var currentDigest: [UInt8]
        var expiresAt: Double
    }

    private struct State: Sendable {
        var builtInClients: [[UInt8]: RegisteredClient] = [:]
        var clients: BoundedStore<RegisteredClient>
        var codes: BoundedStore<Code>
        var families: BoundedStore<Family>
    }

    private let state: Mutex<State>
    private let codeLifetime: Double
    private let refreshTokenLifetime: Double

    /// - Parameters:
    ///   - capacity: The largest number of registered clients, of codes and of refresh tokens each.
    ///   - codeLifetime: The lifetime of a code in seconds.
    ///   - refreshTokenLifetime: The lifetime of a refresh token in seconds since its last use.
    init(capacity: Int, codeLifetime: Double, refreshTokenLifetime: Double) {
        state = Mutex(
            State(
                clients: BoundedStore(capacity: capacity), codes: BoundedStore(capacity: capacity),
                families: BoundedStore(capacity: capacity)))
        self.codeLifetime = codeLifetime
        self.refreshTokenLifetime = refreshTokenLifetime
    }

    // MARK: Clients

    /// Adds a client that registered itself. At the capacity, the oldest such client is evicted.
    func register(_ client: RegisteredClient) {
        state.withLock { $0.clients.insert(client, for: Array(client.id.utf8)) }
    }

    /// Adds a client that the program registered. It is never evicted.
    func registerBuiltIn(_ client: RegisteredClient) {
        state.withLock { $0.builtInClients[Array(client.id.utf8)] = client }
    }

    func client(_ id: String) -> RegisteredClient? {
        let key = Array(id.utf8)
        return state.withLock { $0.builtInClients[key] ?? $0.clients[key] }
    }

    // MARK: Codes

    /// Stores an approved authorization request and returns its code.
    func issueCode(_ pending: PendingCode, now: Double) -> String {
        let code = Base64URL.encode(RandomBytes.make(32))
        let expiresAt = now + codeLifetime
        state.withLock {
            $0.codes.insert(Code(pending: pending, expiresAt: expiresAt), for: Digest.sha256(Array(code.utf8)))
        }
        return code
    }

    /// Redeems a code once. `check` compares the token request with the approved request and returns what to issue. If
    /// `check` throws, the code stays valid.
    ///
    /// A code with a thumbprint is redeemed by the holder of that key only. The refresh tokens of a public client are
    /// bound to `provenKey` (RFC 9449 §5): nothing else authenticates such a client.
    ///
    /// If a code is presented twice, one of the two senders stole it. The refresh tokens of the code are therefore
    /// revoked (RFC 6749 §4.1.2).
    func redeem<Issue: Sendable>(
        code: String, by client: RegisteredClient, provenKey: String?, now: Double,
        check: (PendingCode) throws(Refusal) -> Issue
    ) throws(Refusal) -> (issue: Issue, refreshToken: String?) {
        let key = Digest.sha256(Array(code.utf8))
        let fresh = client.grantTypes.contains(.refreshToken) ? RefreshToken() : nil
        return try state.withLock { (state) throws(Refusal) in
            guard var entry = state.codes[key] else { throw .codeNotAcceptable }
            if entry.isRedeemed {
                if let family = entry.family { state.families.remove(family) }
                throw .codeNotAcceptable
            }
            guard now < entry.expiresAt, entry.pending.grant.clientID.hasSameBytes(as: client.id) else {
                throw .codeNotAcceptable
            }
            try Self.check(provenKey, fits: entry.pending.thumbprint)
            let issue = try check(entry.pending)
            entry.isRedeemed = true
            if let fresh {
                entry.family = fresh.familyKey
                let family = Family(
                    grant: entry.pending.grant, thumbprint: client.authentication == .none ? provenKey : nil,
                    currentDigest: fresh.digest, expiresAt: now + refreshTokenLifetime)
                state.families.insert(family, for: fresh.familyKey)
            }
            state.codes.replace(entry, for: key)
            return (issue, fresh?.text)
        }
    }

    // MARK: Refresh tokens

    /// Exchanges a refresh token for its successor. `check` returns what to issue. If it throws, the token stays valid.
    ///
    /// A token that is bound to a key is exchanged for the holder of that key only. A public client that proves a key
    /// for the first time binds the successors to it.
    ///
    /// If an exchanged token is presented again, one of the two senders stole it. Its whole family is therefore revoked
    /// (RFC 9700 §4.14.2).
    func rotate<Issue: Sendable>(
        refreshToken text: String, by client: RegisteredClient, provenKey: String?, now: Double,
        check: (AuthorizationGrant) throws(Refusal) -> Issue
    ) throws(Refusal) -> (issue: Issue, refreshToken: String) {
        guard let presented = RefreshToken(parsing: text) else { throw .refreshTokenNotAcceptable }
        let fresh = presented.successor()
        return try state.withLock { (state) throws(Refusal) in
            guard var family = state.families[presented.familyKey],
                family.grant.clientID.hasSameBytes(as: client.id), now < family.expiresAt
            else { throw .refreshTokenNotAcceptable }
            guard ConstantTime.equals(presented.digest, family.currentDigest) else {
                state.families.remove(presented.familyKey)
                throw .refreshTokenNotAcceptable
            }
            try Self.check(provenKey, fits: family.thumbprint)
            let issue = try check(family.grant)
            if client.authentication == .none { family.thumbprint = provenKey }
            family.currentDigest = fresh.digest
            family.expiresAt = now + refreshTokenLifetime
            // Inserted again, so that a family in use is the newest and is evicted last.
            state.families.remove(presented.familyKey)
            state.families.insert(family, for: presented.familyKey)
            return (issue, fresh.text)
        }
    }

    /// RFC 9449 §5 and §10: what is bound to a key needs a proof of that key.
    private static func check(_ provenKey: String?, fits bound: String?) throws(Refusal) {
        guard let bound else { return }
        guard let provenKey else { throw .proofMissing }
        guard bound.hasSameBytes(as: provenKey) else { throw .proofOfOtherKey }
    }
}

/// A refresh token: 256 random bits that name its family, and 256 bits of its own.
///
/// The token contains the name of its family so that an exchanged token is recognised without a list of old tokens.
/// Only a holder of a token of the family knows that name.
private struct RefreshToken {
    private static let partBytes = 32

    let text: String
    let familyKey: [UInt8]
    let digest: [UInt8]
    private let family: [UInt8]

    init() {
        self.init(family: RandomBytes.make(Self.partBytes), secret: RandomBytes.make(Self.partBytes))
    }

    init?(parsing text: String) {
        guard let bytes = Base64URL.decode(text), bytes.count == 2 * Self.partBytes else { return nil }
        self.init(family: Array(bytes[..<Self.partBytes]), secret: Array(bytes[Self.partBytes...]))
    }

    private init(family: [UInt8], secret: [UInt8]) {
        self.family = family
        text = Base64URL.encode(family + secret)
        familyKey = Digest.sha256(family)
        digest = Digest.sha256(secret)
    }

    func successor() -> RefreshToken {
        RefreshToken(family: family, secret: RandomBytes.make(Self.partBytes))
    }
}
