public import JOSE
public import WireFormat

/// An event of a key source. No case contains a key id or text of a document. A URL in it is one that the configuration
/// stands for.
///
/// The number of events does not grow with the number of requests. A source reports each fetch, and each change of its
/// health once.
public enum KeySourceEvent: Sendable, Hashable {
    /// A fetch of the key set begins.
    case refreshStarted(KeySourceEvent.RefreshCause)
    /// A fetch succeeded: it returned a usable key set, or the present set is unchanged.
    case refreshSucceeded(usableKeys: Int)
    /// A fetch failed. The present set, if there is one, stays in use. The URL is that of the key set; nil when the
    /// metadata that names it is missing.
    case refreshFailed(RemoteKeySet.FetchFailure, at: AbsoluteURL?)
    /// A fetch returned a document that is not a usable key set. The present set, if there is one, stays in use. The
    /// URL is that of the key set.
    case setRejected(RemoteKeySet.FetchFailure, at: AbsoluteURL?)
    /// An entry of a new set is not used. The event has the entry's position, counted from 0, and the reason. There are
    /// at most ``RemoteKeySet/Limits/maximumSkippedKeyEvents`` of these events for each set.
    case keySkipped(index: Int, reason: JSONWebKey.Defect)
    /// A new set has more entries than the limit. The entries after the limit are ignored.
    case tooManyKeys(limit: Int)
    /// The present set is used after the end of its soft lifetime. Reported once until the next successful fetch.
    case servedStale(age: Duration)
    /// The present set has reached the end of its hard lifetime and is no longer used. Reported once until the next
    /// successful fetch.
    case hardExpired
    /// The issuer's metadata could not be read, and there is no earlier document. The event has each location that was
    /// asked, in order.
    case discoveryFailed([IssuerDiscovery.FailedLocation])
    /// The issuer's metadata could not be read again. The earlier document stays in use; `age` is the time since it was
    /// read.
    case discoveryStale([IssuerDiscovery.FailedLocation], age: Duration)
    /// Members of the issuer's metadata have unusable values and count as absent: see
    /// ``OAuthMetadata/AuthorizationServerMetadata/unusableMembers``. Reported once for each document.
    case metadataMembersIgnored([String])
    /// The `Date` of a response with keys differs from this machine's clock by more than
    /// ``RemoteKeySet/Limits/toleratedClockDifference``. The value is in seconds, and positive when this machine's
    /// clock is ahead. Reported once until the clocks agree again.
    case clockDiffers(seconds: Int)
}

extension KeySourceEvent {
    /// The reason why a fetch of keys begins.
    public enum RefreshCause: String, Sendable, Hashable, CaseIterable {
        /// There is no key set that may be used.
        case noKeys = "no_keys"
        /// The present set is near the end of its soft lifetime, or past it.
        case aging
        /// A token has a `kid` that is not in the present set.
        case unknownKey = "unknown_kid"
        /// A token has a bad signature for its key in the present set.
        case badSignature = "bad_signature"

        /// Whether a cache between here and the issuer must not answer the fetch. These are the causes that any caller
        /// can bring about.
        var asksIssuer: Bool { self == .unknownKey || self == .badSignature }
    }
}

extension KeySourceEvent: CustomStringConvertible {
    /// The stable name of the event, in snake case.
    public var name: String {
        switch self {
        case .refreshStarted: "key_refresh_started"
        case .refreshSucceeded: "key_refresh_succeeded"
        case .refreshFailed: "key_refresh_failed"
        case .setRejected: "key_set_rejected"
        case .keySkipped: "key_skipped"
        case .tooManyKeys: "key_set_too_large"
        case .servedStale: "keys_served_stale"
        case .hardExpired: "keys_hard_expired"
        case .discoveryFailed: "discovery_failed"
        case .discoveryStale: "discovery_stale"
        case .metadataMembersIgnored: "metadata_members_ignored"
        case .clockDiffers: "clock_differs"
        }
    }

    /// How much the event matters.
    public var level: EventLevel {
        switch self {
        case .refreshStarted, .refreshSucceeded, .keySkipped, .metadataMembersIgnored: .info
        case .refreshFailed, .setRejected, .tooManyKeys, .servedStale, .discoveryStale, .clockDiffers: .warning
        case .hardExpired, .discoveryFailed: .error
        }
    }

    /// The stable code of the reason; nil when the name says all. For a failed discovery, it is the reason of the first
    /// location that gave anything but a status of 4xx, if there is one: the others are often just not used.
    public var reason: String? {
        switch self {
        case .refreshFailed(let failure, _), .setRejected(let failure, _): failure.code
        case .keySkipped(_, let defect): defect.rawValue
        case .discoveryFailed(let locations), .discoveryStale(let locations, _):
            Self.tellingFirst(locations).first?.failure.code
        case .refreshStarted, .refreshSucceeded, .tooManyKeys, .servedStale, .hardExpired, .metadataMembersIgnored,
            .clockDiffers:
            nil
        }
    }

    /// Names and values that describe the event, without its reason. No name occurs twice.
    public var attributes: [(key: String, value: String)] {
        switch self {
        case .refreshStarted(let cause): [("cause", cause.rawValue)]
        case .refreshSucceeded(let count): [("usable_keys", "\(count)")]
        case .refreshFailed(_, let url), .setRejected(_, let url): url.map { [("url", $0.text)] } ?? []
        case .keySkipped(let index, _): [("index", "\(index)")]
        case .tooManyKeys(let limit): [("limit", "\(limit)")]
        case .servedStale(let age): [("age", "\(age.components.seconds)")]
        case .hardExpired: []
        case .discoveryFailed(let locations): Self.attributes(locations)
        case .discoveryStale(let locations, let age):
            [("age", "\(age.components.seconds)")] + Self.attributes(locations)
        case .metadataMembersIgnored(let names): [("names", names.joined(separator: ","))]
        case .clockDiffers(let seconds): [("seconds", "\(seconds)")]
        }
    }

    /// The locations, with the one that tells most in front.
    private static func tellingFirst(
        _ locations: [IssuerDiscovery.FailedLocation]
    ) -> [IssuerDiscovery.FailedLocation] {
        let isUnused = { (location: IssuerDiscovery.FailedLocation) in
            if case .status(400..<500) = location.failure { true } else { false }
        }
        guard let telling = locations.firstIndex(where: { !isUnused($0) }) else { return locations }
        var others = locations
        return [others.remove(at: telling)] + others
    }

    /// `url` of the location that tells most, then `url_2`, `reason_2` and so on.
    private static func attributes(_ locations: [IssuerDiscovery.FailedLocation]) -> EventText.Attributes {
        tellingFirst(locations).enumerated().flatMap { index, location -> EventText.Attributes in
            guard index > 0 else { return [("url", location.url.text)] }
            return [("url_\(index + 1)", location.url.text), ("reason_\(index + 1)", location.failure.code)]
        }
    }

    /// One line: the name of the event, its reason, then `key=value` pairs.
    public var description: String { EventText.line(name, reason: reason, attributes) }
}
