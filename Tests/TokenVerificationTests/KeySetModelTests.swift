import Testing

@Suite("RemoteKeySet: the model", .serialized)
struct KeySetModelTests {
    private static let schedulesPerPart = UInt64(25 * ModelScale.factor)
    private static let steps = 40

    @Test(
        "POLICY §8: random schedules of the source that users run (10,000 at scale 50); a failure names its seed",
        arguments: 0..<8 as Range<UInt64>)
    func schedules(part: UInt64) async throws {
        var fetches = 0
        var waits = 0
        for seed in (part * Self.schedulesPerPart)..<((part + 1) * Self.schedulesPerPart) {
            // A schedule occupies its thread. Other tests, some of which depend on time, must run in between.
            await Task.yield()
            let outcome = try KeySetModel(seed: seed).run(steps: Self.steps)
            if !outcome.violations.isEmpty {
                Issue.record("\(outcome.violations.joined(separator: "; "))")
                return
            }
            fetches += outcome.fetches
            waits += outcome.waits
        }
        // The schedules are not empty: every part has fetches and waits.
        #expect(fetches > Int(Self.schedulesPerPart))
        #expect(waits > Int(Self.schedulesPerPart))
    }

    @Test("The same seed is the same schedule")
    func repeatable() throws {
        for seed in 0..<20 as Range<UInt64> {
            let first = try KeySetModel(seed: seed).run(steps: Self.steps)
            let second = try KeySetModel(seed: seed).run(steps: Self.steps)
            #expect(first == second)
        }
    }
}
