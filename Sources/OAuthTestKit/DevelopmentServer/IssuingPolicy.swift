internal import JOSE
internal import OAuthMetadata
internal import WireFormat

/// Decides which scopes and audiences the development authorization server puts into tokens. It does no I/O.
struct IssuingPolicy: Sendable {
    let subject: String
    let algorithm: SignatureAlgorithm
    /// The lifetime in seconds.
    let accessTokenLifetime: Int
    let defaultScopes: ScopeSet
    /// The scopes that a client may request; nil allows any.
    let allowedScopes: ScopeSet?
    /// The resources that a client may request; nil allows any.
    let allowedResources: [String]?
    let defaultResource: String?

    /// The most resources of a request, which is more than any client needs in one token.
    static let maximumResources = 16

    /// The scopes to grant: the requested ones, or the default ones if the request has no `scope` (RFC 6749 §3.3).
    func scopes(requested: String?) throws(Refusal) -> ScopeSet {
        guard let requested else { return defaultScopes }
        let scopes = try Self.parse(requested)
        if let allowedScopes {
            guard allowedScopes.isSuperset(of: scopes) else { throw .scopeNotAllowed }
        }
        return scopes
    }

    /// The scopes of a refreshed token, which cannot exceed the granted ones (RFC 6749 §6).
    func scopes(requested: String?, granted: ScopeSet) throws(Refusal) -> ScopeSet {
        guard let requested else { return granted }
        let scopes = try Self.parse(requested)
        guard granted.isSuperset(of: scopes) else { throw .scopeNotAllowed }
        return scopes
    }

    /// The resources of an authorization request without duplicates (RFC 8707 §2.1).
    func checked(resources: [String]) throws(Refusal) -> [String] {
        guard resources.count <= Self.maximumResources else { throw .malformedResource }
        var distinct: [String] = []
        for resource in resources where !distinct.contains(where: { $0.hasSameBytes(as: resource) }) {
            // RFC 8707 §2: an absolute URI without a fragment.
            guard AbsoluteURI.isValid(resource) else { throw .malformedResource }
            if let allowedResources {
                guard allowedResources.contains(where: { Self.same($0, resource) }) else { throw .resourceNotAllowed }
            }
            distinct.append(resource)
        }
        return distinct
    }

    /// The audience of a token (RFC 8707 §2.2): the resources of the token request. If resources were granted, these
    /// must be among them. If the request names none, the granted resources; if none was granted, the default resource.
    func audience(requested: [String], granted: [String]) throws(Refusal) -> [String] {
        let requested = try checked(resources: requested)
        if !granted.isEmpty {
            for resource in requested {
                guard granted.contains(where: { $0.hasSameBytes(as: resource) }) else { throw .resourceNotAllowed }
            }
        }
        if !requested.isEmpty { return requested }
        if !granted.isEmpty { return granted }
        guard let defaultResource else { throw .resourceMissing }
        return [defaultResource]
    }

    private static func parse(_ text: String) throws(Refusal) -> ScopeSet {
        guard let scopes = ScopeSet(parsing: text), !scopes.isEmpty else { throw .malformedScope }
        return scopes
    }

    /// Compares like the guard compares its own resource identifier: one trailing slash makes no difference.
    private static func same(_ left: String, _ right: String) -> Bool {
        left.hasSameBytes(as: right) || (left + "/").hasSameBytes(as: right) || left.hasSameBytes(as: right + "/")
    }
}
