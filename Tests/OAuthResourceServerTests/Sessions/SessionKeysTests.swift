import OAuthTestKit
import Testing
import WireFormat

@testable import OAuthResourceServer
@testable import TokenVerification

@Suite("SessionKeys: keys for sessions, from code and from a file")
struct SessionKeysTests {
    private static let first = String(repeating: "a", count: 32)
    private static let second = String(repeating: "b", count: 44)

    private func lines(_ body: () throws -> SessionKeys) -> [String] {
        do {
            _ = try body()
            return []
        } catch let error as ConfigurationError {
            return error.lines
        } catch {
            return ["\(type(of: error))"]
        }
    }

    @Test("A key has 32…1,024 bytes; there are 1…8, and none is there twice")
    func limits() {
        func faults(_ current: Int, _ previous: Int...) -> [String] {
            lines {
                try SessionKeys(
                    current: [UInt8](repeating: 1, count: current),
                    previous: previous.map { [UInt8](repeating: UInt8($0 & 0xFF), count: $0) })
            }
        }
        let remedy = "make a key with: openssl rand -base64 32"
        #expect(faults(32) == [])
        #expect(faults(1_024, 33, 34, 35, 36, 37, 38, 39) == [])
        #expect(faults(31) == ["sessionKeys[0] is a key of a length outside 32…1,024 bytes; \(remedy)"])
        #expect(faults(32, 1_025) == ["sessionKeys[1] is a key of a length outside 32…1,024 bytes; \(remedy)"])
        #expect(faults(32, 33, 33) == ["sessionKeys[2] repeats an earlier key; name each key once"])
        #expect(
            faults(32, 33, 34, 35, 36, 37, 38, 39, 40)
                == ["sessionKeys has a number of keys outside 1…8; remove old keys"])
    }

    @Test("A file has one key a line, the current one first; comments and empty lines are ignored")
    func file() throws {
        let file = try ScratchFile("# made 2026-11-28\n\(Self.first)\r\n\n\(Self.second)")
        let keys = try SessionKeys(file: file.path)
        #expect(keys.all == [Array(Self.first.utf8), Array(Self.second.utf8)])
    }

    @Test("The faults of a file name the line and no key")
    func fileFaults() throws {
        func faults(_ content: String) throws -> [String] {
            let file = try ScratchFile(content)
            return lines { try SessionKeys(file: file.path) }
        }
        let remedy = "make a key with: openssl rand -base64 32"
        #expect(
            try faults("\(Self.first)\nshort-secret\n")
                == ["sessionKeys line 2 is a key of a length outside 32…1,024 bytes; \(remedy)"])
        #expect(
            try faults("\(Self.first) \n")
                == ["sessionKeys line 1 holds bytes that are not visible ASCII characters; \(remedy)"])
        #expect(
            try faults("\(Self.first)\n\(Self.first)\n")
                == ["sessionKeys line 2 repeats an earlier key; name each key once"])
        #expect(try faults("") == ["sessionKeys has a number of keys outside 1…8; \(remedy)"])
        #expect(try faults(String(repeating: "a", count: 16_385)).count == 1)
        #expect(
            lines { try SessionKeys(file: "/nonexistent/key") } == [
                "sessionKeys names a file that does not exist; check the path, which is relative to the working "
                    + "directory"
            ])
    }

    @Test("Faults of the file that the environment names are told by variable and line, in every mode")
    func environment() throws {
        let file = try ScratchFile("\(Self.first)\nshort-secret\n")
        func lines(_ path: String, _ more: [String: String] = [:]) -> [String] {
            self.lines {
                let environment = [
                    "OAUTH_RESOURCE": "http://127.0.0.1:8080/mcp", "OAUTH_ISSUERS": "https://login.example.com",
                    "OAUTH_SESSION_KEY_FILE": path,
                ]
                let configuration = ResourceServerConfiguration(environment: environment.merging(more) { $1 })
                _ = try ResourceServer(configuration, fetcher: ScriptedFetcher(), observer: { _ in })
                return .ofThisProcess
            }
        }
        let short =
            "OAUTH_SESSION_KEY_FILE line 2 is a key of a length outside 32…1,024 bytes; make a key with: "
            + "openssl rand -base64 32"
        #expect(lines(file.path) == [short])
        #expect(lines(file.path, ["OAUTH_MODE": "disabled"]) == [short])
        #expect(lines("").first?.hasPrefix("OAUTH_SESSION_KEY_FILE is empty; ") == true)
        #expect(lines("/tmp").first?.hasPrefix("OAUTH_SESSION_KEY_FILE names a directory; ") == true)
    }

    @Test("Descriptions and dumps show no key")
    func descriptions() throws {
        let keys = try SessionKeys(current: Array(Self.first.utf8))
        var dumped = ""
        dump(SessionBinding.bound(keys), to: &dumped)
        for text in ["\(keys)", String(reflecting: keys), dumped, "\(SessionBinding.bound(keys))"] {
            #expect(!text.contains(Self.first) && !text.contains("97"))
        }
        #expect("\(keys)" == "<1 session keys>")
    }

    @Test("The key of this process is random, and the same for every guard")
    func process() {
        #expect(SessionKeys.ofThisProcess.all.map(\.count) == [32])
        #expect(Set(SessionKeys.ofThisProcess.all[0]).count > 8)
        #expect(SessionKeys.ofThisProcess.all == SessionKeys.ofThisProcess.all)
    }
}
