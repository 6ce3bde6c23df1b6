import CBenchmarkLimit

/// Several ways to do one thing, measured side by side: they take turns every few milliseconds, so that a machine that
/// slows down slows all of them, and only their ratios are believed.
///
/// Time is CPU time of the thread that measures: work that a variant leaves to other threads is not counted. A variant runs
/// where its caller runs, and must not leave that thread: what hops between executors is to be measured off the main actor.
struct PairedRun {
    /// One way to do it.
    struct Variant {
        let name: String
        /// Does it `count` times; returns how often it ended as it must.
        let run: (_ count: Int) async -> Int

        init(_ name: String, run: @escaping (_ count: Int) async -> Int) {
            self.name = name
            self.run = run
        }
    }

    /// What one variant took.
    struct Timing {
        let name: String
        /// Median nanoseconds of one time.
        let nanoseconds: Double
        /// The speed as a share of the first variant's: the median over the rounds of its time divided by this one's.
        let speed: Double
    }

    /// A variant that did not end as it must. Its time would mean nothing.
    struct WrongResult: Error {
        let name: String
    }

    private let variants: [Variant]

    init(_ variants: [Variant]) {
        self.variants = variants
    }

    /// Measures.
    ///
    /// - Parameters:
    ///   - rounds: How many turns each variant gets.
    ///   - slice: Nanoseconds of a turn, about.
    /// - Returns: The timings, in the order of the variants.
    func measure(rounds: Int, slice: Double = 2_000_000) async throws(WrongResult) -> [Timing] {
        var counts: [Int] = []
        for variant in variants { counts.append(try await count(filling: slice, with: variant)) }
        var samples = [[Double]](repeating: [], count: variants.count)
        for round in 0..<max(1, rounds) {
            // Another one begins in each round, so that none always runs behind the same neighbour.
            for turn in variants.indices {
                let index = (round + turn) % variants.count
                let time = try await time(variants[index], counts[index])
                samples[index].append(time / Double(counts[index]))
            }
        }
        return variants.indices.map { index in
            Timing(
                name: variants[index].name, nanoseconds: median(samples[index]),
                speed: median(zip(samples[0], samples[index]).map { $0 / $1 }))
        }
    }

    /// How often a variant does it in one slice; warms it up.
    private func count(filling slice: Double, with variant: Variant) async throws(WrongResult) -> Int {
        var count = 1
        while true {
            let time = try await time(variant, count)
            if time >= slice / 4 { return max(1, Int(Double(count) * slice / time)) }
            count *= 2
        }
    }

    private func time(_ variant: Variant, _ count: Int) async throws(WrongResult) -> Double {
        let start = limit_thread_cpu_time()
        let right = await variant.run(count)
        let end = limit_thread_cpu_time()
        guard right == count else { throw WrongResult(name: variant.name) }
        return Double(end - start)
    }
}

/// The middle one; 0 for none.
func median(_ values: [Double]) -> Double {
    guard !values.isEmpty else { return 0 }
    return values.sorted()[values.count / 2]
}
