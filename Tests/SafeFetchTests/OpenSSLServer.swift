#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An HTTPS server of the `openssl` program with a fresh certificate for `localhost` (and not for 127.0.0.1), signed by
/// itself: the certificate is also its own authority. It answers every GET with a 200 page.
///
/// Used within one test only. `@safe`: the C stream is private, set once, and closed once, in `deinit`.
@safe
final class OpenSSLServer {
    struct SetUpFailed: Error {}

    /// Whether the program is there.
    static let isAvailable = unsafe system("command -v openssl >/dev/null 2>&1") == 0

    let port: UInt16
    var certificateFile: String { directory + "/certificate.pem" }
    private let directory: String
    private let process: pid_t
    private let output: UnsafeMutablePointer<FILE>

    init() throws {
        // The shell becomes the server, so the process that it names is the one to end.
        let script = """
            d="$(mktemp -d)" && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
            -keyout "$d/key.pem" -out "$d/certificate.pem" -subj /CN=localhost \
            -addext subjectAltName=DNS:localhost -days 2 2>/dev/null && echo "$$ $d" && \
            exec openssl s_server -www -accept 127.0.0.1:0 -key "$d/key.pem" -cert "$d/certificate.pem" \
            </dev/null 2>/dev/null
            """
        guard let output = unsafe popen(script, "r") else { throw SetUpFailed() }
        let first = unsafe Self.line(from: output).split(separator: UInt8(ascii: " "))
        var announced: [UInt8] = []
        repeat {
            announced = unsafe Self.line(from: output)
        } while !announced.isEmpty && !announced.starts(with: "ACCEPT ".utf8)
        let digits = announced.reversed().prefix { $0 != UInt8(ascii: ":") }.reversed()
        guard first.count == 2, let process = pid_t(String(decoding: first[0], as: UTF8.self)),
            let port = UInt16(String(decoding: digits, as: UTF8.self))
        else {
            unsafe pclose(output)
            throw SetUpFailed()
        }
        self.port = port
        self.process = process
        directory = String(decoding: first[1], as: UTF8.self)
        unsafe self.output = unsafe output
    }

    deinit {
        kill(process, SIGTERM)
        unsafe pclose(output)
        for name in ["/key.pem", "/certificate.pem"] { unsafe unlink(directory + name) }
        unsafe rmdir(directory)
    }

    /// The next line without its end; empty when there is none.
    private static func line(from stream: UnsafeMutablePointer<FILE>) -> [UInt8] {
        var line: [UInt8] = []
        while case let byte = unsafe getc(stream), byte != EOF, byte != 10 {
            line.append(UInt8(truncatingIfNeeded: byte))
        }
        return line
    }
}
