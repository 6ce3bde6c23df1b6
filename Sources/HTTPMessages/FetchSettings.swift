package import WireFormat

/// The checked settings for a fetcher of keys, metadata and introspection responses.
package struct FetchSettings: Sendable, Hashable {
    /// What is allowed beyond https to public addresses.
    package var permissions: FetchPermissions
    /// The path of a PEM file of the certificate authorities to trust instead of the system's store; nil for the
    /// system's. The file is not read yet.
    package var certificateAuthorityFile: String?
    /// An http proxy for all hosts that are neither loopback nor private; nil for none.
    package var proxy: AbsoluteURL?
    /// A bearer token for one host; nil for none.
    package var bearer: FetchBearer?

    package init(permissions: FetchPermissions = FetchPermissions()) {
        self.permissions = permissions
    }
}
