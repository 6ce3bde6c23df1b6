import CBenchmarkLimit

/// Measures several variants side by side. They take turns every few milliseconds, so that a machine that slows down
/// slows all of them. Only their ratios are reliable.
///
/// Time is CPU time of the measuring thread. Work on other threads is not counted, so a variant must stay on its
/// caller's thread. Variants that change executors must be measured off the main actor.
struct PairedRun {
    /// One variant to measure.
    struct Variant {
        let name: String
        /// Runs the variant `count` times and returns how many runs had the expected result.
        let run: (_ count: Int) async -> Int

        init(_ name: String, run: @escaping (_ count: Int) async -> Int) {
            self.name = name
            self.run = run
        }
    }

    /// The measured time of one variant.
    struct Timing {
        let name: String
        /// The median time of one run in nanoseconds.
        let nanoseconds: Double
        /// The speed relative to the first variant: the median over the rounds of its time divided by this variant's
        /// time.
        let speed: Double
    }

    /// A variant had an unexpected result. Its time would be meaningless.
    struct WrongResult: Error {
        let name: String
    }

    private let variants: [Variant]

    init(_ variants: [Variant]) {
        self.variants = variants
    }

    /// Measures all variants.
    ///
    /// - Parameters:
    ///   - rounds: The number of turns of each variant.
    ///   - slice: The approximate length of a turn in nanoseconds.
    /// - Returns: The timings, in the order of the variants.
    func measure(rounds: Int, slice: Double = 2_000_000) async throws(WrongResult) -> [Timing] {
        var counts: [Int] = []
        for variant in variants { counts.append(try await count(filling: slice, with: variant)) }
        var samples = [[Double]](repeating: [], count: variants.count)
        for round in 0..<max(1, rounds) {
            // Each round starts with another variant, so that no variant always follows the same one.
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

    /// The number of runs of a variant that fill one slice. Finding it also warms up the variant.
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

/// The median; 0 if there are no values.
func median(_ values: [Double]) -> Double {
    guard !values.isEmpty else { return 0 }
    return values.sorted()[values.count / 2]
}
