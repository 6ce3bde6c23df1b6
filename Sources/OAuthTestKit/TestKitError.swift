/// Why a fake issuer or a development authorization server cannot be made. Each description is one line for a terminal.
public enum TestKitError: String, Error, Sendable, Hashable, CustomStringConvertible {
    /// The issuer identifier is not acceptable.
    case issuerNotAcceptable = "issuer_not_acceptable"
    /// The issuer of a development server is not on a loopback host.
    case issuerNotLoopback = "issuer_not_loopback"
    /// The address to listen on is not a loopback address.
    case addressNotLoopback = "address_not_loopback"
    /// No algorithm was given.
    case noAlgorithm = "no_algorithm"
    /// libcrypto could not generate a key.
    case keyGenerationFailed = "key_generation_failed"
    /// A lifetime or a capacity is out of its range.
    case settingOutOfRange = "setting_out_of_range"
    /// A resource is not an absolute URI without a fragment, or the default resource is not among the allowed ones.
    case resourceNotAcceptable = "resource_not_acceptable"
    /// A client's name, secret, redirect URIs and grant types are not a valid combination.
    case clientNotAcceptable = "client_not_acceptable"

    /// A stable code from a closed set, for metrics and logs.
    public var code: String { rawValue }

    /// What is wrong and what to do, in one line.
    public var description: String {
        switch self {
        case .issuerNotAcceptable:
            "the issuer must be an absolute URL without query and fragment: https, or http on a loopback host"
        case .issuerNotLoopback:
            "the development authorization server approves every request, so its issuer must be on a loopback host; "
                + "give it an issuer such as http://127.0.0.1:9000"
        case .addressNotLoopback:
            "the development authorization server approves everybody and therefore listens on a loopback address "
                + "only: 127.0.0.1, ::1 or localhost"
        case .noAlgorithm: "the issuer needs at least one signature algorithm"
        case .keyGenerationFailed: "libcrypto could not generate a key"
        case .settingOutOfRange: "a setting of the development authorization server is out of its documented range"
        case .resourceNotAcceptable:
            "a resource must be an absolute URI without fragment, and the default resource one of the allowed ones"
        case .clientNotAcceptable:
            "the client's name, secret, redirect URIs and grant types are not a valid combination; see registerClient"
        }
    }
}
