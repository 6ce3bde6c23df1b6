import Testing
import WireFormat

@Suite("Ranges as a person reads them")
struct RangeTextTests {
    @Test("Numbers are in groups of three digits")
    func numbers() {
        #expect((0...300).text == "0…300")
        #expect((1...31_536_000).text == "1…31,536,000")
        #expect((1_000...1_000_001).text == "1,000…1,000,001")
    }

    @Test("Times are in the largest unit of which they are several")
    func times() {
        #expect((Duration.milliseconds(1)...Duration.seconds(60)).text == "1 ms…60 s")
        #expect((Duration.seconds(300)...Duration.seconds(86_400)).text == "300 s…24 h")
        #expect((Duration.milliseconds(1_500)...Duration.seconds(3_600)).text == "1500 ms…3600 s")
        #expect((Duration.seconds(60)...Duration.seconds(30 * 86_400)).text == "60 s…30 days")
    }
}
