internal import HTTPMessages
internal import JOSE
internal import TokenVerification
internal import WireFormat

/// The checked ``ResourceServerConfiguration/mutualTLS-swift.property``: which certificate belongs to a request.
struct CheckedMutualTLS: Sendable {
    private enum Source: Sendable {
        case none
        case connection
        case proxy(HTTPFields.Name, ClientCertificateField.Format, TrustedProxies)
    }

    private let source: Source

    /// Checks the setting.
    init(_ setting: ResourceServerConfiguration.MutualTLS, _ faults: inout ConfigurationFaults) {
        switch setting {
        case .off: source = .none
        case .ofConnection: source = .connection
        case .fromProxy(let field, let entries):
            let proxies = TrustedProxies(entries, at: .mutualTLS + "at", &faults)
            let name = HTTPFields.Name(field.name)
            if let name, !Self.isOfOthers(name) {
                source = .proxy(name, field.format, proxies)
            } else {
                source = .none
                faults.add(
                    .mutualTLS + "field",
                    name == nil ? "is not the name of a header field" : "is a field with another meaning",
                    "write it like X-Client-Cert")
            }
        }
    }

    /// Removes the field of the proxy from a request that does not come from the proxy: a client can write what it
    /// likes into it. True when there was such a field.
    func removesForgedField(from request: inout GuardedRequest) -> Bool {
        guard case .proxy(let name, _, let proxies) = source, request.fields.contains(name),
            !proxies.contain(request)
        else { return false }
        request.fields.remove(name)
        return true
    }

    /// Checks that the client has the certificate to which its token is bound (RFC 8705 §3).
    ///
    /// - Parameter expected: `cnf.x5t#S256` of the token.
    func check(_ expected: String, for request: GuardedRequest) throws(ResourceServer.Refusal) {
        guard let found = try thumbprint(of: request) else { throw .binding(.certificateMissing) }
        guard let expected = Base64URL.decode(expected).flatMap({ SHA256Digest(bytes: $0) }),
            expected.equalsInConstantTime(found)
        else { throw .binding(.otherCertificate) }
    }

    /// The thumbprint of the client's certificate; nil when it has none.
    private func thumbprint(of request: GuardedRequest) throws(ResourceServer.Refusal) -> SHA256Digest? {
        switch source {
        case .none: return nil
        case .connection: return request.clientCertificate?.thumbprint
        case .proxy(let name, let format, let proxies):
            guard proxies.contain(request) else { return nil }
            var found: ArraySlice<UInt8>?
            let isRepeated = request.fields.contains(name) { value in
                if found != nil { return true }
                found = value
                return false
            }
            if isRepeated { throw .malformedRequest(.repeatedCertificate) }
            guard let value = found else { return nil }
            switch ClientCertificateText.read(value, as: format) {
            case .absent: return nil
            case .thumbprint(let thumbprint): return thumbprint
            case .malformed: throw .malformedRequest(.malformedCertificate)
            }
        }
    }

    /// Whether a field has a meaning for this library or for every server. A proxy would break requests with it, and
    /// the guard would remove it.
    private static func isOfOthers(_ name: HTTPFields.Name) -> Bool {
        let others: [HTTPFields.Name] = [
            .accept, .accessControlRequestHeaders, .accessControlRequestMethod, .authorization, .cacheControl,
            .connection, .contentEncoding, .contentLength, .contentType, .cookie, .date, .dpop, .dpopNonce, .expect,
            .host, .ifModifiedSince, .ifNoneMatch, .mcpMethod, .mcpName, .mcpProtocolVersion, .mcpSessionID, .origin,
            .pragma,
            .transferEncoding,
        ]
        return others.contains(name)
    }
}
