@testable import OAuthTestKit
import Testing

@Suite("FormParameters", .serialized)
struct FormParametersTests {
    @Test("RFC 6749 appendix B: names and values are form-urlencoded UTF-8")
    func decodes() throws {
        let form = try FormParameters(parsing: "a=1+2%2B3&%62=%E2%82%AC&c&d=&e=x=y".utf8)
        #expect(form.value(of: "a") == .once("1 2+3"))
        #expect(form.value(of: "b") == .once("€"))
        #expect(form.value(of: "c") == .absent)
        #expect(form.value(of: "d") == .absent)
        #expect(form.value(of: "e") == .once("x=y"))
        #expect(form.value(of: "f") == .absent)
        #expect(form.value(of: "A") == .absent)
    }

    @Test("a repeated name is never one of its values", arguments: ["a=1&a=2", "a=1&a=1", "a=&a=1", "a=1&%61=1"])
    func repeated(text: String) throws {
        let form = try FormParameters(parsing: text.utf8)
        #expect(form.value(of: "a") == .repeated)
        #expect(throws: Refusal.repeatedParameter) { try form.checkUniqueness() }
    }

    @Test("names are compared as bytes: the Kelvin sign is not K")
    func bytes() throws {
        let form = try FormParameters(parsing: "K=1&%E2%84%AA=2".utf8)
        #expect(form.value(of: "K") == .once("1"))
        try form.checkUniqueness()
    }

    @Test("RFC 8707 §2: resource may be repeated")
    func resources() throws {
        let form = try FormParameters(parsing: "resource=a&resource=b&resource=".utf8)
        try form.checkUniqueness()
        #expect(form.all("resource") == ["a", "b"])
    }

    @Test(
        "what no form encoder writes is refused",
        arguments: ["%", "a=%", "a=%4", "a=%4g", "a=%ff", "a=\u{7F}", "a=\n", "a=é", "&", "a=1&", "&a=1", "=", "=1"])
    func malformed(text: String) {
        #expect(throws: Refusal.malformedForm) { try FormParameters(parsing: text.utf8) }
    }

    @Test("64 pairs are enough")
    func bounded() throws {
        let text = (0..<64).map { "p\($0)=1" }.joined(separator: "&")
        _ = try FormParameters(parsing: text.utf8)
        #expect(throws: Refusal.malformedForm) { try FormParameters(parsing: (text + "&q=1").utf8) }
    }
}
