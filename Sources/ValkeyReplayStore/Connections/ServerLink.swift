internal import CHiredis

/// One connection to a server, without waiting. The owner of the C link; it belongs to the store's thread.
///
/// `@safe`: the handle is private and valid until `deinit`.
@safe
final class ServerLink {
    typealias Reason = ValkeyReplayStore.Reason

    /// How far a connection is.
    enum Progress {
        case established
        case pending
        case failed(Reason)
    }

    /// The result of reading.
    enum Receipt {
        case some
        case nothing
        case ended(Reason)
    }

    /// What the bytes that were read contain.
    enum Content {
        case answer(ServerAnswer)
        case unfinished
        case malformed
    }

    private let handle: OpaquePointer

    /// Begins a connection. Nil when the system refuses at once.
    init?(address: [UInt8], port: UInt16) {
        guard let handle = unsafe chiredis_open_address(address, address.count, port) else { return nil }
        unsafe self.handle = handle
    }

    /// Begins a connection to a socket file. Nil when the system refuses at once.
    init?(path: String) {
        guard let handle = unsafe chiredis_open_path(path) else { return nil }
        unsafe self.handle = handle
    }

    deinit {
        unsafe chiredis_close(handle)
    }

    /// Demands TLS, before the first ``advance()``. Reads the files of the settings. Returns the reason of a failure.
    func useTLS(name: String, isAddress: Bool, settings: ValkeyReplayStore.Settings) -> Reason? {
        let result = unsafe chiredis_use_tls(
            handle, name, isAddress ? 1 : 0, settings.certificateAuthorityFile,
            settings.clientCertificate?.certificateFile, settings.clientCertificate?.keyFile)
        return result == 1 ? nil : Self.reason(Int(result)) ?? .noResources
    }

    var descriptor: Int32 { unsafe chiredis_descriptor(handle) }
    /// Whether the connection or TLS waits until it can write.
    var wantsToWrite: Bool { unsafe chiredis_wants_to_write(handle) != 0 }

    /// Goes on with the connection and the handshake of TLS.
    func advance() -> Progress {
        switch unsafe chiredis_advance(handle) {
        case 1: .established
        case 0: .pending
        case let code: .failed(Self.reason(Int(code)) ?? .notConnected)
        }
    }

    /// Sends some bytes and returns how many; nil when the connection is broken.
    func send(_ bytes: ArraySlice<UInt8>) -> Int? {
        let count = unsafe bytes.withUnsafeBufferPointer { unsafe chiredis_send(handle, $0.baseAddress, $0.count) }
        return count >= 0 ? Int(count) : nil
    }

    /// Reads some bytes.
    func receive() -> Receipt {
        switch unsafe chiredis_receive(handle) {
        case 1: .some
        case 0: .nothing
        case let code: .ended(Self.reason(Int(code)) ?? .closed)
        }
    }

    /// The next whole answer of the bytes that were read.
    func nextAnswer() -> Content {
        var kind: Int32 = 0
        var text: UnsafePointer<UInt8>?
        var length = 0
        switch unsafe chiredis_next(handle, &kind, &text, &length) {
        case 1: break
        case 0: return .unfinished
        default: return .malformed
        }
        // The text is in the link and valid until the next call.
        let bytes = unsafe UnsafeBufferPointer(start: text, count: length)
        switch Int(kind) {
        case Int(chiredis_status): return .answer(unsafe bytes.elementsEqual("OK".utf8) ? .ok : .other)
        case Int(chiredis_nil): return .answer(.absent)
        case Int(chiredis_error): return .answer(.error(ServerAnswer.reason(ofError: unsafe Array(bytes))))
        case Int(chiredis_text): return .answer(.text(unsafe Array(bytes)))
        default: return .answer(.other)
        }
    }

    /// The reason that a code of the C functions stands for; nil for a failure of the system.
    private static func reason(_ code: Int) -> Reason? {
        switch code {
        case Int(chiredis_tls_failed): .tlsFailed
        case Int(chiredis_unknown_authority): .unknownAuthority
        case Int(chiredis_wrong_name): .wrongName
        case Int(chiredis_expired): .certificateExpired
        case Int(chiredis_certificate_file): .certificateFile
        case Int(chiredis_too_large): .answerTooLarge
        case Int(chiredis_malformed): .malformedAnswer
        case Int(chiredis_ended): .closed
        default: nil
        }
    }
}
