#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A started thread, to be joined or abandoned once.
///
/// `@unchecked Sendable`: a `pthread_t` is a name that any thread may use; Darwin spells it as a pointer.
@safe package struct PosixThread: @unchecked Sendable {
    #if canImport(Darwin)
        private typealias Handle = pthread_t?
    #else
        private typealias Handle = pthread_t
    #endif

    /// What the thread is to do; a class, so that one reference passes through C.
    private final class Work: Sendable {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) {
            self.body = body
        }
    }

    private let handle: Handle

    /// Starts a thread that runs `body` and ends.
    init(_ body: @escaping @Sendable () -> Void) throws(HTTPServer.StartError) {
        // Taken over by the thread, or released below when there is none.
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

    /// Waits for its end.
    func join() {
        #if canImport(Darwin)
            if let handle = unsafe handle { _ = unsafe pthread_join(handle, nil) }
        #else
            _ = pthread_join(handle, nil)
        #endif
    }

    /// Lets it end by itself.
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
