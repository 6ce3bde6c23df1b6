import JOSE
import Testing

@testable import TokenVerification

@Suite("DigestTable", .serialized)
struct DigestTableTests {
    /// Any bytes can be a digest: the table must not rely on a good hash.
    private static func digest(_ number: Int, prefix: UInt8 = 7) throws -> SHA256Digest {
        var bytes = [UInt8](repeating: prefix, count: 32)
        for place in 0..<8 { bytes[24 + place] = UInt8(truncatingIfNeeded: number >> (8 * place)) }
        return try #require(SHA256Digest(bytes: bytes))
    }

    @Test("The digest of a message is FIPS 180-4's, and a digest is 32 bytes")
    func digests() throws {
        let known = SHA256Digest(of: Array("abc".utf8))
        #expect(known == SHA256Digest(bytes: Digest.sha256(Array("abc".utf8))))
        #expect(known.prefix == 0xBA78_16BF_8F01_CFEA)
        #expect(SHA256Digest(bytes: [UInt8](repeating: 0, count: 31)) == nil)
        #expect(SHA256Digest(bytes: [UInt8](repeating: 0, count: 33)) == nil)
        for place in 0..<32 {
            var bytes = Digest.sha256(Array("abc".utf8))
            bytes[place] ^= 1
            let other = try #require(SHA256Digest(bytes: bytes))
            #expect(other != known && !other.equalsInConstantTime(known))
        }
        #expect(known.equalsInConstantTime(known))
    }

    @Test("Keys that begin alike are told apart, and fill one bucket without harm")
    func collisions() throws {
        var table = DigestTable<Int>(capacity: 100)
        for number in 0..<100 { table.insert(number, for: try Self.digest(number)) }
        for number in 0..<100 { #expect(table.value(for: try Self.digest(number)) == number) }
        for number in stride(from: 0, to: 100, by: 3) { table.remove(try Self.digest(number)) }
        for number in 0..<100 {
            #expect(table.value(for: try Self.digest(number)) == (number.isMultiple(of: 3) ? nil : number))
        }
    }

    @Test("When it is full, what nobody asked for longest goes; asking and inserting count as use")
    func leastRecentlyUsed() throws {
        var table = DigestTable<Int>(capacity: 3)
        for number in 1...3 { table.insert(number, for: try Self.digest(number)) }
        #expect(table.value(for: try Self.digest(1)) == 1)
        table.insert(4, for: try Self.digest(4))
        #expect(table.value(for: try Self.digest(2)) == nil)
        table.insert(33, for: try Self.digest(3))
        table.insert(5, for: try Self.digest(5))
        #expect(table.value(for: try Self.digest(1)) == nil)
        #expect(table.value(for: try Self.digest(3)) == 33)
        #expect(table.count == 3)
    }

    @Test("It does what a list does", arguments: [1, 2, 7, 64])
    func model(capacity: Int) throws {
        var table = DigestTable<Int>(capacity: capacity)
        // The newest entry is the last one.
        var model: [(key: Int, value: Int)] = []
        var state: UInt64 = UInt64(capacity)
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        for step in 0..<(1_000 * ModelScale.factor) {
            let key = random(capacity * 2 + 1)
            let digest = try Self.digest(key, prefix: UInt8(key % 3))
            let place = model.firstIndex { $0.key == key }
            switch random(8) {
            case 0...3:
                let found = place.map { model.remove(at: $0) }
                if let found { model.append(found) }
                try #require(table.value(for: digest) == found?.value, "step \(step)")
            case 4:
                if let place { model.remove(at: place) }
                table.remove(digest)
            default:
                if let place { model.remove(at: place) } else if model.count == capacity { model.removeFirst() }
                model.append((key, step))
                table.insert(step, for: digest)
            }
            try #require(table.count == model.count, "step \(step)")
        }
        #expect(model.count > 0)
    }

    @Test("However many keys come, no more are kept than fit")
    func bounded() {
        let capacity = 200 * ModelScale.factor
        var table = DigestTable<Int>(capacity: capacity)
        for number in 0..<(10 * capacity) { table.insert(number, for: SHA256Digest(of: Array("\(number)".utf8))) }
        #expect(table.count == capacity)
        for (number, isKept) in [(9 * capacity - 1, false), (9 * capacity, true), (10 * capacity - 1, true)] {
            #expect(table.value(for: SHA256Digest(of: Array("\(number)".utf8))) == (isKept ? number : nil))
        }
    }
}
