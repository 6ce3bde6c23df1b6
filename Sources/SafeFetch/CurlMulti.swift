internal import CLibcurl

/// libcurl's driver of many transfers on one thread. The owner of the C handle.
///
/// `@safe`: the handle is private, valid until `deinit`, and only the waker leaves it.
@safe
struct CurlMulti: ~Copyable {
    private let handle: OpaquePointer

    /// Whether libcurl can be used at all; initialises it on first use.
    static let isUsable = clibcurl_start() == 1

    /// A driver without transfers, or nil when there is no usable libcurl or no memory.
    init?(maximumKeptConnections: Int) {
        guard Self.isUsable, let handle = unsafe clibcurl_multi_create(Int32(clamping: maximumKeptConnections)) else {
            return nil
        }
        unsafe self.handle = handle
    }

    deinit {
        unsafe clibcurl_multi_free(handle)
    }

    /// What another thread may do with a multi: end its waiting.
    ///
    /// `@unchecked Sendable`: `curl_multi_wakeup` is the one call that libcurl allows from any thread. `@safe`: whoever
    /// publishes a waker takes it back, under the same lock that its users hold, before the multi goes away.
    @safe
    struct Waker: @unchecked Sendable {
        fileprivate let handle: OpaquePointer

        /// Ends the present or the next ``CurlMulti/wait(milliseconds:)``.
        func wake() {
            unsafe clibcurl_multi_wakeup(handle)
        }
    }

    /// The means to end this multi's waiting.
    var waker: Waker { unsafe Waker(handle: handle) }

    /// Starts a transfer; false when libcurl refuses.
    func add(_ transfer: CurlTransfer) -> Bool {
        var isAdded = false
        unsafe transfer.withHandle { isAdded = unsafe clibcurl_multi_add(handle, $0) == 1 }
        return isAdded
    }

    /// Ends a transfer, finished or not.
    func remove(_ transfer: CurlTransfer) {
        unsafe transfer.withHandle { unsafe clibcurl_multi_remove(handle, $0) }
    }

    /// Does everything that can be done without waiting; false when libcurl broke.
    func perform() -> Bool {
        unsafe clibcurl_multi_perform(handle) == 1
    }

    /// Waits until there is something to do, the waker is used, or the time is over; false when libcurl broke.
    func wait(milliseconds: Int32) -> Bool {
        unsafe clibcurl_multi_poll(handle, milliseconds) == 1
    }

    /// The next transfer that ended and how, nil when there is none for now.
    func nextEnded() -> (identifier: UInt64, outcome: Int32)? {
        var identifier: UInt64 = 0
        var outcome: Int32 = 0
        guard unsafe clibcurl_multi_next_ended(handle, &identifier, &outcome) == 1 else { return nil }
        return (identifier, outcome)
    }
}
