/// A DPoP challenge to send in `WWW-Authenticate` (RFC 9449 §7.1). It has the parameters of a ``BearerChallenge``, and
/// `algs` after them.
///
/// A response that challenges for both schemes has two fields, one for each.
public struct DPoPChallenge: Sendable, Hashable {
    /// The parameters that both schemes have. `scope` and `resource_metadata` mean the same for DPoP as for Bearer.
    public var parameters: BearerChallenge
    /// The algorithms of proofs that are accepted, such as `ES256`; empty leaves `algs` out. A name that is empty, or
    /// has other bytes than printable ASCII without space, quote and backslash, is not sent.
    public var algorithms: [String]

    /// Makes a DPoP challenge.
    public init(_ parameters: BearerChallenge, algorithms: [String]) {
        self.parameters = parameters
        self.algorithms = algorithms
    }

    /// The value of the `WWW-Authenticate` field.
    public var fieldValue: String {
        // The characters of the name of an algorithm are those of a scope.
        let names = algorithms.filter { ScopeSet([$0]) != nil }
        return parameters.fieldValue(
            scheme: "DPoP", further: names.isEmpty ? [] : [("algs", names.joined(separator: " "))])
    }
}
