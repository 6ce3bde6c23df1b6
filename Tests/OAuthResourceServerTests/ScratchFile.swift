#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A temporary file that is deleted with the last reference to this object.
final class ScratchFile: Sendable {
    struct NotWritten: Error {}

    let path: String

    init(_ content: String) throws {
        var template = Array("/tmp/oauth-test-XXXXXX".utf8CString)
        let descriptor = unsafe template.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return Int32(-1) }
            return unsafe mkstemp(start)
        }
        guard descriptor >= 0 else { throw NotWritten() }
        defer { close(descriptor) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let bytes = Array(content.utf8)
        guard unsafe bytes.withUnsafeBytes({ unsafe write(descriptor, $0.baseAddress, bytes.count) }) == bytes.count
        else { throw NotWritten() }
    }

    deinit { _ = unsafe unlink(path) }
}
