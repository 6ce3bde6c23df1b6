import HTTPMessages
import Testing

@testable import TokenVerification

@Suite("CacheControl and Validators", .serialized)
struct CacheControlTests {
    private func lifetime(_ lines: [String], age: [String] = []) throws -> Duration {
        var fields = HTTPFields()
        for line in lines { fields.append(.cacheControl, try #require(HTTPFields.Value(line))) }
        for line in age { fields.append(.age, try #require(HTTPFields.Value(line))) }
        return CacheControl(fields).lifetime(
            in: RemoteKeySet.Limits.honouredMaxAge, otherwise: RemoteKeySet.Limits.softLifetime)
    }

    @Test(
        "POLICY §8: max-age within 60…3600 s; no-store, no-cache and absent are 300 s",
        arguments: [
            ([], 300), (["max-age=600"], 600), (["max-age=60"], 60), (["max-age=59"], 60), (["max-age=0"], 60),
            (["max-age=3600"], 3_600), (["max-age=3601"], 3_600), (["max-age=315360000"], 3_600),
            (["max-age=99999999999999999999999999"], 3_600), (["no-store"], 300), (["no-cache"], 300),
            (["no-store, max-age=600"], 300), (["max-age=600, no-cache"], 300), (["max-age=600, No-Cache"], 300),
            (["no-cache=\"set-cookie\", max-age=600"], 300), (["public, max-age=600, must-revalidate"], 600),
            (["public", "max-age=600"], 600), (["MAX-AGE=600"], 600), (["max-age=\"600\""], 600),
            (["private=\"a, max-age=900\", max-age=600"], 600), (["x=\"\\\", no-store\", max-age=600"], 600),
            ([" ,, max-age=600 ,".trimmingSpace], 600), (["s-maxage=900"], 300), (["max-age=600, max-age=600"], 300),
            (["max-age"], 300), (["max-age="], 300), (["max-age=-1"], 300), (["max-age=+600"], 300),
            (["max-age=6e2"], 300), (["max-age = 600"], 300), (["max-age=\"600"], 300), (["max-age=600;x"], 300),
        ] as [([String], Int)])
    func maxAge(lines: [String], seconds: Int) throws {
        #expect(try lifetime(lines) == .seconds(seconds))
    }

    @Test(
        "RFC 9111 §4.2: the time that a response has spent in caches is taken off; what is no age is none",
        arguments: [
            (["600"], 900), (["0"], 1_500), (["1500"], 60), (["99999999999999999999"], 60), (["-1"], 1_500),
            (["x"], 1_500), (["600", "700"], 1_500), ([], 1_500),
        ] as [([String], Int)])
    func age(lines: [String], seconds: Int) throws {
        #expect(try lifetime(["max-age=1500"], age: lines) == .seconds(seconds))
        #expect(try lifetime([], age: lines) == .seconds(300))
    }

    @Test("RFC 9110 §8.8.3: a validator whose bytes are not UTF-8 is none: no fetcher of ours could send it back")
    func validatorBytes() throws {
        for (bytes, isNone) in [([0x22, 0xFF, 0x22], true), ([0x22, 0xC3, 0xBC, 0x22], false)] as [([UInt8], Bool)] {
            var fields = HTTPFields()
            let value = try #require(HTTPFields.Value(bytes: bytes))
            fields.append(.eTag, value)
            fields.append(.lastModified, value)
            #expect(Validators(fields).isEmpty == isNone)
        }
    }

    @Test("Validators are kept as they came; a repeated, empty or overlong one is none")
    func validators() throws {
        func validators(_ tags: [String], _ dates: [String] = []) throws -> Validators {
            var fields = HTTPFields()
            for tag in tags { fields.append(.eTag, try #require(HTTPFields.Value(tag))) }
            for date in dates { fields.append(.lastModified, try #require(HTTPFields.Value(date))) }
            return Validators(fields)
        }
        func sent(_ validators: Validators) -> [String] {
            var fields = HTTPFields()
            validators.write(to: &fields)
            return fields.pairs.map { "\($0.name): \($0.value)" }
        }
        #expect(try validators([]).isEmpty)
        #expect(try validators([""]).isEmpty)
        #expect(try validators(["\"a\"", "\"a\""]).isEmpty)
        #expect(try validators([String(repeating: "x", count: 1_025)]).isEmpty)
        #expect(try !validators([String(repeating: "x", count: 1_024)]).isEmpty)
        #expect(try sent(validators(["W/\"a\""])) == ["If-None-Match: W/\"a\""])
        let date = "Sun, 06 Nov 1994 08:49:37 GMT"
        #expect(
            try sent(validators(["\"a\""], [date])) == ["If-None-Match: \"a\"", "If-Modified-Since: \(date)"])
        #expect(try sent(validators([], [date])) == ["If-Modified-Since: \(date)"])
    }
}

extension String {
    /// The text without outer spaces, which a field value cannot have.
    fileprivate var trimmingSpace: String { String(drop { $0 == " " }) }
}
