import CBenchmarkLimit

/// How much more two threads do than one, both verifying with the same key.
///
/// Only turns count in which both threads really had a core each: on a machine that others use too, most turns may not,
/// and two threads that share a core do the work of one, however good the code is.
struct ThreadScaling {
    /// One way to verify; `run` does it `count` times on any thread, for the worker with this number.
    struct Variant: Sendable {
        let name: String
        let run: @Sendable (_ worker: Int, _ count: Int) -> Int
    }

    struct Scaling {
        let name: String
        /// How much more two threads did than one, in the same time; the median over the turns that count.
        let ratio: Double
        /// How many turns count.
        let turns: Int
    }

    /// What one thread did, and when.
    private struct Work {
        let count: Int
        let cpu: UInt64
        let start: UInt64
        let end: UInt64

        var perSecond: Double { Double(count) / Double(end - start) }
        /// Whether the thread ran nearly all the time.
        var hadCore: Bool { Double(cpu) >= 0.97 * Double(end - start) }
    }

    /// Measures one and two threads in turn.
    static func measure(_ variants: [Variant], rounds: Int, slice: UInt64 = 4_000_000) async -> [Scaling] {
        var ratios = [[Double]](repeating: [], count: variants.count)
        for _ in 0..<max(1, rounds) {
            for (index, variant) in variants.enumerated() {
                let one = await work(variant, workers: 1, slice)
                let two = await work(variant, workers: 2, slice)
                guard (one + two).allSatisfy(\.hadCore), overlap(two) >= 0.9 * Double(slice) else { continue }
                ratios[index].append(two.reduce(0) { $0 + $1.perSecond } / one.reduce(0) { $0 + $1.perSecond })
            }
        }
        return zip(variants, ratios).map { Scaling(name: $0.name, ratio: median($1), turns: $1.count) }
    }

    /// The nanoseconds in which all of them were at work.
    private static func overlap(_ works: [Work]) -> Double {
        let start = works.map(\.start).max() ?? 0
        let end = works.map(\.end).min() ?? 0
        return end > start ? Double(end - start) : 0
    }

    /// What so many workers do in about `slice` nanoseconds.
    private static func work(_ variant: Variant, workers: Int, _ slice: UInt64) async -> [Work] {
        let begin = limit_wall_time()
        return await withTaskGroup(of: Work.self) { group in
            for worker in 0..<workers {
                group.addTask {
                    // Nothing suspends in here, so that the clock is that of one thread.
                    let cpu = limit_thread_cpu_time()
                    let start = limit_wall_time()
                    var count = 0
                    repeat { count += variant.run(worker, 8) } while limit_wall_time() < begin + slice
                    return Work(
                        count: count, cpu: limit_thread_cpu_time() - cpu, start: start, end: limit_wall_time())
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }
}
