internal import CLibcurl

/// libcurl's driver of many transfers on one thread. The owner of the C handle.
///
/// `@safe`: the handle is private and valid until `deinit`. Only a waker holds a copy of it.
@safe
struct CurlMulti: ~Copyable {
    private let handle: OpaquePointer

    /// A driver without transfers; nil when libcurl cannot be used or memory is short.
    init?(maximumKeptConnections: Int) {
        guard CurlLibrary.load() == nil,
            let handle = unsafe clibcurl_multi_create(Int32(clamping: maximumKeptConnections))
        else {
            return nil
        }
        unsafe self.handle = handle
    }

    deinit {
        unsafe clibcurl_multi_free(handle)
    }

    /// Ends the waiting of a multi, from another thread.
    ///
    /// `@unchecked Sendable`: `curl_multi_wakeup` is the only call that libcurl allows from any thread. `@safe`: the
    /// worker publishes a waker under a lock that its users hold too, and takes it back under that lock before the
    /// multi is freed.
    @safe
    struct Waker: @unchecked Sendable {
        fileprivate let handle: OpaquePointer

        /// Ends the current or the next ``CurlMulti/wait(milliseconds:)``.
        func wake() {
            unsafe clibcurl_multi_wakeup(handle)
        }
    }

    /// A waker of this multi.
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

    /// Does all work that needs no waiting; false when libcurl broke.
    func perform() -> Bool {
        unsafe clibcurl_multi_perform(handle) == 1
    }

    /// Waits until there is work, a waker is used, or the time is over; false when libcurl broke.
    func wait(milliseconds: Int32) -> Bool {
        unsafe clibcurl_multi_poll(handle, milliseconds) == 1
    }

    /// The next transfer that has ended, and its outcome; nil when there is none for now.
    func nextEnded() -> (identifier: UInt64, outcome: Int32)? {
        var identifier: UInt64 = 0
        var outcome: Int32 = 0
        guard unsafe clibcurl_multi_next_ended(handle, &identifier, &outcome) == 1 else { return nil }
        return (identifier, outcome)
    }
}
