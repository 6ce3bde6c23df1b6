import HTTPMessages
import Testing

@testable import SocketHTTP

private let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
private let mebibyte = 1024 * 1024

/// The smallest budget: 256 KiB for heads that are not complete, 768 KiB for requests.
private func small(_ limits: inout ServerLimits) {
    limits.memoryBytes = mebibyte
    limits.bodyBytes = 8 * mebibyte
    limits.eventLoops = 1
}

@Suite(.timeLimit(.minutes(5)))
struct MemoryBudgetTests {
    @Test("A quarter is for incomplete heads, the rest for requests; what is held is given back")
    func shares() {
        let budget = MemoryBudget(bytes: 40_000)
        do {
            var one = MemoryAccount(budget)
            var other = MemoryAccount(budget)
            // A macro cannot take a mutating call of a noncopyable value, so the answers are collected first.
            var answers: [(Bool, Bool)] = []
            answers.append((one.setIncompleteHead(10_000), true))
            answers.append((one.setIncompleteHead(10_001), false))
            answers.append((one.setIncompleteHead(5_000), true))
            answers.append((other.setIncompleteHead(5_001), false))
            answers.append((other.setIncompleteHead(5_000), true))
            // A small head is kept also beyond the limit.
            answers.append((one.setIncompleteHead(8_000), false))
            answers.append((other.setIncompleteHead(2_048), true))
            answers.append((other.setIncompleteHead(2_049), false))
            answers.append((one.setRequest(10_000), true))
            answers.append((one.addContent(19_999), true))
            answers.append((other.addContent(1), true))
            answers.append((other.addContent(1), false))
            // A small request is served also beyond the limit.
            answers.append((other.setRequest(2_048), true))
            answers.append((other.setRequest(2_049), false))
            one.releaseContent()
            answers.append((one.addContent(100), true))
            other.addUnsent(50_000)
            answers.append((one.addContent(1), false))
            other.addUnsent(-20_000)
            for (index, answer) in answers.enumerated() { #expect(answer.0 == answer.1, "answer \(index)") }
            #expect(budget.heldBytes == 8_000 + 2_049 + 10_000 + 101 + 2 + 2_049 + 30_000)
        }
        #expect(budget.heldBytes == 0)
    }

    @Test(
        "POLICY §16: incomplete heads beyond their share: the longest waiting is closed, and new ones are served",
        arguments: [1, 3])
    func incompleteHeads(_ loops: Int) async throws {
        let part = "GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "y", count: 30_000)
        let limits: (inout ServerLimits) -> Void = { limits in
            small(&limits)
            limits.eventLoops = loops
        }
        try await withListener(echo, limits: limits) { listening in
            var open: [TestConnection] = []
            func sendPart(_ text: String) async throws -> TestConnection {
                let connection = try await TestConnection.open(listening.port)
                let before = listening.counters.receivedBytes
                try await connection.send(text)
                await listening.hasReceived(before + text.utf8.count)
                return connection
            }
            for _ in 1...30 {
                open.append(try await sendPart(part))
                let honest = try await sendPart("GET / HTTP/1.1\r\nX: \(String(repeating: "y", count: 6_000))\r\n")
                try await honest.send("Host: a\r\n\r\n")
                #expect(try await honest.readResponse().status == 200)
            }
            #expect(try await open[0].isClosed())
            let rejections = listening.counters.rejections
            #expect(rejections.keys.elementsEqual(["evicted"]))
            #expect((21...26).contains(rejections["evicted"] ?? 0), "\(rejections)")
            #expect(listening.counters.heldBytes <= mebibyte / 4)
            for connection in open { connection.close() }
            while listening.counters.heldBytes > 0 { await Task.yield() }
        }
    }

    @Test("An incomplete head counts its own size, and no free memory behind it")
    func exactHeads() async throws {
        let part =
            "GET / HTTP/1.1\r\nHost: a\r\n"
            + String(repeating: "X: \(String(repeating: "y", count: 1017))\r\n", count: 31)
        try await withListener(echo, limits: small) { listening in
            var open: [TestConnection] = []
            for number in 1...7 {
                let connection = try await TestConnection.open(listening.port)
                open.append(connection)
                for piece in Array(part.utf8).chunks(of: 5_000) { try await connection.send(piece) }
                await listening.hasReceived(number * part.utf8.count)
            }
            #expect(listening.counters.rejections == [:])
            #expect(listening.counters.heldBytes < 7 * (part.utf8.count + 2 * 1024))
        }
    }

    @Test("An incomplete head that is larger than the share of all is answered 503, and closes no other")
    func hugeHead() async throws {
        let limits: (inout ServerLimits) -> Void = { limits in
            small(&limits)
            limits.fieldSectionBytes = mebibyte
        }
        try await withListener(echo, limits: limits) { listening in
            let other = try await TestConnection.open(listening.port)
            try await other.send("GET / HTTP/1.1\r\n")
            await listening.hasReceived(16)
            let huge = try await TestConnection.open(listening.port)
            try await huge.send("GET / HTTP/1.1\r\nX: \(String(repeating: "y", count: 300_000))")
            #expect(try await huge.readResponse().status == 503)
            try await other.send("Host: a\r\n\r\n")
            #expect(try await other.readResponse().status == 200)
            #expect(listening.counters.rejections == ["memory_exhausted": 1])
        }
    }

    @Test("POLICY §16: content beyond the budget is answered 503; content that is not kept is not counted")
    func content() async throws {
        let handler = ClosureHandler { request in
            if request.path == "/collect" {
                return .text("\(try await request.body.collect(upTo: 8 * mebibyte).count)")
            }
            let count = Tally()
            try await request.body.forEachChunk { count.add($0.count) }
            return .text("\(count.value)")
        }
        try await withListener(handler, limits: small) { listening in
            func post(_ path: String, _ count: Int) async throws -> TestResponse {
                let connection = try await TestConnection.open(listening.port)
                try await connection.send("POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: \(count)\r\n\r\n")
                try await connection.send([UInt8](repeating: 0x61, count: count))
                return try await connection.readResponse()
            }
            let within = try await post("/collect", 600_000)
            #expect(within.text == "600000")
            #expect(try await post("/collect", 900_000).status == 503)
            #expect(listening.counters.rejections == ["memory_exhausted": 1])
            #expect(try await post("/count", 4 * mebibyte).text == "\(4 * mebibyte)")
            #expect(try await post("/collect", 600_000).text == "600000")
            while listening.counters.heldBytes > 0 { await Task.yield() }
        }
    }

    @Test("POLICY §16: what clients do not take of their responses counts; meanwhile content is answered 503")
    func unsent() async throws {
        let big = [UInt8](repeating: 0x61, count: 16 * mebibyte)
        let handler = ClosureHandler { request in
            if request.path == "/big" { return HTTPResponse(status: .ok, body: .bytes(big)) }
            return .text("\(try await request.body.collect(upTo: mebibyte).count)")
        }
        let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
        try await withListener(handler, limits: small) { listening in
            let reader = try await TestConnection.open(listening.port, receiveBuffer: 8192)
            try await reader.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
            while listening.counters.heldBytes < big.count { await Task.yield() }
            let large = try await TestConnection.open(listening.port)
            try await large.send("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "y", count: 3000))\r\n\r\n")
            #expect(try await large.readResponse().status == 503)
            let small = try await TestConnection.open(listening.port)
            try await small.send(get)
            #expect(try await small.readResponse().status == 200)
            #expect(try await reader.readResponse().body.count == big.count)
            let second = try await TestConnection.open(listening.port)
            try await second.send(post)
            #expect(try await second.readResponse().text == "5")
        }
    }

    @Test("Nothing is held for a connection that only reads what is dropped, however the request was refused")
    func lingering() async throws {
        let requests = [
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        ]
        try await withListener(ClosureHandler { _ in .text("unread") }, limits: small) { listening in
            var open: [TestConnection] = []
            for request in requests {
                let connection = try await TestConnection.open(listening.port)
                open.append(connection)
                let before = listening.counters.receivedBytes
                try await connection.send(request + String(repeating: "x", count: 60_000))
                _ = try await connection.readResponse()
                await listening.hasReceived(before + request.utf8.count + 60_000)
            }
            #expect(listening.counters.openConnections == 3)
            #expect(listening.counters.heldBytes == 0)
        }
    }
}

extension [UInt8] {
    fileprivate func chunks(of count: Int) -> [[UInt8]] {
        stride(from: 0, to: self.count, by: count).map { Array(self[$0..<Swift.min($0 + count, self.count)]) }
    }
}
