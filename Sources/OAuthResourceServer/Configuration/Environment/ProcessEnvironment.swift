#if canImport(Glibc)
    // Glibc declares `environ` as a plain global variable.
    @unsafe @preconcurrency internal import Glibc
#elseif canImport(Musl)
    @unsafe @preconcurrency internal import Musl
#else
    internal import Darwin
#endif

/// The environment of this process.
package enum ProcessEnvironment {
    /// All variables by name. Bytes that are not UTF-8 become U+FFFD, which no setting accepts. Call it at start-up,
    /// before anything changes the environment.
    package static func variables() -> [String: String] {
        #if canImport(Darwin)
            let first: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = unsafe _NSGetEnviron().pointee
        #else
            let first: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = unsafe environ
        #endif
        // A process may have no environment at all.
        guard var entry = unsafe first else { return [:] }
        var variables: [String: String] = [:]
        // POSIX: `environ` is an array of `name=value` strings that ends with a null pointer.
        while let text = unsafe entry.pointee {
            let bytes = unsafe UnsafeBufferPointer(start: text, count: strlen(text)).map { UInt8(bitPattern: $0) }
            unsafe entry += 1
            guard let separator = bytes.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let name = String(decoding: bytes[..<separator], as: UTF8.self)
            variables[name] = String(decoding: bytes[(separator + 1)...], as: UTF8.self)
        }
        return variables
    }
}
