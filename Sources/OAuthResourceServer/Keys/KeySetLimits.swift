/// Every time and size of a ``RemoteKeySet``.
public enum KeySetLimits {
    /// A set counts as fresh for so long, when the response says nothing else, and less up to ``jitter``.
    public static let softLifetime: Duration = .seconds(300)
    /// What `Cache-Control: max-age` is brought into.
    public static let honouredMaxAge: ClosedRange<Duration> = .seconds(60) ... .seconds(3_600)
    /// The largest part that is taken off the soft lifetime by chance, so that many servers do not ask at once.
    public static let jitter = 0.1
    /// After this part of the soft lifetime a set is fetched anew in the background.
    public static let refreshAhead = 0.8
    /// The hard lifetime, when nothing else is set: after it a set is not used any more.
    public static let hardLifetime: Duration = .seconds(3_600)
    /// What the hard lifetime can be set to.
    public static let hardLifetimes: ClosedRange<Duration> = .seconds(300) ... .seconds(86_400)
    /// The least time between any attempt and one for an unknown key.
    public static let unknownKeyInterval: Duration = .seconds(30)
    /// The longest that the wait after failures grows to: 1, 2, 4 … seconds up to this, each by chance between 0 and it.
    public static let longestBackOff: Duration = .seconds(60)
    /// The longest that a request waits for a fetch.
    public static let patience: Duration = .seconds(5)
    /// The longest that one document may take, its second try included.
    public static let fetchTime: Duration = .seconds(5)
    /// How often a key set is asked for in one attempt when the connection fails or the server answers 5xx.
    public static let tries = 2
    /// The largest key set in bytes.
    public static let maximumDocumentBytes = 1_048_576
    /// The longest `ETag` and `Last-Modified` that is kept and sent back, in bytes.
    public static let maximumValidatorBytes = 1_024
    /// The most skipped keys of one set that are reported.
    public static let maximumSkippedKeyEvents = 16
}

/// When a key that the issuer has removed from its set stops verifying.
public enum RemovedKeyRule: Sendable, Hashable {
    /// When a second refresh misses it too, or after one soft lifetime: the edges of big issuers serve differing sets.
    ///
    /// Holds for keys with a `kid`; one without stops at once, because two of them make their tokens ambiguous.
    case afterSecondMiss
    /// With the first refresh that misses it.
    case atOnce
}

/// What an operator may choose about a ``RemoteKeySet``.
public struct RemoteKeySettings: Sendable, Hashable {
    /// How long a set may be used since it was last fetched well.
    public let hardLifetime: Duration
    /// When a removed key stops verifying.
    public let dropRemovedKeys: RemovedKeyRule
    /// Where a discovered key set may stand.
    public let keySetOrigin: KeySetOrigin

    /// The defaults of ``KeySetLimits``.
    public static let standard = RemoteKeySettings(
        checked: KeySetLimits.hardLifetime, .afterSecondMiss, .anyHost)

    private init(checked hardLifetime: Duration, _ dropRemovedKeys: RemovedKeyRule, _ keySetOrigin: KeySetOrigin) {
        self.hardLifetime = hardLifetime
        self.dropRemovedKeys = dropRemovedKeys
        self.keySetOrigin = keySetOrigin
    }

    /// Settings.
    ///
    /// - Parameters:
    ///   - hardLifetime: How long a set may be used since it was last fetched well; 300 s…24 h.
    ///   - dropRemovedKeys: When a removed key stops verifying.
    ///   - keySetOrigin: Where a discovered key set may stand.
    /// - Throws: ``ConfigurationError`` for a hard lifetime outside its range.
    public init(
        hardLifetime: Duration, dropRemovedKeys: RemovedKeyRule = .afterSecondMiss,
        keySetOrigin: KeySetOrigin = .anyHost
    ) throws(ConfigurationError) {
        guard KeySetLimits.hardLifetimes.contains(hardLifetime) else {
            throw ConfigurationError([.init("hardLifetime", "is outside 300 s…24 h")])
        }
        self.init(checked: hardLifetime, dropRemovedKeys, keySetOrigin)
    }
}
