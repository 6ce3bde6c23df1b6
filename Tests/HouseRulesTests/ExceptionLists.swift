/// Things that only a few files of `Sources` may do, each with its reason. An entry that is not needed must be removed.
enum ExceptionLists {
    /// Files with the keyword `unsafe`. A name such as `withUnsafeBytes` does not count.
    static let unsafeCode: [String: String] = [
        "Sources/WireFormat/Base64Token.swift": "passes the bytes of a token to a C function",
        "Sources/WireFormat/Base64URL.swift": "the decoder's hot loop works on pointers, twice as fast as on spans",
        "Sources/WireFormat/ByteCopies.swift": "copies the elements of a span into an array or a string",
        "Sources/WireFormat/ByteReading.swift": "reads bytes after its own check, and eight at a time",
        "Sources/WireFormat/ByteSearch.swift": "asks the C library's memchr and memcmp, in bounds",
        "Sources/WireFormat/ShortText.swift": "reads the bytes of a StaticString, which has no span",
        "Sources/WireFormat/JSONDocument+Positions.swift":
            "compares with the bytes of a StaticString, which has no span",
        "Sources/WireFormat/JSONStringScanner.swift": "passes the bytes of a string to a C function",
        "Sources/WireFormat/JSONDocument+Node.swift": "compares with the bytes of a StaticString, which has no span",
        "Sources/WireFormat/JSONParser.swift": "reads the bytes of a StaticString, which has no span",
        "Sources/JOSE/Digest.swift": "hands buffers to libcrypto for hashing, random bytes and comparison",
        "Sources/JOSE/HMACSHA256.swift": "hands buffers to libcrypto",
        "Sources/JOSE/JSONWebKey+Encodings.swift": "reads the numbers of a key through libcrypto",
        "Sources/JOSE/SigningKey.swift": "owns a libcrypto key and hands buffers to it",
        "Sources/JOSE/VerificationKey.swift": "owns libcrypto's verification contexts and hands buffers to them",
        "Sources/OAuthResourceServer/Configuration/Environment/ProcessEnvironment.swift":
            "walks the process's environment",
        "Sources/TokenVerification/Time/MonotonicClock.swift": "reads the system's clock through clock_gettime",
        "Sources/TokenVerification/Time/WallClock.swift": "reads the system's clock through clock_gettime",
        "Sources/TokenVerification/Configuration/OperatorFile.swift": "reads files with the system's calls",
        "Sources/OAuthResourceServer/Operator/StandardError.swift": "writes with the system's calls, without waiting",
        "Sources/ResourceServerKit/StandardStreams.swift": "writes with the system's calls, unbuffered",
        "Sources/SafeFetch/BearerFile.swift": "reads a file with the system's calls",
        "Sources/SafeFetch/CertificateAuthorityFile.swift": "reads lines of a file with the C library",
        "Sources/SafeFetch/CurlMulti.swift": "owns libcurl's multi handle",
        "Sources/SafeFetch/CurlTransfer.swift": "owns a libcurl transfer and receives its callbacks",
        "Sources/OAuthResourceServer/MCP/BackgroundThreads.swift":
            "is an executor: starts threads and runs jobs on them",
        "Sources/SafeFetch/CurlWorker.swift": "starts the thread that runs libcurl",
        "Sources/SafeFetch/NameLookUps.swift": "starts the threads that the system's resolver blocks",
        "Sources/SocketHTTP/Acceptor.swift": "names its event loop as its executor",
        "Sources/SocketHTTP/DateLine.swift": "reads the system's clock through clock_gettime",
        "Sources/SocketHTTP/EventLoop.swift": "is an executor: runs jobs on its thread",
        "Sources/SocketHTTP/HTTPConnection.swift": "names its event loop as its executor",
        "Sources/SocketHTTP/HTTPServer+StartError.swift": "reads the system's text of an error number",
        "Sources/SocketHTTP/InheritedSocket.swift": "reads the environment and asks the system about a descriptor",
        "Sources/SocketHTTP/ListeningSocket.swift": "binds, listens and accepts with the system's calls",
        "Sources/SocketHTTP/Poller.swift": "hands event buffers to epoll and kqueue",
        "Sources/SocketHTTP/LoopClock.swift": "reads the system's clock through clock_gettime",
        "Sources/SocketHTTP/PosixThread.swift": "starts and joins threads with the system's calls",
        "Sources/SocketHTTP/Socket+Close.swift": "hands buffers to send, and options to the system",
        "Sources/SocketHTTP/Socket.swift": "hands buffers to recv and send, parks and resumes continuations",
        "Sources/SocketHTTP/SocketAddress.swift": "fills in socket addresses for the system's calls",
        "Sources/SocketHTTP/SocketFile.swift": "looks at and removes files with the system's calls",
        "Sources/SocketHTTP/SocketLock.swift": "opens, locks and removes files with the system's calls",
        "Sources/SocketHTTP/MemoryLimit.swift": "reads the files of the control groups with the C library",
        "Sources/SocketHTTP/SystemResources.swift": "asks the system for limits and processors",
        "Sources/SocketHTTP/TerminationSignal.swift": "installs signal handlers with the system's call",
        "Sources/ValkeyReplayStore/Commands/ServerCommand.swift": "hands buffers to hiredis",
        "Sources/ValkeyReplayStore/Connections/HostLookUp.swift": "asks the system's resolver",
        "Sources/ValkeyReplayStore/Connections/ServerLink.swift":
            "owns a connection of the C shim and reads its answers",
        "Sources/ValkeyReplayStore/Connections/StoreThread.swift": "starts a thread and waits with the system's poll",
        "Sources/mcp-auth/Program/BrowserLauncher.swift": "starts the program that opens URLs, with the system's call",
        "Sources/mcp-auth/Program/SystemStreams.swift": "reads and writes with the system's calls",
        "Sources/benchmarks/LibcryptoLimit.swift": "owns a libcrypto key and hands buffers to it",
        "Sources/benchmarks/MainThreadExecutor.swift": "runs the jobs that it was given",
        "Sources/benchmarks/ProofBenchmark.swift": "reads its resident memory from /proc",
        "Sources/benchmarks/SystemCommand.swift": "reads from the processes that it starts",
        "Sources/fuzz/CorpusFile.swift": "reads folders and files with the system's calls",
        "Sources/fuzz/FuzzedClient.swift": "makes a socketpair and sends and receives with the system's calls",
        "Sources/fuzz/GuardUnderFuzz.swift": "runs the guard's tasks on the thread that checks an input",
        "Sources/fuzz/Fuzz.swift": "hands the arguments to libFuzzer and takes its inputs",
        "Sources/fuzz/URLProperties.swift": "asks the system's readers of addresses for their opinion",
    ]

