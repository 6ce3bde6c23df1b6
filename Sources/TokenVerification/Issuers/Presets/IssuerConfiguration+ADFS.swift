internal import JOSE

extension IssuerConfiguration {
    /// Active Directory Federation Services (2016 or later).
    ///
    /// **In AD FS** add an application group with a *Web API*, whose identifier is the resource identifier, and permit
    /// the scopes of each client (*Client Permissions*). AD FS has no dynamic client registration.
    ///
    /// | what most often goes wrong | refused with |
    /// |---|---|
    /// | The client sends no parameter `resource`: the token is for `urn:microsoft:userinfo`. | `aud_mismatch` |
    /// | The token is for `microsoft:identityserver:<client id>`: list it in `audiences`. | `aud_mismatch` |
    /// | It is an ID token, whose issuer is `https://<host>/adfs`. | `unknown_issuer` |
    /// | The host is not the *Federation Service name*. | `unknown_issuer` |
    ///
    /// The issuer of access tokens is `http://<host>/adfs/services/trust` (`access_token_issuer` of the metadata), with
    /// http although nothing is fetched there. Clients log in at `https://<host>/adfs`. Access tokens have `appid` and
    /// a string `scp`. This preset requires `appid`.
    ///
    /// Read on 2026-11-29: "AD FS OpenID Connect/OAuth concepts" (Microsoft Learn), for `resource`, the default
    /// audience and the application group. Read on 2026-11-28: MS-OIDCE, for the issuer of access tokens. The claims
    /// are those that are commonly reported; MS-OAPX §2.2.3.3 describes them.
    ///
    /// **Bound tokens.** No page about tokens that are bound by DPoP or to a client certificate was found on
    /// 2026-11-29.
    ///
    /// - Parameters:
    ///   - host: The Federation Service name, such as `adfs.example.com`.
    ///   - audiences: The identifiers of the Web API, if they differ from the resource identifier.
    public static func adfs(host: String, audiences: [String] = []) -> Self {
        var issuer = Self(
            preset: "http://\(host)/adfs/services/trust", audiences, requires: [.init("appid")],
            hints: [
                "aud_mismatch":
                    "The client must send the parameter resource with the identifier of the Web API, and audiences "
                    + "must list the aud of its tokens.",
                "unknown_issuer": "It is an ID token, or the host is not the Federation Service name.",
            ])
        issuer.keys = .url("https://\(host)/adfs/discovery/keys")
        issuer.authorizationServer = "https://\(host)/adfs"
        return issuer
    }
}
