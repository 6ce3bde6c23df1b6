import HTTPMessages
import JOSE
import OAuthTestKit
import WireFormat

extension DPoPKey {
    static let client = DPoPKey(clock: WallClock { GuardUnderTest.now })
    static let stranger = DPoPKey(clock: WallClock { GuardUnderTest.now })

    /// A good proof for a POST to the resource of ``GuardUnderTest``.
    func draft(for token: String) -> DPoPProof { draft(.post, GuardUnderTest.resource, token: token) }
}

extension DPoPProof {
    /// The proof, whose JSON is changed as a text before it is signed: for what no JSON value can hold.
    func text(
        header changeHeader: (String) -> String = { $0 }, claims changeClaims: (String) -> String = { $0 }
    ) -> String {
        var changed = self
        changed.headerBytes = Self.bytes(of: header, changeHeader)
        changed.payloadBytes = Self.bytes(of: claims, changeClaims)
        return changed.signed()
    }

    private static func bytes(of object: JSONDocument.Object, _ change: (String) -> String) -> [UInt8] {
        Array(change(String(decoding: JSONValue.object(object).encoded(), as: UTF8.self)).utf8)
    }
}

/// A request with a bound token and a proof, which a row of a table changes. It is made anew for each way, because a
/// proof is good only once.
struct ProofRequest {
    var method = "POST"
    var target = "/mcp"
    var scheme = "DPoP"
    var token: String
    var proof: DPoPProof
    /// The values of the `DPoP` fields; nil for the one of `proof`.
    var fields: [String]?
    var lines: [(String, String)] = []

    /// A request that must be accepted.
    init(_ token: String = Self.boundToken(), by key: DPoPKey = .client) {
        self.token = token
        proof = key.draft(for: token)
    }

    /// A token that is bound to a key.
    static func boundToken(
        to key: DPoPKey = .client, _ edit: (inout FakeIssuer.Draft) -> Void = { _ in }
    ) -> String {
        GuardUnderTest.issuer.token(boundTo: key, edit)
    }

    /// A token whose `cnf` has this value.
    static func token(cnf: JSONValue) -> String {
        GuardUnderTest.issuer.token { $0.claims["cnf"] = cnf }
    }

    /// Presents another token, with a proof that is good for it.
    mutating func present(_ token: String, by key: DPoPKey = .client) {
        self.token = token
        proof = key.draft(for: token)
    }

    var row: RowRequest {
        var row = RowRequest(method, target)
        row.lines = [("Authorization", "\(scheme) \(token)")] + lines.map { ($0.0, $0.1) }
        row.lines += (fields ?? [proof.signed()]).map { ("DPoP", $0) }
        return row
    }
}

/// One row of a table of proofs: what is different from a good request, and what must follow.
struct ProofRow: Sendable {
    let title: String
    let edit: @Sendable (inout ProofRequest) -> Void
    /// The reason code of the refusal; nil when the request must be accepted.
    let code: String?
    let answer: RowAnswer

    init(
        _ title: String, _ code: String?, _ answer: RowAnswer, _ edit: @escaping @Sendable (inout ProofRequest) -> Void
    ) {
        self.title = title
        self.edit = edit
        self.code = code
        self.answer = answer
    }

    /// A request that must be accepted.
    static func good(_ title: String, _ edit: @escaping @Sendable (inout ProofRequest) -> Void = { _ in }) -> ProofRow {
        ProofRow(title, nil, .passed(), edit)
    }

    /// A request whose proof is refused.
    static func bad(
        _ title: String, _ code: String, _ edit: @escaping @Sendable (inout ProofRequest) -> Void
    ) -> ProofRow {
        ProofRow(title, code, .invalidProof, edit)
    }
}

extension RowAnswer {
    /// The names of all algorithms of proofs, as challenges list them.
    static let algorithms = "RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA"
    private static let offer = #"scope="mcp:use", \#(metadata)"#
    /// The challenges without `error`.
    static let bearerOffer = "WWW-Authenticate: Bearer \(offer)"
    static let proofOffer = #"WWW-Authenticate: DPoP \#(offer), algs="\#(algorithms)""#

    private static func proofChallenge(_ error: String, _ sentence: String) -> String {
        #"DPoP error="\#(error)", error_description="\#(sentence)", \#(offer), algs="\#(algorithms)""#
    }

    /// A refused proof. It is the same for every defect.
    static let invalidProof: RowAnswer = {
        let sentence = "The DPoP proof is missing, malformed, not recent, used before or for another request."
        return refused(401, "invalid_dpop_proof", sentence, proofChallenge("invalid_dpop_proof", sentence))
    }()

    /// A malformed request, where only `DPoP` is offered.
    static func invalidRequestByProof(_ sentence: String) -> RowAnswer {
        refused(400, "invalid_request", sentence, proofChallenge("invalid_request", sentence))
    }

    /// A proof without a recent nonce.
    static let useNonce: RowAnswer = {
        let sentence = "The DPoP proof must contain the nonce of the DPoP-Nonce field."
        return refused(401, "use_dpop_nonce", sentence, proofChallenge("use_dpop_nonce", sentence))
    }()

    /// A token that is refused, where only `DPoP` is offered.
    static let invalidTokenByProof: RowAnswer = {
        let sentence = "The access token is malformed, expired or not valid for this resource."
        return refused(401, "invalid_token", sentence, proofChallenge("invalid_token", sentence))
    }()

    /// A token without the scope, where only `DPoP` is offered.
    static let insufficientScopeByProof: RowAnswer = {
        let sentence = "The operation needs scopes that the access token does not carry."
        return refused(403, "insufficient_scope", sentence, proofChallenge("insufficient_scope", sentence))
    }()
}
