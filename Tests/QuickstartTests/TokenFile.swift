#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A temporary file that exists as long as this object.
final class TokenFile {
    struct Failure: Error {}

    let path: String

    init(_ text: String) throws {
        var template = Array("/tmp/quickstart-XXXXXX".utf8CString)
        // `mkstemp` replaces the X characters of an array that outlives the call.
        let descriptor = unsafe mkstemp(&template)
        guard descriptor >= 0 else { throw Failure() }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let bytes = Array(text.utf8)
        // `write` reads no more than this many bytes of an array that outlives the call.
        let written = unsafe bytes.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
        close(descriptor)
        guard written == bytes.count else { throw Failure() }
    }

    deinit { unsafe unlink(path) }
}
