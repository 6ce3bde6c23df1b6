internal import CHiredis
internal import CSystemCalls

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Detached threads without signals.
enum StoreThread {
    /// The name of the threads in a list of the process's threads; at most 15 bytes.
    static let name = "replay-store"

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Runs a body on a new thread. False when there is none left; the body is then not called.
    static func start(_ run: @escaping @Sendable () -> Void) -> Bool {
        // The thread owns the reference. It is released here when the thread was not started.
        let body = unsafe Unmanaged.passRetained(Body(run))
        let isStarted = unsafe csystem_spawn(
            name,
            { context in
                guard let context = unsafe context else { return }
                unsafe Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
            }, body.toOpaque())
        if isStarted != 1 { unsafe body.release() }
        return isStarted == 1
    }
}

/// Ends a wait of the store's thread, from any thread.
final class StoreWaker: Sendable {
    private let readEnd: Int32
    private let writeEnd: Int32

    /// Nil when the process has no descriptors left.
    init?() {
        var ends: [Int32] = [-1, -1]
        guard unsafe chiredis_open_waker(&ends) == 1 else { return nil }
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    func wake() { chiredis_wake(writeEnd) }

    /// A descriptor that a wait can be for, and whether for writing too.
    struct Interest {
        let descriptor: Int32
        let wantsToWrite: Bool
    }

    /// Waits until a link has something, the waker is used, or the time is over. Nil waits without end.
    func wait(for links: [Interest], milliseconds: Int32?) {
        var entries = links.map { link in
            let events = link.wantsToWrite ? Int16(POLLIN) | Int16(POLLOUT) : Int16(POLLIN)
            return pollfd(fd: link.descriptor, events: events, revents: 0)
        }
        entries.append(pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0))
        let count = unsafe poll(&entries, nfds_t(entries.count), milliseconds ?? -1)
        if count > 0, entries.last?.revents != 0 { chiredis_calm(readEnd) }
    }
}
