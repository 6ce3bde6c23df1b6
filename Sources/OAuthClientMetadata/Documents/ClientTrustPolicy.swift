public import OAuthMetadata

/// Decides by the host of a `client_id` whether a client may be resolved, and whether it is verified. It decides before
/// anything is fetched.
public struct ClientTrustPolicy: Sendable, Hashable {
    /// The clients that may be resolved.
    public enum Admission: Sendable, Hashable {
        /// Every client whose host is not in ``ClientTrustPolicy/denied``.
        case everyClient
        /// Only clients whose host matches one of these rules, or one of ``ClientTrustPolicy/verified``.
        case only([DomainRule])
    }

    /// What the operator says about a client.
    public enum Trust: String, Sendable, Hashable {
        /// The client may not be resolved.
        case denied
        /// The client may be resolved, and the operator does not know its host.
        case unverified
        /// The operator knows the host.
        case verified
    }

    /// The clients that may be resolved.
    public var admission: Admission
    /// Hosts whose clients are never resolved. They win over every other list.
    public var denied: [DomainRule]
    /// Hosts that the operator knows. A consent page shows their clients as verified.
    public var verified: [DomainRule]

    /// Makes a policy. By default every client may be resolved, and none is verified.
    public init(admission: Admission = .everyClient, denied: [DomainRule] = [], verified: [DomainRule] = []) {
        self.admission = admission
        self.denied = denied
        self.verified = verified
    }

    /// What the operator says about the client with this identifier.
    public func trust(in client: ClientIdentifierURL) -> Trust {
        func holds(_ rules: [DomainRule]) -> Bool { rules.contains { $0.matches(client) } }
        if holds(denied) { return .denied }
        if case .only(let rules) = admission, !holds(rules), !holds(verified) { return .denied }
        return holds(verified) ? .verified : .unverified
    }
}
