#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An HTTPS server of the `openssl` program with a new certificate authority. It answers a GET of `/name` with the
/// bytes of a prepared response, including the head, and closes the connection.
///
/// Used within one test only. `@safe`: the C stream is private, set once, and closed once, in `deinit`.
@safe
final class OpenSSLServer {
    struct SetUpFailed: Error {}

    /// Whether the program exists and its version supports certificate authorities.
    static let isAvailable = unsafe system("openssl version 2>/dev/null | grep -q 'OpenSSL [3-9]'") == 0

    let port: UInt16
    /// The authority that signed the server's certificate.
    var authorityFile: String { directory + "/authority.pem" }
    /// Another authority, which did not sign the certificate.
    var otherAuthorityFile: String { directory + "/other.pem" }
    let directory: String
    private let process: pid_t
    private let output: UnsafeMutablePointer<FILE>
    private var files = ["authority.key", "authority.pem", "other.pem", "key.pem", "request.pem", "certificate.pem"]

    /// Starts a server with a certificate for one name, valid for this number of days (negative: expired).
    init(name: String = "localhost", days: Int = 2) throws {
        // The shell process becomes the server, so that its process id is the one to end.
        let script = """
            d="$(mktemp -d)" && cd "$d" && exec 2>/dev/null && key='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes' && \
            openssl req -x509 $key -keyout authority.key -out authority.pem -subj /CN=authority -days 2 && \
            openssl req -x509 $key -keyout key.pem -out other.pem -subj /CN=authority -days 2 && \
            openssl req $key -keyout key.pem -out request.pem -subj /CN=server -addext subjectAltName=DNS:\(name) && \
            openssl x509 -req -in request.pem -CA authority.pem -CAkey authority.key -days \(days) \
            -copy_extensions copy -out certificate.pem && echo "$$ $d" && \
            exec openssl s_server -HTTP -accept 127.0.0.1:0 -key key.pem -cert certificate.pem </dev/null
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
        for name in files { unsafe unlink(directory + "/" + name) }
        unsafe rmdir(directory)
    }

    /// Sets the answer to a GET of `/name`.
    func answer(_ name: String, with answer: [UInt8]) throws {
        guard let file = unsafe fopen(directory + "/" + name, "w") else { throw SetUpFailed() }
        files.append(name)
        let count = unsafe answer.withUnsafeBufferPointer { unsafe fwrite($0.baseAddress, 1, $0.count, file) }
        guard unsafe fclose(file) == 0, count == answer.count else { throw SetUpFailed() }
    }

    /// Answers a GET of `/name` with a head, and then with a piece every 10 ms.
    ///
    /// - Parameters:
    ///   - bytes: The size of a piece; the first one begins with the head.
    ///   - pieces: The number of pieces. The connection stays open for two minutes.
    func drip(_ name: String, bytes: Int = 16_384, pieces: Int = 12_000) throws {
        let path = directory + "/" + name
        guard unsafe mkfifo(path, 0o600) == 0 else { throw SetUpFailed() }
        files.append(name)
        try spawnThread {
            // The server may end while this thread writes.
            var pipe = sigset_t()
            unsafe sigemptyset(&pipe)
            unsafe sigaddset(&pipe, SIGPIPE)
            unsafe pthread_sigmask(SIG_BLOCK, &pipe, nil)
            var piece = Array("HTTP/1.1 200 OK\r\n\r\n".utf8)
            piece += [UInt8](repeating: 0x61, count: bytes - piece.count)
            var descriptor: Int32 = -1
            var written = 0
            for _ in 0..<12_000 {
                // The pipe cannot be opened before a reader has opened it. Bytes that do not fit are written in the
                // next turn.
                if descriptor < 0 { descriptor = unsafe open(path, O_WRONLY | O_NONBLOCK) }
                if descriptor >= 0, written < pieces {
                    written += 1
                    if unsafe write(descriptor, piece, piece.count) < 0, errno == EPIPE {
                        _ = close(descriptor)
                        descriptor = -1
                    }
                }
                usleep(10_000)
            }
            if descriptor >= 0 { _ = close(descriptor) }
        }
    }

    /// The next line without its end; empty if there is none.
    private static func line(from stream: UnsafeMutablePointer<FILE>) -> [UInt8] {
        var line: [UInt8] = []
        while case let byte = unsafe getc(stream), byte != EOF, byte != 10 {
            line.append(UInt8(truncatingIfNeeded: byte))
        }
        return line
    }
}
