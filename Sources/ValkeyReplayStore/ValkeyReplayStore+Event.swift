extension ValkeyReplayStore {
    /// An event of a store, for the operator. No case contains a URL, a secret, a key or text of the server, except the
    /// name of an eviction policy.
    public enum Event: Sendable, Hashable {
        /// No connection can be used: until ``regained(after:refused:acceptedWithoutStore:)`` every identifier is
        /// treated as ``Settings/whenDown`` says. Reported again when the reason changes.
        case lost(Reason)
        /// The server decides again. The event has the time since the loss, and the numbers of identifiers that were
        /// refused and that were accepted without the server.
        case regained(after: Duration, refused: Int, acceptedWithoutStore: Int)
        /// One connection has failed while another one works. The commands without answer on it were treated as
        /// ``Settings/whenDown`` says.
        case connectionLost(Reason)
        /// An identifier was accepted without the server while the server was not lost: its connection ended before the
        /// answer, and a new one was made at once. A replay of it may not be noticed. Only with
        /// ``Settings/WhenDown/dangerouslyAcceptWithoutStore``, and at most once in ten seconds.
        case acceptedWithoutStore
        /// The server has a memory limit and evicts keys when it is reached. An evicted identifier is accepted once
        /// more. The remedy: set `maxmemory-policy noeviction` for this server. Reported once for each policy.
        case mayForget(policy: String)
        /// The server does not say whether it evicts keys, because its user may not use `INFO`, or because it is
        /// another product. Reported once.
        case evictionUnknown
        /// The server is on another machine and the connection is not encrypted: the password and the answers can be
        /// read and changed on the way. Reported once.
        case notEncrypted
        /// More than ``Settings/maximumWaiting`` commands wait: further ones are refused. Reported at most once in ten
        /// seconds.
        case tooManyWaiting
    }

    /// Why a connection cannot be made or used.
    public enum Reason: String, Sendable, Hashable, CaseIterable {
        /// The name of the host has no address.
        case notResolved = "not_resolved"
        /// The connection was refused, or did not come about in time.
        case notConnected = "not_connected"
        /// The server did not answer in time.
        case noAnswer = "no_answer"
        /// The server, or the network, ended the connection.
        case closed
        /// The TLS handshake failed, or the server does not speak TLS.
        case tlsFailed = "tls_failed"
        /// The server's certificate is not from a trusted authority.
        case unknownAuthority = "tls_unknown_authority"
        /// The server's certificate is for another name.
        case wrongName = "tls_wrong_name"
        /// The server's certificate is not valid now.
        case certificateExpired = "tls_certificate_expired"
        /// A file of certificates, or of the client's key, cannot be used.
        case certificateFile = "certificate_file"
        /// The file with the password cannot be used any more.
        case passwordFile = "password_file"
        /// The server wants another user or password.
        case authentication
        /// The server's access list does not allow the user to write the keys of the store.
        case notPermitted = "not_permitted"
        /// The server does not have the database.
        case noDatabase = "no_database"
        /// The server has reached its memory limit.
        case outOfMemory = "out_of_memory"
        /// The server is a replica, which does not write.
        case readOnly = "read_only"
        /// The server reads its data after a start, or is busy with a script.
        case loading
        /// The server has stopped writing, because it cannot save or has too few replicas.
        case writesStopped = "writes_stopped"
        /// The server has too many clients.
        case tooManyClients = "too_many_clients"
        /// The server is a node of a cluster, and the key belongs to another one.
        case cluster
        /// The server answered with another error.
        case serverError = "server_error"
        /// The server's answer is not one of those that the command has.
        case unexpectedAnswer = "unexpected_answer"
        /// The server does not speak the protocol.
        case malformedAnswer = "malformed_answer"
        /// The server's answer is too large.
        case answerTooLarge = "answer_too_large"
        /// This process has no memory, descriptors or threads left.
        case noResources = "no_resources"

        /// A stable, bounded code for events and metrics.
        public var code: String { rawValue }

        /// Whether the server is absent, rather than in a state that the operator must correct: the only case in which
        /// identifiers may be accepted without it.
        var isAbsence: Bool {
            switch self {
            case .notResolved, .notConnected, .noAnswer, .closed: true
            default: false
            }
        }
    }
}

extension ValkeyReplayStore.Event: CustomStringConvertible {
    /// The stable name of the event.
    public var name: String {
        switch self {
        case .lost: "replay_store_lost"
        case .regained: "replay_store_regained"
        case .connectionLost: "replay_store_connection_lost"
        case .acceptedWithoutStore: "replay_store_accepted_without_store"
        case .mayForget: "replay_store_may_forget"
        case .evictionUnknown: "replay_store_eviction_unknown"
        case .notEncrypted: "replay_store_not_encrypted"
        case .tooManyWaiting: "replay_store_too_many_waiting"
        }
    }

    /// One line: the name of the event, then `key=value` pairs.
    public var description: String {
        switch self {
        case .lost(let reason), .connectionLost(let reason): "\(name) reason=\(reason.code)"
        case .regained(let time, let refused, let accepted):
            "\(name) after=\(time.components.seconds) refused=\(refused) accepted_without_store=\(accepted)"
        case .mayForget(let policy): "\(name) maxmemory_policy=\(policy) remedy=\"set maxmemory-policy noeviction\""
        case .acceptedWithoutStore, .evictionUnknown, .notEncrypted, .tooManyWaiting: name
        }
    }
}
