public import JOSE
public import TokenVerification

extension ResourceServerConfiguration {
    /// Whether tokens may or must be bound to a key of the client (RFC 9449). A stolen token of this kind is useless
    /// without the key: each request needs a new proof, signed with it.
    ///
    /// | mode | accepted |
    /// |---|---|
    /// | `off` | `Bearer` with tokens that are not bound; every token with `cnf.jkt` is refused |
    /// | `optional` | also `DPoP` with tokens that are bound, and their proofs |
    /// | `required` | only `DPoP` |
    ///
    /// A bound token with the scheme `Bearer`, and an unbound one with the scheme `DPoP`, are refused in every mode. A
    /// `DPoP` field beside an unbound token with the scheme `Bearer` is ignored, because the proof could show nothing
    /// about this token.
    ///
    /// A proof names the URL of the request. It is compared with the origin of
    /// ``ResourceServerConfiguration/resource`` and the path of the request, never with `Host`. So a proxy in front may
    /// change the host, but not the path.
    public struct DPoP: Sendable {
        /// Whether tokens may or must be bound.
        public enum Mode: String, Sendable, Hashable {
            /// Bound tokens are refused.
            case off
            /// Bound tokens with proofs, and unbound tokens, are accepted.
            case optional
            /// Only bound tokens with proofs are accepted.
            case required
        }

        /// Whether proofs need a nonce of this server (RFC 9449 §8).
        public enum Nonces: Sendable {
            /// No nonce is needed: ``maximumAge`` bounds how long before its use a proof can have been made.
            case off
            /// Each proof needs a nonce that is at most ``TokenVerification/DPoPNonces/lifetime`` seconds old. A client
            /// gets its first one with a refusal, so that it sends its first request twice. When several instances
            /// serve the resource, they need the same keys.
            case required(DPoPNonces)
        }

        /// What remembers the identifiers of used proofs.
        public enum ReplayStorage: Sendable, CustomStringConvertible, CustomReflectable {
            /// The memory of this process, for at most this many proofs. For a resource with one instance.
            case memory(capacity: Int = 1_000_000)
            /// A store of the program. Instances that serve one resource share one.
            case store(any ReplayStore)
            /// A store at this URL, such as `valkey://127.0.0.1:6379`. ``DPoP/openReplayStore`` makes it.
            case url(String)

            /// The kind, without a URL, which may contain a password.
            public var description: String {
                switch self {
                case .memory(let capacity): "<memory for \(capacity) proofs>"
                case .store: "<replay store>"
                case .url: "<replay store at a URL>"
                }
            }
            /// Shows no member.
            public var customMirror: Mirror { Mirror(self, children: []) }
        }

        /// Whether tokens may or must be bound.
        public var mode = Mode.off
        /// The algorithms of proofs. By default, all that a public key verifies.
        public var algorithms = SignatureAlgorithm.all
        /// How far the time of a proof may be from the present time, in seconds, 5…300.
        public var maximumAge = 300
        /// Whether proofs need a nonce of this server.
        public var nonces = Nonces.off
        /// What remembers the identifiers of used proofs.
        public var replayStore = ReplayStorage.memory()
        /// Makes the store for ``ReplayStorage/url(_:)``. It is called once, when the guard is created. A program that
        /// has such a store sets it, for example to the initializer of `ValkeyReplayStore`. Its
        /// ``TokenVerification/ConfigurationError`` is reported together with the other faults.
        public var openReplayStore: (@Sendable (_ url: String) throws(ConfigurationError) -> any ReplayStore)?
        /// The defaults: off.
        public init() {}
    }
}

extension ResourceServerConfiguration {
    /// The key bindings that the guard checks. Every other one is refused.
    var confirmations: Set<KeyConfirmation.Method> {
        var methods: Set<KeyConfirmation.Method> = []
        if dpop.mode != .off { methods.insert(.dpop) }
        if mutualTLS != .off { methods.insert(.mutualTLS) }
        return methods
    }
}
