internal import Synchronization
public import TokenVerification

/// A ``TokenVerification/ReplayStore`` on a Valkey or Redis server, which the instances of one program share.
///
/// An identifier is recorded by one atomic command, `SET key 1 NX PX milliseconds`, of Redis 2.6.12 or newer. The key
/// is a prefix and the identifier's SHA-256 digest. No text of a token or a client reaches the server.
///
/// ```swift
/// let store = try ValkeyReplayStore("valkeys://replay@valkey.example.com/0", settings: settings) { print($0) }
/// ```
///
/// **Checks** the server's certificate and name with `valkeys` and `rediss`, that the server accepts the password and
/// writes, that it forgets nothing to make room (`maxmemory-policy`), and every answer: only `OK` means that the
/// identifier was new, and only nil means that it was not.
/// **Does not check** that the server keeps its memory: it forgets the identifiers when it restarts without
/// persistence, and when a replica is promoted that did not have them yet. Does not speak with Sentinel or with a
/// cluster of several nodes: give the address of one primary, or a name that follows it. Such a server's redirections
/// count as a fault.
///
/// All connections of a store run on one thread of its own, which starts with the first command and ends with the
/// store. Concurrent commands share the connections: each command is sent without waiting for the answers of earlier
/// ones. Any number of tasks may use a store. They suspend and never block a thread.
public final class ValkeyReplayStore: ReplayStore {
    /// The longest lifetime that is accepted: one year. A longer one is refused as
    /// ``TokenVerification/ReplayStoreError/full``.
    public static let maximumLifetime = Duration.seconds(366 * 86_400)

    private let settings: Settings
    private let worker: ConnectionWorker
    private let status: StoreStatus

    /// Makes a store. No connection is opened before the first command: see ``connect()``.
    ///
    /// - Parameters:
    ///   - url: `valkey://[user[:password]@]host[:port][/database]`, or `valkeys` for TLS, or
    ///     `unix:///path/of/socket[?db=database]`. `redis` and `rediss` mean the same as `valkey` and `valkeys`. The
    ///     port is 6379 and the database 0 unless the URL says otherwise. Characters of the user and the password are
    ///     percent-encoded where they have a meaning in a URL.
    ///   - settings: The limits, the password, the files for TLS, and what happens when the server is down.
    ///   - observer: Receives every event, on the store's thread or in the task that records. It must return quickly
    ///     and must not block. The number of events does not grow with the number of requests.
    /// - Throws: ``TokenVerification/ConfigurationError`` with every fault. It contains no part of the URL and no
    ///   secret.
    public init(
        _ url: String, settings: Settings = Settings(), observer: @escaping @Sendable (Event) -> Void = { _ in }
    ) throws(ConfigurationError) {
        var faults = settings.faults
        var location: StoreLocation?
        do throws(ConfigurationError) {
            location = try StoreLocation(parsing: url)
        } catch {
            faults += error.faults
        }
        if let location { faults += settings.faults(for: location) }
        guard faults.isEmpty, let location else { throw ConfigurationError(faults) }
        self.settings = settings
        status = StoreStatus(clock: .system, observer: observer)
        worker = ConnectionWorker(location: location, settings: settings, status: status)
    }

    deinit {
        worker.stop()
    }

    /// Records an identifier, unless it is recorded already.
    ///
    /// When the task is cancelled while it waits, the identifier may be recorded and does not count as accepted: the
    /// call throws.
    ///
    /// - Throws: ``TokenVerification/ReplayStoreError/unavailable`` when the server cannot be reached, does not answer
    ///   within ``Settings/commandTimeout``, or answers with an error; when ``Settings/maximumWaiting`` commands wait;
    ///   and when the task is cancelled. ``TokenVerification/ReplayStoreError/full`` for a lifetime beyond
    ///   ``maximumLifetime``.
    public func record(
        _ identifier: ReplayIdentifier, for lifetime: Duration
    ) async throws(ReplayStoreError) -> ReplayVerdict {
        guard lifetime <= Self.maximumLifetime else { throw .full }
        let key = settings.keyPrefix + identifier.text
        switch await outcome(of: ServerCommand.setIfAbsent(key, milliseconds: lifetime.wholeMilliseconds)) {
        case .first: return .first
        case .replayed: return .replayed
        case .unreachable where settings.whenDown == .dangerouslyAcceptWithoutStore && !Task.isCancelled:
            status.countAccepted()
            return .first
        case .unreachable, .undecided:
            status.countRefused()
            throw .unavailable
        }
    }

    /// Connects, if that has not happened yet, and returns the health that results. For the start of a program: a wrong
    /// password, a wrong certificate or a server that evicts keys is then reported before the first request.
    ///
    /// Returns when a connection can be used, when an attempt has failed, or when the task is cancelled; at the latest
    /// after ``Settings/connectTimeout``.
    public func connect() async -> ReplayStoreHealth {
        let ticket = RecordTicket()
        await withTaskCancellationHandler {
            worker.submit(nil, ticket)
            _ = await ticket.outcome()
        } onCancel: {
            ticket.resolve(.undecided)
        }
        return health
    }

    /// Healthy until the server is found to be down; and what the settings say for that case while it is down. While it
    /// is down, the store tries to connect, so that it becomes healthy without a request.
    public var health: ReplayStoreHealth {
        guard let since = status.timeSinceLoss else { return .healthy }
        switch settings.whenDown {
        case .refuse: return .unavailable(since: since)
        case .dangerouslyAcceptWithoutStore: return .acceptingWithoutStore(since: since)
        }
    }

    private func outcome(of encoded: [UInt8]?) async -> RecordOutcome {
        guard let encoded, !Task.isCancelled else { return .undecided }
        let ticket = RecordTicket()
        return await withTaskCancellationHandler {
            worker.submit(encoded, ticket)
            return await ticket.outcome()
        } onCancel: {
            ticket.resolve(.undecided)
        }
    }
}

extension Duration {
    /// The milliseconds, rounded up, at least 1: a server must not forget too early.
    fileprivate var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let rest = (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return max(1, seconds * 1_000 + rest)
    }
}
