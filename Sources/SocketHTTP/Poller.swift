#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
#if os(Linux)
    import CSystemCalls
#endif

/// What the system has reported about a descriptor.
struct Readiness: OptionSet {
    let rawValue: UInt8
    static let readable = Readiness(rawValue: 1)
    static let writable = Readiness(rawValue: 2)
    /// The peer has closed its sending side.
    static let finished = Readiness(rawValue: 4)
    /// The connection is broken or closed in both directions.
    static let gone = Readiness(rawValue: 8)
    /// This side's sending direction is closed: by this side, or because the connection is gone.
    static let unwritable = Readiness(rawValue: 16)
}

#if os(Linux) && !SOCKETHTTP_KQUEUE
    /// The system's readiness notification: epoll, with an eventfd that wakes the waiting thread.
    ///
    /// A descriptor is registered once, edge-triggered, so a request costs no call of `epoll_ctl`.
    @safe struct Poller {
        private static let wakeToken = UInt64.max
        private let descriptor: Int32
        private let waker: Int32

        /// The buffer for the events of one wait. It belongs to the waiting thread, because `wake` must not touch what
        /// `wait` changes.
        @safe struct Events {
            fileprivate var storage = unsafe [epoll_event](repeating: epoll_event(), count: 256)
        }

        init() throws(HTTPServer.StartError) {
            descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
            guard descriptor >= 0 else { throw .system("epoll_create1", errno) }
            waker = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
            var event = unsafe epoll_event()
            unsafe event.events = EPOLLIN.rawValue
            unsafe event.data.u64 = Self.wakeToken
            guard waker >= 0, unsafe epoll_ctl(descriptor, EPOLL_CTL_ADD, waker, &event) == 0 else {
                let code = errno
                close()
                throw .system("eventfd", code)
            }
        }

        func close() {
            if waker >= 0 { _ = systemClose(waker) }
            _ = systemClose(descriptor)
        }

        /// Registers a descriptor for all events, until it is closed.
        func add(_ other: Int32, token: UInt64) -> Bool {
            var event = unsafe epoll_event()
            unsafe event.events =
                EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue
            unsafe event.data.u64 = token
            return unsafe epoll_ctl(descriptor, EPOLL_CTL_ADD, other, &event) == 0
        }

        /// Makes the current or the next `wait` return. May be called from any thread while the poller is open.
        func wake() {
            var one: UInt64 = 1
            _ = unsafe write(waker, &one, 8)
        }

        /// Waits, then reports each descriptor that has changed. With a negative time it waits without a limit.
        func wait(
            milliseconds: Int32, using events: inout Events, _ report: (_ token: UInt64, Readiness) -> Void
        ) {
            let count = unsafe events.storage.withUnsafeMutableBufferPointer { buffer in
                unsafe epoll_wait(descriptor, buffer.baseAddress, Int32(buffer.count), milliseconds)
            }
            guard count > 0 else { return }  // No event, or EINTR.
            for index in 0..<Int(count) {
                let event = unsafe events.storage[index]
                let token = unsafe event.data.u64
                if token == Self.wakeToken {
                    var value: UInt64 = 0
                    _ = unsafe read(waker, &value, 8)
                    continue
                }
                report(token, Self.readiness(unsafe event.events))
            }
        }

        private static func readiness(_ bits: UInt32) -> Readiness {
            var readiness: Readiness = []
            if bits & EPOLLIN.rawValue != 0 { readiness.insert(.readable) }
            if bits & EPOLLOUT.rawValue != 0 { readiness.insert(.writable) }
            if bits & EPOLLRDHUP.rawValue != 0 { readiness.insert(.finished) }
            if bits & (EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 { readiness.insert(.gone) }
            return readiness
        }
    }
#else
    /// The system's readiness notification: kqueue, with a user event to wake a waiting thread.
    ///
    /// Descriptors are registered once, edge-triggered (`EV_CLEAR`): a request costs no registration.
    @safe struct Poller {
        private static let wakeToken = UInt64.max
        private let descriptor: Int32

        /// The buffer for the events of one wait. It belongs to the waiting thread, because `wake` must not touch what
        /// `wait` changes.
        @safe struct Events {
            // The plain name in an expression would mean the function.
            fileprivate typealias Event = kevent
            fileprivate var storage = unsafe [Event](repeating: Event(), count: 256)
        }

        init() throws(HTTPServer.StartError) {
            descriptor = kqueue()
            guard descriptor >= 0 else { throw .system("kqueue", errno) }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            guard change(0, EVFILT_USER, EV_ADD | EV_CLEAR, 0, token: Self.wakeToken) else {
                let code = errno
                close()
                throw .system("kevent", code)
            }
        }

        func close() {
            _ = systemClose(descriptor)
        }

        /// Registers a descriptor for all events, until it is closed.
        func add(_ other: Int32, token: UInt64) -> Bool {
            change(UInt(other), EVFILT_READ, EV_ADD | EV_CLEAR, 0, token: token)
                && change(UInt(other), EVFILT_WRITE, EV_ADD | EV_CLEAR, 0, token: token)
        }

        /// Makes the current or the next `wait` return. May be called from any thread while the poller is open.
        func wake() {
            _ = change(0, EVFILT_USER, 0, UInt32(NOTE_TRIGGER), token: Self.wakeToken)
        }

        private func change(_ ident: UInt, _ filter: Int32, _ flags: Int32, _ fflags: UInt32, token: UInt64) -> Bool {
            var event = unsafe Events.Event(
                ident: ident, filter: Int16(filter), flags: UInt16(flags), fflags: fflags, data: 0,
                udata: UnsafeMutableRawPointer(bitPattern: UInt(token)))
            return unsafe kevent(descriptor, &event, 1, nil, 0, nil) == 0
        }

        /// Waits, then reports each descriptor that has changed. With a negative time it waits without a limit.
        func wait(
            milliseconds: Int32, using events: inout Events, _ report: (_ token: UInt64, Readiness) -> Void
        ) {
            var time = timespec(tv_sec: Int(milliseconds / 1000), tv_nsec: Int(milliseconds % 1000) * 1_000_000)
            let count = unsafe events.storage.withUnsafeMutableBufferPointer { buffer in
                let room = Int32(buffer.count)
                return milliseconds < 0
                    ? unsafe kevent(descriptor, nil, 0, buffer.baseAddress, room, nil)
                    : unsafe kevent(descriptor, nil, 0, buffer.baseAddress, room, &time)
            }
            guard count > 0 else { return }  // No event, or EINTR.
            for index in 0..<Int(count) {
                let event = unsafe events.storage[index]
                let token = unsafe UInt64(UInt(bitPattern: event.udata))
                if token == Self.wakeToken { continue }
                let isRead = unsafe Int32(event.filter) == EVFILT_READ
                let hasEnded = unsafe Int32(event.flags) & EV_EOF != 0
                var readiness: Readiness = isRead ? .readable : .writable
                if hasEnded {
                    readiness.insert(isRead ? .finished : .unwritable)
                    // kqueue(2): the error of the socket, if there is one.
                    if unsafe event.fflags != 0 { readiness.insert(.gone) }
                }
                report(token, readiness)
            }
        }
    }
#endif
