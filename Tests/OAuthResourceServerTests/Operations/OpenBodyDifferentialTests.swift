import Foundation
import HTTPMessages
import OAuthResourceServer
import OAuthTestKit
import Testing

/// Open operations against another JSON reader: what gets through without a token holds open operations only, also as
/// Foundation reads it.
@Suite("Open operations and another JSON reader")
struct OpenBodyDifferentialTests {
    private static let pieces = [
        #""jsonrpc":"2.0""#, #""jsonrpc":"2.0""#, #""jsonrpc":"2.0""#, #""id":1"#, #""id":null"#,
        #""method":"tools/call""#,
        #""method":"tools/call""#, #""method":"tools/call""#, #""method":"tools\u002fcall""#, #""m\u0065thod":"ping""#,
        #""Method":"tools/call""#, #""method":"tools/list""#, #""method":"tools/list""#, #""method":"resources/list""#,
        #""params":{"name":"open"}"#, #""params":{"name":"open"}"#, #""params":{"name":"open"}"#,
        #""params":{"name":"secret"}"#, #""params":{"name":"open","name":"secret"}"#,
        #""params":{"name":"secret","name":"open"}"#, #""params":{"name":"open","n\u0061me":"secret"}"#,
        #""params":{"name":"open","NAME":"secret"}"#, #""PARAMS":{"name":"secret"}"#, #""params":["open"]"#,
        #""params":{"name":"op\u0065n"}"#, #""params":{"name":"open\u0000"}"#, #""params":{"name":"open\ud800"}"#,
        #""params":{"arguments":{"name":"secret"},"name":"open"}"#, #""params":null"#, #""result":{}"#,
        #""params":{"name":"open"}/**/"#, #""params":{'name':'secret'}"#, "", " ", "\u{FEFF}",
    ]

    private static func bodies(_ count: Int) -> [[UInt8]] {
        var state: UInt64 = 20_261_129
        func number(below bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        func message() -> String {
            if number(below: 3) == 0 {
                return #"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"open"}}"#
            }
            return "{"
                + (0..<(3 + number(below: 2))).map { _ in pieces[number(below: pieces.count)] }
                .joined(separator: ",") + "}"
        }
        return (0..<count).map { index in
            var text = message()
            if index % 3 == 0 {
                text = "[" + (0...number(below: 3)).map { _ in message() }.joined(separator: ",") + "]"
            }
            var bytes = Array(text.utf8)
            if index % 4 == 0 {
                let noise = Array("\"{}[],:\\/ \n\t'\u{0}eé".utf8)
                bytes.insert(noise[number(below: noise.count)], at: number(below: bytes.count + 1))
            }
            return bytes
        }
    }

    /// Whether every message is a call of the open tool, or lists tools.
    private static func isOpen(_ json: Any) -> Bool {
        if let batch = json as? [Any] { return !batch.isEmpty && batch.allSatisfy { !($0 is [Any]) && isOpen($0) } }
        guard let message = json as? [String: Any], let method = message["method"] as? String else { return false }
        if method == "tools/list" { return true }
        return method == "tools/call" && (message["params"] as? [String: Any])?["name"] as? String == "open"
    }

    @Test("POLICY §11: nothing gets through that another reader takes for a closed operation")
    func differential() async throws {
        let fixture = try GuardFixture {
            $0.requirements.operations = [
                .tool("open", requires: .nothing), .method("tools/list", requires: .nothing),
            ]
        }
        var fields = HTTPFields()
        fields.append(.contentType, "application/json")
        let target: HTTPRequest.Target = "/mcp"
        var (open, closed) = (0, 0)
        for body in Self.bodies(6_000) {
            let decision = await fixture.server.decide(method: .post, target: target, fields: fields, body: body)
            guard case .proceed(let admission) = decision else {
                closed += 1
                continue
            }
            open += 1
            #expect(admission.principal.isAnonymous)
            var readings: [Any] = []
            for options in [[], [.fragmentsAllowed]] as [JSONSerialization.ReadingOptions] {
                if let json = try? JSONSerialization.jsonObject(with: Data(body), options: options) {
                    readings.append(json)
                }
            }
            let text = String(decoding: body, as: UTF8.self)
            #expect(!readings.isEmpty, "\(text)")
            #expect(readings.allSatisfy(Self.isOpen), "\(text)")
        }
        // Otherwise the test would show nothing.
        #expect(open > 500)
        #expect(closed > 2_000)
    }
}
