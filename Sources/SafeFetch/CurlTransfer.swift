internal import CLibcurl
internal import HTTPMessages
internal import WireFormat

/// One request in libcurl. It is made, driven and ended on the worker's thread. It is not `Sendable`, so it cannot
/// leave that thread.
///
/// `@safe`: the C handle is private, lives as long as this object, and is freed once, in `deinit`.
@safe
final class CurlTransfer {
    let ticket: FetchTicket
    /// The host that is connected to.
    let peerName: String
    private let addresses: AddressPolicy
    private let maximumBodyBytes: Int
    private var assembly: ResponseAssembly
    private var isBlocked = false
    private var handle: OpaquePointer?

    /// Configures a transfer. Nothing is sent before a ``CurlMulti`` has it.
    ///
    /// - Parameters:
    ///   - resolution: The addresses of the peer's name, in libcurl's spelling; nil for a literal address.
    ///   - connecting: The time that is left for making the connection.
    ///   - remaining: The time that is left for the whole fetch.
    init(
        _ job: FetchJob, policy: FetchPolicy, identifier: UInt64, resolution: String?, connecting: Duration,
        remaining: Duration
    ) throws(FetchError) {
        ticket = job.ticket
        peerName = job.peer.host
        addresses = job.route.addresses
        maximumBodyBytes = job.maximumBodyBytes
        assembly = ResponseAssembly(
            maximumHeadBytes: policy.maximumHeadBytes, maximumBodyBytes: job.maximumBodyBytes,
            decodesGzip: policy.acceptsGzip && clibcurl_decodes_gzip() == 1)

        // The context is not retained. libcurl calls back only while the transfer is in a multi, whose owner holds this
        // object meanwhile, and `deinit` frees the C side before this object's memory is released.
        let callbacks = unsafe clibcurl_callbacks(
            context: Unmanaged.passUnretained(self).toOpaque(),
            admit: { context, address, count, _ in
                unsafe CurlTransfer.from(context)?.admit(UnsafeBufferPointer(start: address, count: count)) ?? 0
            },
            line: { context, bytes, count in
                unsafe CurlTransfer.from(context)?.take(line: UnsafeBufferPointer(start: bytes, count: count)) ?? 0
            },
            content: { context, bytes, count in
                unsafe CurlTransfer.from(context)?.take(content: UnsafeBufferPointer(start: bytes, count: count)) ?? 0
            })
        guard let handle = unsafe clibcurl_transfer_create(callbacks, identifier) else { throw .unavailable }
        unsafe self.handle = handle

        let url = job.url
        switch unsafe clibcurl_transfer_set_url(
            handle, url.text, url.scheme.rawValue, url.host, url.effectivePort, url.path, url.query ?? "")
        {
        case 1: break
        case 0: throw .notAllowed
        default: throw .unavailable
        }
        let total = Self.milliseconds(remaining)
        let configured = unsafe clibcurl_transfer_configure(
            handle, CurlFetcher.userAgent, policy.certificateAuthorities?.path, job.route.proxy?.originWithPort,
            resolution,
            min(Self.milliseconds(connecting), total), total, Int64(job.maximumBodyBytes),
            policy.acceptsGzip ? 1 : 0, policy.keepsConnections ? 1 : 0)
        guard configured == 1 else { throw .unavailable }
        if let content = job.exchange.content {
            let line = "Content-Type: \(content.mediaType)"
            let isSet = unsafe content.bytes.withUnsafeBufferPointer {
                unsafe clibcurl_transfer_set_content(handle, line, $0.baseAddress, $0.count)
            }
            guard isSet == 1 else { throw .unavailable }
        }
        if job.exchange.name != (job.exchange.content == nil ? .get : .post) {
            guard unsafe clibcurl_transfer_set_method(handle, job.exchange.name.name) == 1 else { throw .unavailable }
        }
        // The file is read on this thread, because a caller's thread must not block.
        let credentials = try job.bearer.map { bearer throws(FetchError) in try BearerFile.fieldLine(bearer) }
        for line in job.fieldLines + (credentials.map { [$0] } ?? []) {
            guard unsafe clibcurl_transfer_add_field(handle, line) == 1 else { throw .unavailable }
        }
    }

    deinit {
        if let handle = unsafe handle { unsafe clibcurl_transfer_free(handle) }
    }

    /// The result for the caller, when libcurl has finished the transfer.
    func result(outcome: Int32) -> FetchTicket.Outcome {
        // One blocked address makes the fetch fail, even when another address of the same name was admitted.
        if isBlocked { return .failure(.blockedAddress) }
        if let failure = assembly.failure { return .failure(failure) }
        if let failure = failure(outcome) { return .failure(failure) }
        do throws(FetchError) {
            return .success(try assembly.document(status: status))
        } catch {
            return .failure(error)
        }
    }

    /// Passes the handle to a multi that adds or removes the transfer.
    func withHandle(_ body: (OpaquePointer) -> Void) {
        if let handle = unsafe handle { unsafe body(handle) }
    }

    private var status: Int {
        guard let handle = unsafe handle else { return 0 }
        return unsafe Int(clibcurl_transfer_status(handle))
    }

    private func failure(_ outcome: Int32) -> FetchError? {
        switch Int(outcome) {
        case Int(clibcurl_done): nil
        case Int(clibcurl_not_resolved): .notResolved
        case Int(clibcurl_connection_failed): .connectionFailed
        case Int(clibcurl_timed_out): .timedOut
        case Int(clibcurl_unknown_authority): .unknownAuthority
        case Int(clibcurl_expired): .certificateExpired
        case Int(clibcurl_wrong_name): .certificateForOtherName
        case Int(clibcurl_tls): .tls
        case Int(clibcurl_too_large): .tooLarge(limit: maximumBodyBytes)
        case Int(clibcurl_malformed): .malformedResponse
        default: .unavailable
        }
    }

    private func admit(_ bytes: UnsafeBufferPointer<UInt8>) -> Int32 {
        guard !isBlocked, let address = unsafe AddressPolicy.Address(Array(bytes)), addresses.admits(address) else {
            isBlocked = true
            return 0
        }
        return 1
    }

    private func take(line: UnsafeBufferPointer<UInt8>) -> Int32 {
        unsafe assembly.take(line: Array(line), status: status) ? 1 : 0
    }

    private func take(content: UnsafeBufferPointer<UInt8>) -> Int32 {
        unsafe assembly.take(content: Array(content)) ? 1 : 0
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> CurlTransfer? {
        guard let context = unsafe context else { return nil }
        return unsafe Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
    }

    /// Whole milliseconds, at least 1: to libcurl 0 means "no limit".
    private static func milliseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        return max(1, seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }
}
