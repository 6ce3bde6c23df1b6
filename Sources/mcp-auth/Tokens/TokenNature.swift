import JOSE
import WireFormat

/// What an unverified token looks like: its kind, and the product that makes such tokens. Everything is a guess.
struct TokenNature {
    let lines: [String]

    init(type: String?, claims: JSONValue) {
        lines = [Self.kind(type, claims), Self.product(claims)].compactMap(\.self)
    }

    private static func kind(_ type: String?, _ claims: JSONValue) -> String? {
        let isAccessToken = ["at+jwt", "application/at+jwt"].contains { name in
            type.map { ASCII.equalsIgnoringCase($0.utf8, name.utf8) } ?? false
        }
        if isAccessToken { return "It says that it is an access token (RFC 9068)." }
        let marks = ["at_hash", "c_hash", "nonce", "auth_time", "acr", "amr"].filter { claims[$0] != nil }
        guard let first = marks.first else { return nil }
        // A hash of another token is in ID tokens alone. The others may be in access tokens too.
        let isSure = ["at_hash", "c_hash", "nonce"].contains(first)
        return isSure
            ? "It looks like an ID token (\(first)): send the access_token of the token response instead."
            : "It may be an ID token (\(marks.joined(separator: ", "))): compare it with the access_token."
    }

    /// Products by a part of `iss`, or by a claim that only they write. The first one that fits is named.
    private static let products: [(name: String, issuer: String?, claim: String?, hint: String)] = [
        ("Microsoft Entra ID, version 1", "https://sts.windows.net/", nil, "its iss differs from that of version 2"),
        ("Microsoft Entra ID", "https://login.microsoftonline.com/", nil, "scopes are in scp, roles in roles"),
        ("Auth0", ".auth0.com/", nil, "aud is the API's identifier; permissions may be in permissions"),
        ("Okta", ".okta.com", nil, "scopes are in scp; the org server's tokens are not for you to verify"),
        ("AWS Cognito", "cognito-idp.", nil, "access tokens have no aud: client_id is compared instead"),
        ("Google", "https://accounts.google.com", nil, "access tokens of Google are not JWTs: this is an ID token"),
        ("Kubernetes", "kubernetes", "kubernetes.io", "a service account token: sub is the account"),
        ("GitHub Actions", "token.actions.githubusercontent.com", nil, "sub names repository and branch"),
        ("Firebase", "https://securetoken.google.com/", nil, "aud is the project"),
        ("Clerk", ".clerk.accounts.dev", nil, "aud is missing by default"),
        ("Keycloak", "/realms/", nil, "roles are in realm_access; aud is account until a mapper adds yours"),
        ("Keycloak", nil, "realm_access", "roles are in realm_access; aud is account until a mapper adds yours"),
        ("AD FS", "/adfs", nil, "iss is often http and not the URL of its metadata"),
        ("ZITADEL", nil, "urn:zitadel:iam:org:project:roles", "roles are the member names of an object"),
    ]

    private static func product(_ claims: JSONValue) -> String? {
        let issuer = claims["iss"]?.string ?? ""
        let found = products.first { product in
            if let part = product.issuer, issuer.contains(part) { return true }
            if let claim = product.claim, claims[claim] != nil { return true }
            return false
        }
        return found.map { "It looks like \($0.name): \($0.hint)." }
    }
}
