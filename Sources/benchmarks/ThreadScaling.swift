import CBenchmarkLimit

/// Measures how much more work two threads do than one when both verify with the same key.
///
/// A turn counts only if each thread had a core of its own for nearly the whole turn. On a shared machine, most turns
/// may not count: two threads on one core do the work of one, however good the code is.
struct ThreadScaling {
    /// One way to verify. `run` does it `count` times on any thread, for the worker with this number.
    struct Variant: Sendable {
        let name: String
        let run: @Sendable (_ worker: Int, _ count: Int) -> Int
    }

    struct Scaling {
        let name: String
        /// The work of two threads divided by the work of one in the same time: the median over the turns that count.
        let ratio: Double
        /// The number of turns that count.
        let turns: Int
    }

    /// The work and the times of one thread.
    private struct Work {
        let count: Int
        let cpu: UInt64
        let start: UInt64
        let end: UInt64

        var perSecond: Double { Double(count) / Double(end - start) }
        /// Whether the thread had a core for nearly the whole time.
        var hadCore: Bool { Double(cpu) >= 0.97 * Double(end - start) }
    }

    /// Measures one and two threads alternately.
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

    /// The time in nanoseconds during which all workers were working.
    private static func overlap(_ works: [Work]) -> Double {
        let start = works.map(\.start).max() ?? 0
        let end = works.map(\.end).min() ?? 0
        return end > start ? Double(end - start) : 0
    }

    /// The work that this number of workers does in about `slice` nanoseconds.
    private static func work(_ variant: Variant, workers: Int, _ slice: UInt64) async -> [Work] {
        let begin = limit_wall_time()
        return await withTaskGroup(of: Work.self) { group in
            for worker in 0..<workers {
                group.addTask {
                    // There is no suspension point here, so that both readings of the clock belong to the same thread.
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
