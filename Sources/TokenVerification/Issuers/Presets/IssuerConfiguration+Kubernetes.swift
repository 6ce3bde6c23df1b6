internal import JOSE
internal import WireFormat

extension IssuerConfiguration {
    /// A Kubernetes cluster whose workloads call this resource with tokens of their service accounts.
    ///
    /// **In the cluster** give the pod that calls a projected volume `serviceAccountToken` whose `audience` is the
    /// resource identifier, or request such a token (`kubectl create token <name> --audience=…`).
    ///
    /// | what most often goes wrong | refused with |
    /// |---|---|
    /// | It is the token that every pod has by default, for the API server. | `aud_mismatch` |
    /// | It is a token of a Secret, without audience and end. | `aud_missing` or `exp_missing` |
    /// | The service account is not listed here. | `sub_mismatch` |
    /// | The issuer is not the cluster's `--service-account-issuer`. | `unknown_issuer` |
    ///
    /// `kubectl get --raw /.well-known/openid-configuration` shows the issuer. For a managed cluster it is a public
    /// URL, and the keys are discovered. Otherwise give the URL of the API server, which has the keys at
    /// `/openid/v1/jwks` if the issuer is an https URL. For another issuer, it publishes no keys: set `keys`. The API
    /// server answers only to a caller that it knows, has a certificate of its own CA, and a private address. The fetch
    /// of the keys then needs three settings: the CA file of this pod in `fetching.certificateAuthorityFile`
    /// (`/var/run/secrets/kubernetes.io/serviceaccount/ca.crt`), its token in `fetching.bearer`
    /// (`.kubernetesServiceAccount`), and the host in `fetching.privateHosts`.
    ///
    /// People do not log in at a cluster: name the issuer that they use in `metadata.authorizationServers`. The tokens
    /// have no scopes. Read on 2026-11-29: "Configure Service Accounts for Pods" (Kubernetes Documentation, in its
    /// version of 1.18); `pkg/serviceaccount` of the Kubernetes repository. Not read: the present "Managing Service
    /// Accounts".
    ///
    /// **Bound tokens.** No page about tokens that are bound by DPoP or to a client certificate was found on
    /// 2026-11-29.
    ///
    /// - Parameters:
    ///   - issuer: The issuer of the cluster's tokens, byte for byte. It may be any text, such as
    ///     `kubernetes/serviceaccount`.
    ///   - apiServer: The URL of the API server, such as `https://kubernetes.default.svc`; nil to discover the keys.
    ///   - serviceAccounts: The acceptable service accounts, each as `<namespace>:<name>`; at least one.
    ///   - audiences: The audiences that the tokens name, if they differ from the resource identifier.
    public static func kubernetes(
        issuer: String, apiServer: String? = nil, serviceAccounts: [String], audiences: [String] = []
    ) -> Self {
        var configuration = Self(
            preset: issuer, audiences,
            requires: [.init("sub", .oneOf(serviceAccounts.map { .string("system:serviceaccount:\($0)") }))],
            hints: [
                "aud_mismatch":
                    "It is the default token of the pod: mount a projected token whose audience is the resource "
                    + "identifier.",
                "aud_missing":
                    "It is a token of a Secret: mount a projected token whose audience is the resource identifier.",
                "exp_missing":
                    "It is a token of a Secret: mount a projected token whose audience is the resource identifier.",
                "sub_mismatch": "The service account is not in the list.",
                "unknown_issuer": "Configure the cluster's --service-account-issuer, byte for byte.",
            ])
        if let apiServer {
            configuration.keys = .url("\(apiServer)/openid/v1/jwks")
            configuration.checkBase(apiServer, "apiServer")
        }
        for (index, account) in serviceAccounts.enumerated() {
            let parts = account.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
            guard parts.count != 2 || parts.contains(where: \.isEmpty) else { continue }
            configuration.presetFaults.add(
                ("serviceAccounts" as ConfigurationError.Path)[index], "is not the name of a service account",
                "write its namespace, a colon and its name")
        }
        return configuration
    }
}
