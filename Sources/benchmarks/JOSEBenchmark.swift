import CBenchmarkLimit
import JOSE
import TokenVerification
import WireFormat

/// Compares the verification of tokens with the time that libcrypto alone needs.
struct JOSEBenchmark {
    let rounds: Int
    let judgements: Judgements

    private let rs256: TokenMint
    private let es256: TokenMint

    struct UnusableLimit: Error {}

    init(rounds: Int, _ judgements: Judgements) throws {
        self.rounds = rounds
        self.judgements = judgements
        rs256 = try TokenMint(.rs256)
        es256 = try TokenMint(.es256)
    }

    /// Runs on a thread of the pool. There is no suspension, so that it stays on this thread.
    @concurrent
    func run() async throws {
        try await limit(rs256, goal: 0.95, verifierGoal: 0.92)
        try await limit(es256, goal: 0.98, verifierGoal: 0.97)
        try await pieces()
        try await threads()
        try await refusals(rs256)
        try await refusals(es256)
        try await keys()
        try await claims()
    }

    // MARK: One thread

    private func limit(_ mint: TokenMint, goal: Double, verifierGoal: Double) async throws {
        let workload = try mint.good()
        let verifier = try GuardWorkload.verifier([mint], caching: .off)
        let name = mint.key.algorithm.name
        let limit = try raw(mint, workload)
        let timings = try await PairedRun([
            .init("limit: libcrypto alone, no parsing") { limit.verify(LIMIT_KEPT, $0) },
            .init("this library, claims checked") { workload.verifyTokens($0) },
            .init("the verifier that users call, cache off") { count in
                await GuardWorkload.verify(workload.token, verifier, count)
            },
            .init("textbook EVP_DigestVerify, no parsing") { limit.verify(LIMIT_TEXTBOOK, $0) },
            .init("limit on a copied context") { limit.verify(LIMIT_DUP, $0) },
            .init("limit on pooled contexts") { limit.verify(LIMIT_POOL, $0) },
        ]).measure(rounds: rounds)
        var table = TextTable([
            "\(name), \(workload.token.count) bytes", "of limit", "beyond it, ns", "ns", "per second",
        ])
        for timing in timings {
            table.append([
                timing.name, timing.speed.percent, (timing.nanoseconds - timings[0].nanoseconds).written(decimals: 0),
                timing.nanoseconds.written(decimals: 0), (1_000_000_000 / timing.nanoseconds).written(decimals: 0),
            ])
        }
        print(table.text)
        judgements.add(
            "JOSE layer, \(name): ≥ \(goal.percent) of the limit", timings[1].speed >= goal, timings[1].speed.percent)
        judgements.add(
            "verifier, cache off, \(name): ≥ \(verifierGoal.percent) of the limit", timings[2].speed >= verifierGoal,
            timings[2].speed.percent)

        let digests = try await PairedRun([
            .init("EVP_Digest, digest fetched once") { limit.digest(LIMIT_DIGEST_FETCHED, $0) },
            .init("the same on a kept context") { limit.digest(LIMIT_DIGEST_KEPT, $0) },
            .init("SHA256(), fetched per call") { limit.digest(LIMIT_DIGEST_ONE_SHOT, $0) },
        ]).measure(rounds: rounds / 4)
        var hashes = TextTable(["SHA-256 of its signing input", "speed", "ns"])
        for timing in digests {
            hashes.append([timing.name, timing.speed.percent, timing.nanoseconds.written(decimals: 0)])
        }
        print(hashes.text)
    }

    /// Measures the parts of the time that libcrypto does not explain.
    private func pieces() async throws {
        let workload = try rs256.good()
        let parts = workload.token.split(separator: UInt8(ascii: ".")).map { Array($0) }
        let texts = parts.compactMap { Base64URL.decode($0.span) }
        guard texts.count == 3 else { throw UnusableLimit() }
        let claims = try JSONDocument(parsing: texts[1])
        let timings = try await PairedRun([
            .init("all: parts, header, claims, signature", run: workload.verifyTokens),
            .init("UnverifiedJWT(parsing:)", run: workload.parseTokens),
            .init("refusal after the parsing (alg)", run: try rs256.refused()[3].verifyTokens),
            .init("base64url of three parts, \(workload.token.count - 2) characters") { count in
                repeated(count) { parts.allSatisfy { Base64URL.decode($0.span) != nil } }
            },
            .init("JSON of the header, \(texts[0].count) bytes") { count in
                repeated(count) { (try? JSONDocument(parsing: texts[0])) != nil }
            },
            .init("JSON of the claims, \(texts[1].count) bytes") { count in
                repeated(count) { (try? JSONDocument(parsing: texts[1])) != nil }
            },
            .init("ten look-ups of a claim, one absent") { count in
                repeated(count) {
                    let root = claims.root
                    return root["iss"] != nil && root["exp"] != nil && root["nbf"] != nil && root["iat"] != nil
                        && root["aud"] != nil && root["sub"] != nil && root["client_id"] != nil && root["jti"] != nil
                        && root["cnf"] == nil && root["scope"] != nil
                }
            },
        ]).measure(rounds: rounds / 4)
        var table = TextTable(["pieces of RS256", "of all", "ns"])
        for timing in timings {
            table.append([timing.name, (1 / timing.speed).percent, timing.nanoseconds.written(decimals: 0)])
        }
        print(table.text)
    }

    // MARK: Two threads

