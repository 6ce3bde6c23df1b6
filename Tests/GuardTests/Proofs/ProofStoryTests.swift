import HTTPMessages
import JOSE
import OAuthResourceServer
import OAuthTestKit
import SocketHTTP
import Synchronization
import Testing
import TokenVerification
import WireFormat

/// What needs more than one request, or more than one setting: each story is told in process and over a socket.
@Suite("RFC 9449: proofs, story by story", .serialized, .timeLimit(.minutes(5)))
struct ProofStoryTests {
    private final class Clock: Sendable {
        private let time = Mutex(GuardUnderTest.now)
        var wall: WallClock { WallClock { self.time.withLock { $0 } } }
        var now: Double { time.withLock { $0 } }
        func set(_ seconds: Double) { time.withLock { $0 = GuardUnderTest.now + seconds } }
    }

    /// A request whose proof is made now, and stays the same when it is sent again.
    private func fixed(_ token: String = ProofRequest.boundToken(), by key: DPoPKey = .client) -> ProofRequest {
        var request = ProofRequest(token, by: key)
        request.fields = [request.proof.signed()]
        return request
    }

    @Test("RFC 9449 §11.1: a replay, also with another signature, and after the window")
    func replay() async throws {
        let clock = Clock()
        try await ProofGuard.eachWay({
            clock.set(0)
            return try ProofGuard(.required, clock: clock.wall)
        }) { sender in
            let first = fixed()
            try await sender.expect(.passed(), nil, "a proof", first)
            try await sender.expect(.invalidProof, "dpop_replayed", "again", first)
            var signedAgain = first
            signedAgain.fields = [first.proof.signed()]
            try await sender.expect(.invalidProof, "dpop_replayed", "with another signature", signedAgain)
            clock.set(300)
            try await sender.expect(.invalidProof, "dpop_replayed", "at the end of the window", first)
            clock.set(300.001)
            try await sender.expect(.invalidProof, "dpop_iat_not_recent", "after the window", first)
        }
    }

    @Test("A refused request uses its proof up only when nothing else is wrong with the proof")
    func refusedFirst() async throws {
        try await ProofGuard.eachWay({ try ProofGuard(.required) }) { sender in
            let good = fixed()
            var other = good
            other.method = "GET"
            try await sender.expect(.invalidProof, "dpop_htm_mismatch", "as another method", other)
            other = good
            other.fields = good.fields.map { $0 + $0 }
            try await sender.expect(.invalidProof, "dpop_several", "twice", other)
            try await sender.expect(.passed(), nil, "as it was made", good)
            let poor = fixed(ProofRequest.boundToken { $0.claims["scope"] = nil })
            try await sender.expect(.insufficientScopeByProof, "insufficient_scope", "without the scope", poor)
            try await sender.expect(.invalidProof, "dpop_replayed", "without the scope again", poor)
        }
    }

    @Test("A remembered verdict on a token replaces no proof, and the proof of no other key")
    func rememberedVerdict() async throws {
        try await ProofGuard.eachWay({ try ProofGuard(.optional) }) { sender in
            let token = ProofRequest.boundToken()
            try await sender.expect(.passed(), nil, "the holder", ProofRequest(token))
            var bare = ProofRequest(token)
            bare.fields = []
            try await sender.expect(.invalidProof, "dpop_missing", "no proof", bare)
            bare.scheme = "Bearer"
            try await sender.expect(
                .invalidToken().with(RowAnswer.proofOffer), "dpop_bound_token_as_bearer", "as Bearer", bare)
            try await sender.expect(
                .invalidTokenByProof, "dpop_other_key", "another key", ProofRequest(token, by: .stranger))
            var borrowed = ProofRequest(token)
            borrowed.proof = DPoPKey.client.draft(for: ProofRequest.boundToken { $0.claims["jti"] = "other" })
            try await sender.expect(.invalidProof, "dpop_ath_mismatch", "the proof for another token", borrowed)
            try await sender.expect(.passed(), nil, "the holder again", ProofRequest(token))
        }
    }

    @Test("A store that is full or away: 503 with a wait, without a challenge and without a nonce")
    func store() async throws {
        for (error, wait) in [(ReplayStoreError.full, 10), (.unavailable, 1)] {
            try await ProofGuard.eachWay({
                try ProofGuard(.required) {
                    $0.dpop.replayStore = .store(BrokenStore(error: error))
                    $0.dpop.nonces = .required(DPoPNonces())
                }
            }) { sender in
                var request = ProofRequest()
                request.proof.claims["nonce"] = .string("x")
                // What needs no store is decided without it.
                #expect(try await sender.answer(request).status == 401)
                let challenged = try await sender.answer(request)
                let nonce = try #require(challenged.lines.first { $0.hasPrefix("DPoP-Nonce: ") }).dropFirst(12)
                request.proof.claims["nonce"] = .string(String(nonce))
                try await sender.expect(.unavailable(retryAfter: wait), "dpop_\(error.code)", "\(error)", request)
            }
        }
    }

    private struct BrokenStore: ReplayStore {
        let error: ReplayStoreError

