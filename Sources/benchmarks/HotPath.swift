import CBenchmarkLimit
import HTTPMessages
import JOSE
import TokenVerification
import WireFormat

/// An operation that runs for every request or token, and whose instructions `benchmarks --check` counts.
struct HotPath {
    /// The name, without spaces, as in the file of figures.
    let name: String
    /// For a refused token, the name of the path that verifies a good token of its size; else nil.
    let good: String?
    /// Runs the operation `count` times and returns how many runs had the expected result.
    let run: (_ count: Int) async -> Int

    init(name: String, good: String? = nil, run: @escaping (_ count: Int) async -> Int) {
        self.name = name
        self.good = good
        self.run = run
    }

    /// All hot paths, each warmed up by a few runs.
    static func all() async throws -> [HotPath] {
        let (rs256, es256) = (try TokenMint(.rs256), try TokenMint(.es256))
        let token = try rs256.token()
        let small = try es256.good()
        var paths = [
            HotPath(name: "jose-rs256", run: try rs256.good().verifyTokens),
            HotPath(name: "jose-es256", run: small.verifyTokens),
            HotPath(name: "jose-many-claims", run: try es256.manyTinyClaims().verifyTokens),
        ]
        for refused in try es256.refused() {
            let name = refused.name.replacing(", ", with: "-").replacing(" ", with: "-").replacing(",", with: "")
            let good = refused.token.count > small.token.count + 100 ? "jose-many-claims" : "jose-es256"
            paths.append(HotPath(name: "refused-\(name)", good: good, run: refused.verifyTokens))
        }
        for mint in [rs256, es256] {
            let token = try mint.token()
            let verifier = try GuardWorkload.verifier([mint], caching: .off)
            let name = ASCII.lowercased(mint.key.algorithm.name)
            paths.append(HotPath(name: "verifier-\(name)") { await GuardWorkload.verify(token, verifier, $0) })
        }
        let remembering = try GuardWorkload.verifier([rs256])
        paths.append(HotPath(name: "remembered-verdict") { await GuardWorkload.verify(token, remembering, $0) })
        let guarded = try GuardWorkload.guarded([rs256])
        paths.append(
            HotPath(name: "guard-remembered", run: try GuardWorkload.handler("", guarded, token: token).run))
        paths.append(
            HotPath(
                name: "guard-without-token",
                run: try GuardWorkload.handler("", guarded, token: nil, expecting: .unauthorized).run))
        let proofs = try ProofWorkload()
        let bound = proofs.variant("", try proofs.guarded(.standard), try proofs.bound())
        paths.append(HotPath(name: "guard-remembered-dpop", run: bound.run))
        for path in paths { _ = await path.run(20) }
        return paths
    }

    /// Runs all hot paths `count` times each under a profiler, which sees a call of `limit_mark` before and after each
    /// of them.
    @concurrent
    static func runAll(count: Int) async throws {
        for path in try await all() {
            limit_mark()
            guard await path.run(count) == count else { throw PairedRun.WrongResult(name: path.name) }
            limit_mark()
            print(path.name, path.good ?? "")
        }
    }
}
