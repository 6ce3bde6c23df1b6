import CBenchmarkLimit

/// How much more two threads do than one, both verifying with the same key.
struct ThreadScaling {
    /// One way to verify; `run` does it `count` times on any thread, for the worker with this number.
    struct Variant: Sendable {
        let name: String
        let run: @Sendable (_ worker: Int, _ count: Int) -> Int
    }

    struct Scaling {
        let name: String
        /// How much more two threads did than one in the same wall-clock time.
        let throughput: Double
        /// The same without what other processes took away: twice the CPU time of one verification alone, divided by
        /// that of one beside another.
        let byCPUTime: Double
    }

    private struct Work {
        var count = 0
        var cpu = 0.0
        var wall = 0.0
    }

    /// Measures one and two threads in turn.
    static func measure(_ variants: [Variant], rounds: Int, slice: UInt64 = 20_000_000) async -> [Scaling] {
        var ratios = variants.map { _ in (throughput: [Double](), cpu: [Double]()) }
        for _ in 0..<max(1, rounds) {
            for (index, variant) in variants.enumerated() {
                let one = await work(variant, workers: 1, slice)
                let two = await work(variant, workers: 2, slice)
                ratios[index].throughput.append(Double(two.count) / two.wall / (Double(one.count) / one.wall))
                ratios[index].cpu.append(2 * (one.cpu / Double(one.count)) / (two.cpu / Double(two.count)))
            }
        }
        return zip(variants, ratios).map {
            Scaling(name: $0.name, throughput: median($1.throughput), byCPUTime: median($1.cpu))
        }
    }

    /// What so many workers do in about `slice` nanoseconds.
    private static func work(_ variant: Variant, workers: Int, _ slice: UInt64) async -> Work {
        let start = limit_wall_time()
        return await withTaskGroup(of: Work.self) { group in
            for worker in 0..<workers {
                group.addTask {
                    // Nothing suspends in here, so that the clock is that of one thread.
                    let cpu = limit_thread_cpu_time()
                    var count = 0
                    while limit_wall_time() < start + slice { count += variant.run(worker, 16) }
                    return Work(count: count, cpu: Double(limit_thread_cpu_time() - cpu))
                }
            }
            var sum = Work()
            for await one in group {
                sum.count += one.count
                sum.cpu += one.cpu
            }
            sum.wall = Double(limit_wall_time() - start)
            return sum
        }
    }
}
