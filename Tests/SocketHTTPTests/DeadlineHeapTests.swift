import Testing

@testable import SocketHTTP

struct DeadlineHeapTests {
    @Test("A time is rounded up to milliseconds, and held between zero and a thousand years")
    func milliseconds() {
        #expect(ServerTimes.milliseconds(.microseconds(1)) == 1)
        #expect(ServerTimes.milliseconds(.seconds(2)) == 2000)
        for negative in [Duration.milliseconds(-500), .seconds(-1), .seconds(Int64.min)] {
            #expect(ServerTimes.milliseconds(negative) == 0)
        }
        #expect(ServerTimes.milliseconds(.seconds(Int64.max)) == 31_557_600_000_000)
    }

    @Test("Deadlines come up in order, none before its time and none lost")
    func order() {
        var heap = DeadlineHeap()
        var random = SystemRandomNumberGenerator()
        var expected: [Int64] = []
        for token in 0..<2000 as Range<UInt64> {
            let deadline = Int64.random(in: 0..<500, using: &random)
            expected.append(deadline)
            heap.insert(deadline, token)
            if token % 3 == 0, let due = heap.takeDue(250) {
                #expect(due.deadline == expected.min())
                expected.remove(at: expected.firstIndex(of: due.deadline) ?? 0)
            }
        }
        expected.sort()
        #expect(heap.count == expected.count)
        #expect(heap.earliest == expected.first)
        for (index, deadline) in expected.enumerated() {
            #expect(heap.takeDue(deadline - 1) == nil)
            #expect(heap.takeDue(deadline)?.deadline == deadline)
            #expect(heap.count == expected.count - index - 1)
        }
        #expect(heap.earliest == .max)
        #expect(heap.takeDue(.max) == nil)
    }
}