    /// Files with `@unchecked`.
    static let uncheckedSendable: [String: String] = [
        "Sources/JOSE/SigningKey.swift": "a libcrypto key that nobody changes after construction",
        "Sources/JOSE/VerificationKey.swift": "libcrypto contexts that are only copied after construction",
        "Sources/benchmarks/LibcryptoLimit.swift": "a libcrypto key that is changed by one task or through atomics",
        "Sources/SafeFetch/CurlMulti.swift": "its waker makes the one call that libcurl allows from any thread",
        "Sources/SocketHTTP/EventLoop.swift": "the event loop: state that only its own thread touches",
        "Sources/SocketHTTP/PosixThread.swift": "a thread's handle, a pointer on Darwin, which any thread may use",
    ]

    /// Files that import Foundation.
    static let foundation: [String: String] = [:]

    static func usesUnsafe(_ text: String) -> Bool {
        SwiftTokens.of(text).contains { $0.kind == .word && $0.text == "unsafe" }
    }

    static func usesUnchecked(_ text: String) -> Bool {
        let tokens = SwiftTokens.of(text)
        return tokens.indices.dropFirst().contains { tokens[$0].text == "unchecked" && tokens[$0 - 1].text == "@" }
    }

    static func importsFoundation(_ text: String) -> Bool {
        let family: Set = ["Foundation", "FoundationEssentials", "FoundationNetworking", "FoundationXML"]
        return ImportRule.imports(in: text).contains { family.contains($0.module) }
    }

    /// Files that use the feature without an entry, and entries that are stale or have no reason.
    static func violations(of list: [String: String], in files: [SourceTree.File], _ does: (String) -> Bool) -> [String]
    {
        let doers = Set(files.filter { does($0.text) }.map(\.path))
        return doers.subtracting(list.keys).sorted().map { "\($0): not on the list" }
            + Set(list.keys).subtracting(doers).sorted().map { "\($0): on the list without need" }
            + list.filter { $0.value.split(separator: " ").count < 3 }.keys.sorted().map { "\($0): no reason" }
    }
}
