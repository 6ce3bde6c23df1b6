import JOSE
import Testing

@testable import TokenVerification

@Suite("AdmittingTable", .serialized)
struct AdmittingTableTests {
    private static func digest(_ number: Int) -> SHA256Digest { SHA256Digest(of: Array("\(number)".utf8)) }

    /// Looks the keys up in turn, and inserts those that are not found, as a cache does. Returns how many were found.
    private static func lookUp(_ keys: some Sequence<Int>, in table: inout AdmittingTable<Int>) -> Int {
        var found = 0
        for key in keys {
            if table.value(for: digest(key)) == key { found += 1 } else { table.insert(key, for: digest(key)) }
        }
        return found
    }

    @Test("A tenth more keys in turn than fit: nine of ten look-ups of a turn find their entry")
    func noCliff() {
        var table = AdmittingTable<Int>(capacity: 100)
        for _ in 0..<3 { _ = Self.lookUp(0..<110, in: &table) }
        for _ in 0..<5 {
            let found = Self.lookUp(0..<110, in: &table)
            #expect(found >= 99)
        }
    }

    @Test("Keys that are used once do not drive out those that are used again and again")
    func scan() {
        var table = AdmittingTable<Int>(capacity: 100)
        for _ in 0..<2 { _ = Self.lookUp(0..<100, in: &table) }
        var found = 0
        for round in 0..<20 {
            _ = Self.lookUp((1_000 + 50 * round)..<(1_050 + 50 * round), in: &table)
            found += Self.lookUp(0..<100, in: &table)
        }
        #expect(found == 20 * 100)
    }

    @Test("When other keys come into use, they replace those that are not used any more")
    func change() {
        var table = AdmittingTable<Int>(capacity: 100)
        for _ in 0..<3 { _ = Self.lookUp(0..<100, in: &table) }
        for _ in 0..<3 { _ = Self.lookUp(500..<600, in: &table) }
        let new = Self.lookUp(500..<600, in: &table)
        #expect(new == 100)
        let old = Self.lookUp(0..<100, in: &table)
        #expect(old == 0)
    }

    @Test("An entry whose value has expired goes at its turn, although it was used")
    func expired() {
        var table = AdmittingTable<Int>(capacity: 3)
        for _ in 0..<2 { _ = Self.lookUp(0..<3, in: &table) }
        table.insert(10, for: Self.digest(10)) { $0 == 0 }
        #expect(table.value(for: Self.digest(0)) == nil)
        #expect(table.value(for: Self.digest(10)) == 10)
        table.insert(11, for: Self.digest(11)) { $0 == 0 }
        #expect(table.value(for: Self.digest(11)) == nil, "entry 1 has not expired, and was used")
    }

    @Test("It does what a list does", arguments: [1, 2, 7, 64])
    func model(capacity: Int) throws {
        var table = AdmittingTable<Int>(capacity: capacity)
        // The entries in their places. A removed entry leaves a free place, and the last one to become free is taken
        // first.
        var places: [(key: Int, value: Int, isUsed: Bool)?] = []
        var free: [Int] = []
        var hand = 0
        var state = UInt64(capacity)
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        func insert(_ key: Int, _ value: Int, at place: Int?) {
            if let place {
                places[place]?.value = value
                return
            }
            if places.count - free.count == capacity {
                let turn = hand
                hand = (hand + 1) % places.count
                if let entry = places[turn], entry.isUsed, !entry.value.isMultiple(of: 5) {
                    places[turn]?.isUsed = false
                    return
                }
                places[turn] = nil
                free.append(turn)
            }
            if let place = free.popLast() {
                places[place] = (key, value, true)
            } else {
                places.append((key, value, true))
            }
        }
        for step in 0..<(1_000 * ModelScale.factor) {
            let key = random(capacity * 2 + 1)
            let place = places.firstIndex { $0?.key == key }
            switch random(8) {
            case 0...3:
                try #require(table.value(for: Self.digest(key)) == place.flatMap { places[$0]?.value }, "step \(step)")
                if let place { places[place]?.isUsed = true }
            case 4:
                table.remove(Self.digest(key))
                if let place {
                    places[place] = nil
                    free.append(place)
                }
            default:
                insert(key, step, at: place)
                table.insert(step, for: Self.digest(key)) { $0.isMultiple(of: 5) }
            }
            try #require(table.count == places.count - free.count, "step \(step)")
        }
        #expect(table.count > 0)
    }

    @Test("However many keys come, no more are kept than fit")
    func bounded() {
        var table = AdmittingTable<Int>(capacity: 200)
        for number in 0..<2_000 { table.insert(number, for: Self.digest(number)) }
        #expect(table.count == 200)
    }
}
