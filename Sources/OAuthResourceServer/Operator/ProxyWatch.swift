internal import HTTPMessages
internal import JOSE
internal import OAuthMetadata
internal import Synchronization
internal import TokenVerification
internal import WireFormat

/// Finds two mistakes in front of a server that only its requests show: a proxy that does not forward the metadata, and
/// a resource that is not the URL that clients use.
///
/// Any caller can write the fields that a proxy writes, so the findings are hints, and their number is bounded.
final class ProxyWatch: Sendable {
    /// The largest number of different hosts that are reported.
    static let maximumHosts = 8
    /// The number of challenges without any request for the metadata after which this is reported.
    static let unansweredChallenges = 5

    private struct State {
        var challenges = 0
        var wasRequested = false
        var hosts: Set<String> = []
    }

    private let resource: ResourceIdentifier
    /// The URL of the metadata; nil when none is served.
    private let metadataURL: String?
    private let state = Mutex(State())

    init(_ resource: ResourceIdentifier, metadataURL: String?) {
        self.resource = resource
        self.metadataURL = metadataURL
    }

    /// Notes that a client has fetched the metadata.
    func noteMetadataRequest() {
        state.withLock { $0.wasRequested = true }
    }

    /// Looks at a request that has no token, or one for another audience, and returns what must be reported.
    func look(at refusal: ResourceServer.Refusal, of request: GuardedRequest) -> [ResourceServerEvent] {
        guard let metadataURL else { return [] }
        let isChallenge = refusal == .missingCredentials
        guard isChallenge || refusal == .token(.invalid(.jwt(.claim(.aud, .mismatch)))) else { return [] }
        let other = otherHost(of: request)
        return state.withLock { state in
            var events: [ResourceServerEvent] = []
            if isChallenge, !state.wasRequested, state.challenges < Self.unansweredChallenges {
                state.challenges += 1
                if state.challenges == Self.unansweredChallenges {
                    events.append(.metadataNotRequested(url: metadataURL))
                }
            }
            if let other, state.hosts.count < Self.maximumHosts, state.hosts.insert(other.host).inserted {
                events.append(
                    .resourceDiffers(resource: resource.text, host: other.host, isEncrypted: other.isEncrypted))
            }
            return events
        }
    }

    /// The host that a proxy was called by, if its URL cannot be the resource.
    private func otherHost(of request: GuardedRequest) -> (host: String, isEncrypted: Bool)? {
        let forwardedHost: HTTPFields.Name = "X-Forwarded-Host"
        let isEncrypted = request.fields["X-Forwarded-Proto"].map {
            ASCII.equalsIgnoringCase($0.bytes, Array("https".utf8))
        }
        let written = request.fields[forwardedHost] ?? request.fields[.host]
        guard let written, let host = HTTPAuthority(bytes: written.bytes[...])?.host else { return nil }
        let isOtherScheme = isEncrypted == true && resource.url.scheme == .http
        let isForwardedElsewhere = request.fields.contains(forwardedHost) && host != HTTPHost(resource.url)
        // Without these fields, a proxy may have replaced `Host` by its own name for this server.
        let isInnerResource = resource.url.isLoopback && !host.isLoopback
        guard isOtherScheme || isForwardedElsewhere || isInnerResource else { return nil }
        return (host.description, isEncrypted == true)
    }
}
