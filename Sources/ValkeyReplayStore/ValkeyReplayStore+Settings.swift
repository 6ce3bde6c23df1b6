internal import TokenVerification
internal import WireFormat

extension ValkeyReplayStore {
    /// The limits of a store, its secrets, and what happens when its server is down.
    public struct Settings: Sendable {
        /// What happens to an identifier when the server is down.
        public enum WhenDown: Sendable, Hashable {
            /// ``ValkeyReplayStore/record(_:for:)`` throws ``TokenVerification/ReplayStoreError/unavailable``, and the
            /// request that needs it is answered with 503.
            case refuse
            /// Every identifier is accepted while the server cannot be reached or does not answer. **Replays are then
            /// not noticed.** An attacker who can disturb the connection to the server can replay what they have seen.
            ///
            /// It does not apply when the server answers with an error, fails the TLS handshake or sends what is not
            /// the protocol, nor when too many commands wait, nor to a cancelled task: these are refused.
            case dangerouslyAcceptWithoutStore
        }

        /// A client's certificate for TLS, which a server demands with `tls-auth-clients yes`, the default of Redis.
        public struct ClientCertificate: Sendable, Hashable {
            /// The path of a PEM file with the certificate and those between it and the authority.
            public let certificateFile: String
            /// The path of a PEM file with the private key.
            public let keyFile: String

            /// Names the two files. They are read for each connection.
            public init(certificateFile: String, keyFile: String) {
                self.certificateFile = certificateFile
                self.keyFile = keyFile
            }
        }

        /// The beginning of every key: 1…64 printable ASCII characters without space. Stores with one prefix and one
        /// database share their identifiers.
        public var keyPrefix = "oauth-replay:"
        /// The password, unless it is in the URL.
        public var password: Password?
        /// A PEM file of the authorities that TLS trusts instead of the system's; nil for the system's. It is read for
        /// each connection.
        public var certificateAuthorityFile: String?
        /// The certificate of this client for TLS; nil for none.
        public var clientCertificate: ClientCertificate?
        /// What happens when the server is down.
        public var whenDown = WhenDown.refuse
        /// The number of connections, within ``connectionCounts``.
        public var connections = 2
        /// The time for a connection until it can be used, with the look-up of the name, TLS and the password, within
        /// ``timeouts``.
        public var connectTimeout = Duration.seconds(2)
        /// The time from a call until the server's answer, within ``timeouts``. A connection on which an answer is late
        /// is closed.
        public var commandTimeout = Duration.seconds(1)
        /// The largest number of commands without answer, within ``waitingCounts``. Beyond it, a call is refused at
        /// once.
        public var maximumWaiting = 10_000

        /// The acceptable numbers of connections.
        public static let connectionCounts = 1...16
        /// The acceptable timeouts.
        public static let timeouts = Duration.milliseconds(10)...Duration.seconds(30)
        /// The acceptable numbers of commands without answer.
        public static let waitingCounts = 1...1_000_000

        /// The default settings.
        public init() {}

        /// The time after which an unused connection is asked whether it still works.
        static let idleTime = Duration.seconds(10)
        /// The rest of the key that shows at each connection whether the server writes.
        static let probeName = "probe"
        /// The lifetime of that key.
        static let probeMilliseconds: Int64 = 1_000
    }
}

extension ValkeyReplayStore.Settings {
    /// Every fault of the settings alone.
    var faults: [ConfigurationError.Fault] {
        var faults: [ConfigurationError.Fault] = []
        if !(1...64).contains(keyPrefix.utf8.count) || !keyPrefix.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) {
            faults.append(
                .init(
                    "keyPrefix", "is not 1…64 printable ASCII characters without space",
                    "use a short name that ends in a colon"))
        }
        if !Self.connectionCounts.contains(connections) {
            faults.append(
                .init("connections", "is outside \(Self.connectionCounts.text)", "choose a number in this range"))
        }
        for (name, value) in [("connectTimeout", connectTimeout), ("commandTimeout", commandTimeout)]
        where !Self.timeouts.contains(value) {
            faults.append(
                .init(.init([.member(name)]), "is outside 10 ms…30 s", "choose a time in this range"))
        }
        if !Self.waitingCounts.contains(maximumWaiting) {
            faults.append(
                .init("maximumWaiting", "is outside \(Self.waitingCounts.text)", "choose a number in this range"))
        }
        let files = [certificateAuthorityFile, clientCertificate?.certificateFile, clientCertificate?.keyFile]
        let names = ["certificateAuthorityFile", "clientCertificate.certificateFile", "clientCertificate.keyFile"]
        for (name, file) in zip(names, files) {
            guard let file, file.isEmpty || file.utf8.contains(0) else { continue }
            let path = ConfigurationError.Path(name.split(separator: ".").map { .member(String($0)) })
            faults.append(.init(path, "is not a path", "give the path of a PEM file"))
        }
        return faults
    }

    /// Every fault of the settings together with a URL.
    func faults(for location: StoreLocation) -> [ConfigurationError.Fault] {
        var faults: [ConfigurationError.Fault] = []
        if password != nil, location.password != nil {
            faults.append(.init("password", "is set, and the URL has a password too", "remove one of them"))
        }
        if location.user != nil, password == nil, location.password == nil {
            faults.append(
                .init(
                    "url", "has a user without password",
                    "add the password, or set \("password" as ConfigurationError.Path)"))
        }
        if !location.isEncrypted, certificateAuthorityFile != nil || clientCertificate != nil {
            faults.append(
                .init("url", "is not for TLS, and the settings have certificates", "use valkeys://, or remove them"))
        }
        return faults
    }
}
