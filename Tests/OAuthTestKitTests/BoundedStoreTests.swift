@testable import OAuthTestKit
import Testing

@Suite("BoundedStore", .serialized)
struct BoundedStoreTests {
    private func key(_ number: Int) -> [UInt8] { Array(String(number).utf8) }

    @Test("one beyond the capacity pushes out the oldest")
    func evicts() {
        var store = BoundedStore<Int>(capacity: 3)
        for number in 0..<4 { store.insert(number, for: key(number)) }
        #expect(store.count == 3)
        #expect(store[key(0)] == nil)
        #expect(store[key(1)] == 1)
    }

    @Test("storing again makes a value the youngest; replacing it does not")
    func age() {
        var store = BoundedStore<Int>(capacity: 2)
        store.insert(0, for: key(0))
        store.insert(1, for: key(1))
        store.insert(10, for: key(0))
        store.insert(2, for: key(2))
        #expect(store[key(0)] == 10)
        #expect(store[key(1)] == nil)
        store.replace(11, for: key(0))
        store.insert(3, for: key(3))
        #expect(store[key(0)] == nil)
        store.replace(12, for: key(0))
        #expect(store[key(0)] == nil)
    }

    @Test("a removed key does not count, and does not push out its successor")
    func removes() {
        var store = BoundedStore<Int>(capacity: 2)
        store.insert(0, for: key(0))
        store.remove(key(0))
        store.insert(1, for: key(0))
        store.insert(2, for: key(1))
        #expect(store[key(0)] == 1)
        #expect(store[key(1)] == 2)
    }

    @Test("it stays bounded and right over many insertions and removals")
    func churn() {
        var store = BoundedStore<Int>(capacity: 10)
        for number in 0..<10_000 {
            store.insert(number, for: key(number))
            if number % 3 == 0 { store.remove(key(number)) }
            #expect(store.count <= 10)
        }
        #expect(store[key(9_998)] == 9_998)
        #expect(store[key(9_999)] == nil)
        #expect(store.count == 9)
    }
}