        func record(
            _ identifier: ReplayIdentifier, for lifetime: Duration
        ) async throws(ReplayStoreError) -> ReplayVerdict { throw error }
    }

    @Test("RFC 9449 §8: nonces that are missing, forged, expired, of the future, and of another instance")
    func nonces() async throws {
        let clock = Clock()
        let (first, second) = ([UInt8](repeating: 1, count: 32), [UInt8](repeating: 2, count: 32))
        let rotated = try DPoPNonces(current: second, previous: first)
        let (old, mine, foreign) = try (DPoPNonces(current: first), DPoPNonces(current: second), DPoPNonces())
        try await ProofGuard.eachWay({
            clock.set(0)
            return try ProofGuard(.required, clock: clock.wall) { $0.dpop.nonces = .required(rotated) }
        }) { sender in
            let now = GuardUnderTest.now
            let fresh = "DPoP-Nonce: \(mine.make(now: now))"
            func request(_ nonce: JSONValue?) -> ProofRequest {
                var request = ProofRequest()
                request.proof.claims["nonce"] = nonce
                return request
            }
            // A time of the attacker's choice, with the code of another time, of no time, and with none.
            func forged(_ time: UInt64, _ code: [UInt8]) -> JSONValue {
                .string(Base64URL.encode((0..<8).map { UInt8(truncatingIfNeeded: time >> (56 - 8 * $0)) } + code))
            }
            let code = Array(try #require(Base64URL.decode(mine.make(now: now))).suffix(16))
            let bad: [(String, JSONValue?)] = [
                ("missing", nil), ("empty", ""), ("a number", 1), ("null", .null), ("a list", [.string("a")]),
                ("of another key", .string(foreign.make(now: now))), ("expired", .string(mine.make(now: now - 301))),
                ("expired, of the previous key", .string(old.make(now: now - 301))),
                ("of the future", .string(mine.make(now: now + 301))),
                ("forged: later", forged(UInt64(now) + 100, code)), ("forged: the last time", forged(.max, code)),
                ("forged: no time", forged(0, code)),
                ("forged: an empty code", forged(UInt64(now), [UInt8](repeating: 0, count: 16))),
                ("forged: no code", forged(UInt64(now), [])), ("with padding", .string(mine.make(now: now) + "=")),
                ("with a space", .string(mine.make(now: now) + " ")),
                ("twice", .string(mine.make(now: now) + mine.make(now: now))),
                ("of the other case", .string(mine.make(now: now).lowercased())),
            ]
            for (title, nonce) in bad {
                try await sender.expect(RowAnswer.useNonce.with(fresh), "dpop_nonce", title, request(nonce))
            }
            let good: [(String, String, String?)] = [
                ("new", mine.make(now: now), nil), ("of an instance that is ahead", mine.make(now: now + 300), nil),
                ("at its end", mine.make(now: now - 300), fresh), ("in its first half", mine.make(now: now - 150), nil),
                ("in its second half", mine.make(now: now - 151), fresh),
                ("of the previous key", old.make(now: now), fresh),
            ]
            for (title, nonce, next) in good {
                let answer = RowAnswer.passed()
                try await sender.expect(next.map { answer.with($0) } ?? answer, nil, title, request(.string(nonce)))
            }
            // Each challenge has a nonce: the client needs no request of its own to get one.
            var wrong = request(.string(mine.make(now: now)))
            wrong.proof.claims["htm"] = "GET"
            try await sender.expect(RowAnswer.invalidProof.with(fresh), "dpop_htm_mismatch", "another defect", wrong)
        }
    }

    @Test("A token with a key and a certificate needs both; one with a certificate alone is no token for DPoP")
    func bothBindings() async throws {
        let mine: [UInt8] = [0x30, 0x03, 1, 2, 3]
        let (field, other) = (":\(Base64.encode(mine)):", ":\(Base64.encode([0x30, 0x03, 3, 2, 1])):")
        let certificate = JSONValue.string(Base64URL.encode(Digest.sha256(mine)))
        let key = JSONValue.string(DPoPKey.client.thumbprint)
        let both = ProofRequest.token(cnf: ["jkt": key, "x5t#S256": certificate])
        let certified = ProofRequest.token(cnf: ["x5t#S256": certificate])
        let keyed = ProofRequest.token(cnf: ["jkt": key])
        func row(
            _ title: String, _ code: String?, _ answer: RowAnswer, _ token: String, field: String? = field,
            scheme: String = "DPoP", by signer: DPoPKey = .client, proofs: [String]? = nil
        ) -> ProofRow {
            ProofRow(title, code, answer) {
                $0.present(token, by: signer)
                $0.scheme = scheme
                $0.fields = proofs
                $0.lines = field.map { [("Client-Cert", $0)] } ?? []
            }
        }
        let refused = RowAnswer.invalidTokenByProof
        let common = [
            row("both", nil, .passed(), both), row("both, no proof", "dpop_missing", .invalidProof, both, proofs: []),
            row("both, a proof of another key", "dpop_other_key", refused, both, by: .stranger),
            row("a key alone, another certificate", nil, .passed(), keyed, field: other),
        ]
        let required = [
            row("both, no certificate", "client_certificate_missing", refused, both, field: nil),
            row("both, another certificate", "client_certificate_mismatch", refused, both, field: other),
            row("both as Bearer", "dpop_bound_token_as_bearer", refused, both, scheme: "Bearer"),
            row("a certificate alone as DPoP", "dpop_unbound_token", refused, certified),
            row("a certificate alone as Bearer", "dpop_binding_required", refused, certified, scheme: "Bearer"),
        ]
        let bearer = RowAnswer.invalidToken().with(RowAnswer.proofOffer)
        let dpop = refused.with(RowAnswer.bearerOffer)
        let optional = [
            row("both, no certificate", "client_certificate_missing", dpop, both, field: nil),
            row("both, another certificate", "client_certificate_mismatch", dpop, both, field: other),
            row("both as Bearer", "dpop_bound_token_as_bearer", bearer, both, scheme: "Bearer"),
            row("a certificate alone as DPoP", "dpop_unbound_token", dpop, certified),
            row("a certificate alone as Bearer", nil, .passed(), certified, scheme: "Bearer"),
            row(
                "a certificate alone, another one", "client_certificate_mismatch", bearer, certified, field: other,
                scheme: "Bearer"),
        ]
        for (mode, rows) in [(ResourceServerConfiguration.DPoP.Mode.required, required), (.optional, optional)] {
            let guarded = try ProofGuard(mode) { $0.mutualTLS = .fromProxy(.clientCert, at: ["127.0.0.1"]) }
            try await guarded.check(common + rows)
        }
        // The field of a client is removed, so that it satisfies nothing.
        try await ProofGuard(.required) { $0.mutualTLS = .fromProxy(.clientCert, at: ["10.0.0.1"]) }.check([
            row("both, from elsewhere", "client_certificate_missing", refused, both)
        ])
    }

    @Test("RFC 7800 §3.1: a cnf that cannot be read is refused in every mode and under both schemes")
    func malformedConfirmation() async throws {
        let thumbprint = DPoPKey.client.thumbprint
        // The last of 43 characters has two unused bits.
        let unused = thumbprint.dropLast() + "B"
        let values: [(String, JSONValue, String)] = [
            ("null", .null, "wrong_type"), ("a list", [["jkt": .string(thumbprint)]], "wrong_type"),
            ("a number", 1, "wrong_type"), ("true", true, "wrong_type"), ("a text", .string(thumbprint), "wrong_type"),
            ("no member", [:], "malformed"), ("a list of jkt", ["jkt": [.string(thumbprint)]], "wrong_type"),
            ("jkt that is a number", ["jkt": 1], "wrong_type"), ("jkt null", ["jkt": .null], "wrong_type"),
            ("an empty jkt", ["jkt": ""], "malformed"),
            ("42 characters", ["jkt": .string(String(thumbprint.dropLast()))], "malformed"),
            ("44 characters", ["jkt": .string(thumbprint + "A")], "malformed"),
            ("unused bits", ["jkt": .string(String(unused))], "malformed"),
            ("another alphabet", ["jkt": .string("+" + thumbprint.dropFirst())], "malformed"),
            ("an unknown member alone", ["kid": "1"], "unsupported"), ("a whole key", ["jwk": [:]], "unsupported"),
            ("jkt in capitals", ["JKT": .string(thumbprint)], "unsupported"),
            ("the certificate null", ["jkt": .string(thumbprint), "x5t#S256": .null], "wrong_type"),
            ("an unknown member besides", ["jkt": .string(thumbprint), "a": .null], "unsupported"),
        ]
        let modes: [(ResourceServerConfiguration.DPoP.Mode, String, RowAnswer)] = [
            (.required, "DPoP", .invalidTokenByProof), (.required, "Bearer", .invalidTokenByProof),
            (.optional, "DPoP", RowAnswer.invalidTokenByProof.with(RowAnswer.bearerOffer)),
            (.optional, "Bearer", RowAnswer.invalidToken().with(RowAnswer.proofOffer)),
            (.off, "Bearer", .invalidToken()),
        ]
        for (mode, scheme, answer) in modes {
            let rows = values.map { title, value, code -> ProofRow in
                ProofRow("\(mode), \(scheme): \(title)", "cnf_\(code)", answer) {
                    $0.scheme = scheme
                    $0.present(ProofRequest.token(cnf: value))
                }
            }
            try await ProofGuard(mode).check(rows)
        }
    }

    @Test("64 concurrent requests with one proof over sockets: exactly one is accepted")
    func concurrentReplay() async throws {
        try await ProofGuard.eachWay({ try ProofGuard(.required) }) { sender in
            let request = fixed()
            let answers = try await withThrowingTaskGroup(of: RowAnswer.self) { group in
                for _ in 0..<64 { group.addTask { try await sender.answer(request) } }
                return try await group.reduce(into: [RowAnswer]()) { $0.append($1) }
            }
            #expect(answers.count(where: { $0 == .passed() }) == 1, "\(sender.way)")
            #expect(answers.count(where: { $0 == .invalidProof }) == 63, "\(sender.way)")
        }
    }
}
