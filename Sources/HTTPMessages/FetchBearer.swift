/// A bearer token (RFC 6750) for the fetch itself, in a file. Some hosts, such as the API server of Kubernetes, publish
/// their keys only to clients that log in.
///
/// The file is read again for each fetch, because such tokens are replaced while the program runs. If it cannot be
/// read, the fetch fails with ``FetchError/credentialsUnreadable``. The token is sent to one host. It is never sent
/// over plain http, except to this machine.
public struct FetchBearer: Sendable, Hashable {
    /// The only host that gets the token.
    public let host: HTTPHost
    /// The path of the file. Its content is the token, perhaps followed by one line break; at most
    /// ``maximumBytes`` long.
    public let file: String

    /// The largest token in bytes.
    public static let maximumBytes = 16_384

    /// A token for one host. The file is not read yet.
    public init(host: HTTPHost, file: String) {
        self.host = host
        self.file = file
    }
}
