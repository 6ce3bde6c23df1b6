internal import JOSE
internal import TokenVerification

/// The allowed difference between the clocks of this server and of each issuer, in seconds.
struct IssuerClockSkews: Sendable {
    private var skews: [[UInt8]: Int]

    init(_ configuration: CheckedConfiguration, _ issuers: [TrustedIssuer]) {
        skews = configuration.tokens.clockSkews
        for issuer in issuers { skews[Array(issuer.issuer.utf8)] = issuer.clockSkew }
    }

    /// The skew of an issuer. A verifier of the program may trust issuers that it does not name. They get the default
    /// of a policy.
    func skew(of issuer: String?) -> Int {
        issuer.flatMap { skews[Array($0.utf8)] } ?? JWTPolicy(issuer: "", resource: nil).clockSkew
    }
}
