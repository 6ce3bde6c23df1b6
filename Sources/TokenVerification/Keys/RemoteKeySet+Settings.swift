public import WireFormat

extension RemoteKeySet {
    /// Where the key set of an issuer is.
    public enum Location: Sendable, Hashable {
        /// At the `jwks_uri` of the issuer's metadata (RFC 8414, OpenID Connect Discovery).
        case discovered
        /// At this URL; the metadata is not read.
        case url(AbsoluteURL)
    }

    /// When a key that the issuer has removed from its set stops verifying.
    public enum RemovedKeyRule: Sendable, Hashable {
        /// When a second refresh misses it too, or after one soft lifetime: the edges of big issuers serve differing sets.
        ///
        /// Holds for keys with a `kid`. A key without one stops at once, because two of them make their tokens ambiguous.
        case afterSecondMiss
        /// With the first refresh that misses it.
        case atOnce
    }

    /// What an operator may choose about a ``RemoteKeySet``. Plain values, checked when a source or a guard is made.
    public struct Settings: Sendable, Hashable {
        /// How long a set may be used after its last good fetch: 300 s…24 h, default 1 h.
        public var hardLifetime: Duration
        /// When a removed key stops verifying.
        public var dropRemovedKeys: RemovedKeyRule
        /// Where a discovered key set may be.
        public var origin: OriginRule

        /// Settings; the defaults are those of POLICY §8.
        public init(
            hardLifetime: Duration = Limits.hardLifetime, dropRemovedKeys: RemovedKeyRule = .afterSecondMiss,
            origin: OriginRule = .anyHost
        ) {
            self.hardLifetime = hardLifetime
            self.dropRemovedKeys = dropRemovedKeys
            self.origin = origin
        }

        /// Finds a value that is out of range.
        package func check(at path: ConfigurationError.Path, _ faults: inout ConfigurationFaults) {
            guard !Limits.hardLifetimes.contains(hardLifetime) else { return }
            faults.add(path + "hardLifetime", "is outside 300 s…24 h", "choose a time in this range")
        }
    }

    /// Where a `jwks_uri` may lead.
    public enum OriginRule: Sendable, Hashable {
        /// To any host; big issuers keep their keys elsewhere. To loopback only for an issuer that is itself there.
        case anyHost
        /// To the scheme, host and port of the issuer alone.
        case issuerOnly

        /// Whether a `jwks_uri` of the issuer's metadata may be fetched. (The type of the URL has no userinfo.)
        func admits(_ url: AbsoluteURL, of issuer: AbsoluteURL) -> Bool {
            let isSameHost = ASCII.equalsIgnoringCase(url.host.utf8, issuer.host.utf8)
            guard url.fragment == nil else { return false }
            // A document from outside must not choose what is fetched on this machine.
            if url.isLoopback, !issuer.isLoopback { return false }
            // RFC 8414 §2: https. An issuer that the operator accepted on http may keep its keys on its own host.
            if url.scheme == .http, issuer.scheme == .https || !(isSameHost || url.isLoopback) { return false }
            switch self {
            case .anyHost: return true
            case .issuerOnly:
                return isSameHost && url.scheme == issuer.scheme && url.effectivePort == issuer.effectivePort
            }
        }
    }
}
