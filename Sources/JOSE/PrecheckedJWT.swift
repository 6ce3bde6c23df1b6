/// A JWT that passed the checks which need no key. ``JWTValidation/precheck(_:)`` makes it, and
/// ``JWTValidation/verify(_:keys:now:)-(PrecheckedJWT,_,_)`` takes it, so that algorithm and issuer are compared once
/// per token.
///
/// **Checks** algorithm, `typ` and issuer, by the policy of the validation that made it.
/// **Does not check** the signature or any other claim: never show its content to a handler.
public struct PrecheckedJWT: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The parsed token.
    public let jwt: UnverifiedJWT
    /// The algorithm that the header names and the policy allows.
    public let algorithm: SignatureAlgorithm
    /// The validation whose policy was applied.
    let validation: UniqueNumber

    init(_ jwt: consuming UnverifiedJWT, algorithm: SignatureAlgorithm, validation: UniqueNumber) {
        self.jwt = jwt
        self.algorithm = algorithm
        self.validation = validation
    }

    /// `<unverified JWT>`
    public var description: String { jwt.description }
    /// `<unverified JWT>`
    public var debugDescription: String { jwt.description }
    /// Shows no member.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
