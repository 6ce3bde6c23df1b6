internal import JOSE
internal import OAuthMetadata
internal import Synchronization
internal import WireFormat

/// An authorization request that waits for the person's answer.
struct PendingConsent: Sendable {
    let code: PendingCode
    let target: AuthorizationEndpoint.Target
    /// The digest of the cookie of the browser that was asked.
    let browser: [UInt8]
    let expiresAt: Double
}

/// The authorization requests that wait for an answer, a bounded number of them. Each is answered once, by the browser
/// that was asked.
final class ConsentStore: Sendable {
    /// How long a person may take, in seconds.
    static let patience = 600.0
    private let pending: Mutex<BoundedStore<PendingConsent>>

    init(capacity: Int) {
        pending = Mutex(BoundedStore(capacity: capacity))
    }

    /// Stores a request and returns its unguessable name, for the form.
    func add(_ consent: PendingConsent) -> String {
        let name = Base64URL.encode(RandomBytes.make(32))
        pending.withLock { $0.insert(consent, for: Digest.sha256(Array(name.utf8))) }
        return name
    }

    /// Removes a request, if this browser was asked and the answer is in time.
    func take(_ name: String, browser: [UInt8], now: Double) -> PendingConsent? {
        let key = Digest.sha256(Array(name.utf8))
        return pending.withLock { pending in
            guard let consent = pending[key], ConstantTime.equals(consent.browser, browser) else { return nil }
            pending.remove(key)
            return now < consent.expiresAt ? consent : nil
        }
    }
}
