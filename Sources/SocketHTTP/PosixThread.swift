#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A started thread, to be joined or abandoned once.
///
/// `@unchecked Sendable`: any thread may use a `pthread_t`, which is a pointer on Darwin.
@safe package struct PosixThread: @unchecked Sendable {
    #if canImport(Darwin)
        private typealias Handle = pthread_t?
    #else
        private typealias Handle = pthread_t
    #endif

    /// The work of the thread. It is a class, so that one reference passes through C.
    private final class Work: Sendable {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) {
            self.body = body
        }
    }

    private let handle: Handle

    /// Starts a thread that runs `body` and ends.
    init(_ body: @escaping @Sendable () -> Void) throws(HTTPServer.StartError) {
        // The thread takes over this reference. Below it is released when no thread was started.
        let work = unsafe Unmanaged.passRetained(Work(body))
        #if canImport(Darwin)
            var handle: pthread_t?
            let code = unsafe pthread_create(
                &handle, nil,
                { context in
                    unsafe Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body()
                    return nil
                }, work.toOpaque())
            unsafe self.handle = handle
        #else
            var handle = pthread_t()
            let code = unsafe pthread_create(
                &handle, nil,
                { context in
                    guard let context = unsafe context else { return nil }
                    unsafe Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body()
                    return nil
                }, work.toOpaque())
            self.handle = handle
        #endif
        guard code == 0 else {
            unsafe work.release()
            throw .system("pthread_create", code)
        }
    }

    /// Waits until the thread has ended.
    func join() {
        #if canImport(Darwin)
            if let handle = unsafe handle { _ = unsafe pthread_join(handle, nil) }
        #else
            _ = pthread_join(handle, nil)
        #endif
    }

    /// Releases the thread's resources when it ends. The thread cannot be joined any more.
    package func abandon() {
        #if canImport(Darwin)
            if let handle = unsafe handle { _ = unsafe pthread_detach(handle) }
        #else
            _ = pthread_detach(handle)
        #endif
    }

    /// A number that tells the running threads apart; never 0.
    static var currentID: UInt {
        #if canImport(Darwin)
            unsafe UInt(bitPattern: pthread_self())
        #else
            UInt(pthread_self())
        #endif
    }
}
