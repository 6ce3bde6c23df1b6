public import WireFormat

extension RemoteKeySet {
    /// Where the key set of an issuer is.
    public enum Location: Sendable, Hashable {
        /// At the `jwks_uri` of the issuer's metadata (RFC 8414, OpenID Connect Discovery).
        case discovered
        /// At this URL. The metadata is not read.
        case url(AbsoluteURL)
    }

    /// When a key that the issuer has removed from its set stops verifying.
    public enum RemovedKeyRule: Sendable, Hashable {
        /// When a second refresh misses the key too, or after one soft lifetime. Large issuers have several servers,
        /// and these do not always publish the same set.
        ///
        /// Applies to keys with a `kid`. A key without one stops at once, because two such keys make a token ambiguous.
        case afterSecondMiss
        /// At the first refresh that misses the key.
        case atOnce
    }

    /// The settings of a ``RemoteKeySet``. Plain values; a source or guard checks them when it is created.
    public struct Settings: Sendable, Hashable {
        /// How long a set may be used after its last successful fetch: 300 s…24 h, default 1 h.
        public var hardLifetime: Duration
        /// When a removed key stops verifying.
        public var dropRemovedKeys: RemovedKeyRule
        /// Where a discovered key set may be.
        public var origin: OriginRule

        /// Makes settings. A default is the value that most issuers need.
        public init(
            hardLifetime: Duration = Limits.hardLifetime, dropRemovedKeys: RemovedKeyRule = .afterSecondMiss,
            origin: OriginRule = .anyHost
        ) {
            self.hardLifetime = hardLifetime
            self.dropRemovedKeys = dropRemovedKeys
            self.origin = origin
        }

        /// Appends a fault for a value that is out of range.
        package func check(at path: ConfigurationError.Path, _ faults: inout ConfigurationFaults) {
            guard !Limits.hardLifetimes.contains(hardLifetime) else { return }
            faults.add(path + "hardLifetime", "is outside \(Limits.hardLifetimes.text)", "choose a time in this range")
        }
    }

    /// Which locations a `jwks_uri` may have.
    public enum OriginRule: Sendable, Hashable {
        /// Any host, because large issuers often keep their keys on another host. A loopback host is allowed only if
        /// the issuer is on a loopback host.
        case anyHost
        /// Only the scheme, host and port of the issuer.
        case issuerOnly

        /// Whether a `jwks_uri` of the issuer's metadata may be fetched. It needs no check for userinfo, because
        /// ``AbsoluteURL`` cannot contain any.
        func admits(_ url: AbsoluteURL, of issuer: AbsoluteURL) -> Bool {
            let isSameHost = ASCII.equalsIgnoringCase(url.host.utf8, issuer.host.utf8)
            guard url.fragment == nil else { return false }
            // A remote document must not make this server fetch from itself.
            if url.isLoopback, !issuer.isLoopback { return false }
            // RFC 8414 §2: a `jwks_uri` is https. If the operator has accepted http for the issuer, its keys may be on
            // the issuer's host or on loopback over http.
            if url.scheme == .http, issuer.scheme == .https || !(isSameHost || url.isLoopback) { return false }
            switch self {
            case .anyHost: return true
            case .issuerOnly:
                return isSameHost && url.scheme == issuer.scheme && url.effectivePort == issuer.effectivePort
            }
        }
    }
}