    private func threads() async throws {
        for mint in [rs256, es256] {
            let workload = try mint.good()
            let name = mint.key.algorithm.name
            let shared = try raw(mint, workload)
            let own = [try raw(mint, workload), try raw(mint, workload)]
            let scalings = await ThreadScaling.measure(
                [
                    .init(name: "this library, one key") { _, count in workload.verifyTokens(count) },
                    .init(name: "limit, a key for each thread") { own[$0].verify(LIMIT_KEPT, $1) },
                    .init(name: "limit on a copied context, one key") { _, count in shared.verify(LIMIT_DUP, count) },
                    .init(name: "limit on pooled contexts, one key") { _, count in shared.verify(LIMIT_POOL, count) },
                    .init(name: "limit on pooled contexts, a key in each") { _, count in
                        shared.verify(LIMIT_POOL_OWN_KEYS, count)
                    },
                ], rounds: rounds)
            var table = TextTable(["\(name), two threads against one", "work", "turns with two cores"])
            for scaling in scalings {
                table.append([
                    scaling.name, scaling.turns == 0 ? "-" : scaling.ratio.written(decimals: 2) + " x",
                    "\(scaling.turns) of \(rounds)",
                ])
            }
            print(table.text)
            let goal = "two threads, one \(name) key: ≥ 1.9 × one thread"
            if scalings[0].turns < 10 || scalings[1].turns < 10 {
                judgements.add(goal, nil, "other processes had the second core")
            } else {
                judgements.add(
                    goal, scalings[0].ratio >= 1.9,
                    "\(scalings[0].ratio.written(decimals: 2));"
                        + " libcrypto alone \(scalings[1].ratio.written(decimals: 2))")
            }
        }
    }

    // MARK: Bad input, many keys, many claims

    private func refusals(_ mint: TokenMint) async throws {
        let good = try mint.good()
        let large = try mint.manyTinyClaims()
        let workloads = try [good] + mint.refused() + [large]
        let timings = try await PairedRun(
            workloads.map { workload in .init(workload.name, run: workload.verifyTokens) }
        )
        .measure(rounds: rounds / 2)
        var table = TextTable(["refused \(mint.key.algorithm.name) tokens", "of a good one", "ns", "bytes"])
        var dearer: [String] = []
        for (timing, workload) in zip(timings, workloads) {
            table.append([
                timing.name, (1 / timing.speed).percent, timing.nanoseconds.written(decimals: 0),
                "\(workload.token.count)",
            ])
            // A refused token is compared with a good token of at least its size. A difference of 1 % is noise.
            let isLarge =
                workload.token.count > good.token.count + 100 && workload.token.count <= large.token.count + 100
            let bound = (isLarge ? timings[timings.count - 1] : timings[0]).nanoseconds
            if workload.expectedCode != nil, timing.nanoseconds > bound * 1.01 { dearer.append(timing.name) }
        }
        print(table.text)
        judgements.add(
            "refused \(mint.key.algorithm.name) tokens: never dearer than a good one of their size", dearer.isEmpty,
            dearer.isEmpty ? "none is" : "dearer: \(dearer.joined(separator: "; "))")
    }

    private func keys() async throws {
        let token = try es256.token()
        let workloads = try [1, 10, 100, 1_000].map { count in
            try es256.workload("\(count)", token, keys: es256.keys(count))
        }
        let timings = try await PairedRun(
            workloads.map { workload in .init(workload.name, run: workload.verifyTokens) }
        )
        .measure(rounds: rounds / 2)
        var table = TextTable(["keys in the set (ES256)", "time of one key's", "ns"])
        for timing in timings {
            table.append([timing.name, (1 / timing.speed).percent, timing.nanoseconds.written(decimals: 0)])
        }
        print(table.text)
        let last = 1 / (timings.last?.speed ?? 0)
        judgements.add("1 → 1,000 keys: flat", last < 1.02, last.percent)
    }

    private func claims() async throws {
        let workloads = try [10, 32, 100].map { try rs256.manyClaims($0) }
        let timings = try await PairedRun(
            workloads.map { workload in .init(workload.name, run: workload.verifyTokens) }
        )
        .measure(rounds: rounds / 2)
        var limits: [PairedRun.Timing] = []
        for workload in workloads {
            let limit = try raw(rs256, workload)
            limits += try await PairedRun([.init(workload.name) { limit.verify(LIMIT_KEPT, $0) }])
                .measure(rounds: rounds / 4)
        }
        var table = TextTable(["claims (RS256)", "bytes", "beyond the limit, ns", "ns per byte beyond", "ns"])
        for index in workloads.indices {
            let beyond = timings[index].nanoseconds - limits[index].nanoseconds
            table.append([
                workloads[index].name, "\(workloads[index].token.count)", beyond.written(decimals: 0),
                (beyond / Double(workloads[index].token.count)).written(decimals: 2),
                timings[index].nanoseconds.written(decimals: 0),
            ])
        }
        print(table.text)
        let perByte = zip(timings.indices, workloads).map { index, workload in
            (timings[index].nanoseconds - limits[index].nanoseconds) / Double(workload.token.count)
        }
        let growth = perByte[2] / perByte[0]
        judgements.add("10 → 100 claims: linear in bytes", growth < 1.2, "\(growth.percent) per byte")
    }

    private func raw(_ mint: TokenMint, _ workload: TokenWorkload) throws -> LibcryptoLimit {
        guard let limit = LibcryptoLimit(jwk: mint.key.publicJWK, token: workload.token) else { throw UnusableLimit() }
        return limit
    }
}
