internal import TokenVerification

extension ResourceServerConfiguration {
    /// Reads the variables about introspection.
    mutating func readIntrospection(_ reader: inout EnvironmentReader) {
        let variables: [EnvironmentVariable] = [
            .introspectionURL, .introspectionClientID, .introspectionClientSecret, .introspectionClientSecretFile,
            .introspectionKeyFile, .introspectionKeyID,
        ]
        guard let first = variables.first(where: { reader.has($0) }) else { return }
        if tokens.issuers.count > 1 {
            reader.fault(
                first, "is set, but OAUTH_ISSUERS names several issuers", "name only the issuer of this endpoint")
        }
        let clientID = reader.required(
            .introspectionClientID, "give it the client identifier of this server at the authorization server")
        guard let credentials = reader.introspectionCredentials(of: clientID ?? "-") else { return }
        let issuer = tokens.issuers.first ?? IssuerConfiguration("https://issuer.invalid")
        var introspection = IntrospectionConfiguration(
            issuer: issuer.issuer, resource: nil, credentials: credentials)
        if reader.has(.introspectionURL) {
            guard let endpoint = reader.text(.introspectionURL) else { return }
            introspection.endpoint = .url(endpoint)
        }
        introspection.audiences = issuer.policy.audiences
        introspection.clockSkew = issuer.policy.clockSkew
        introspection.scopes = issuer.scopes
        tokens.introspection = introspection
    }
}

extension EnvironmentReader {
    /// How this server authenticates to the introspection endpoint. Missing and unusable values are reported, and a
    /// placeholder takes their place, so that the check can find the other faults too. Nil only without a placeholder.
    fileprivate mutating func introspectionCredentials(
        of clientID: String
    ) -> IntrospectionConfiguration.Credentials? {
        let secrets: [EnvironmentVariable] = [.introspectionClientSecret, .introspectionClientSecretFile]
        if has(.introspectionKeyFile) {
            if let secret = secrets.first(where: { has($0) }) {
                fault(.introspectionKeyFile, "is set together with \(secret.rawValue)", "keep one of them")
            }
            if let key = assertionKey() { return .privateKeyJWT(clientID: clientID, key) }
            if !secrets.contains(where: { has($0) }) { return placeholder.map { .basic(clientID: clientID, $0) } }
        } else if has(.introspectionKeyID) {
            fault(
                .introspectionKeyID, "is set without \(EnvironmentVariable.introspectionKeyFile.rawValue)",
                "set both, or remove it")
        }
        guard let secret = clientSecret() ?? placeholder else { return nil }
        return has(.introspectionURL) ? .basic(clientID: clientID, secret) : .discovered(clientID: clientID, secret)
    }

    private var placeholder: ClientSecret? { try? ClientSecret("-") }

    /// The private key for introspection. If it is unusable, adds a fault and returns nil.
    private mutating func assertionKey() -> ClientAssertionKey? {
        guard let path = text(.introspectionKeyFile) else { return nil }
        do throws(ConfigurationError) {
            return try ClientAssertionKey(file: path, keyID: text(.introspectionKeyID))
        } catch {
            add(
                error.faults.map { fault in
                    let isKeyID = fault.path.steps.last == .member("keyID")
                    let variable = isKeyID ? EnvironmentVariable.introspectionKeyID : .introspectionKeyFile
                    return ConfigurationError.Fault(variable.path, fault.reason, fault.remedy)
                })
            return nil
        }
    }

    /// The client secret for introspection. If it is missing or unusable, adds a fault and returns nil.
    private mutating func clientSecret() -> ClientSecret? {
        let (plain, file) = (
            EnvironmentVariable.introspectionClientSecret, EnvironmentVariable.introspectionClientSecretFile
        )
        if has(plain), has(file) {
            fault(file, "is set together with \(plain.rawValue)", "keep one of them")
            return nil
        }
        if !has(plain), !has(file) {
            fault(
                plain, "is not set, nor is \(file.rawValue)",
                "set it to the client secret of this server, or "
                    + "\(EnvironmentVariable.introspectionKeyFile.rawValue) to the file of a private key")
            return nil
        }
        let source = has(plain) ? plain : file
        guard let text = text(source) else { return nil }
        do throws(ConfigurationError) {
            return try has(plain) ? ClientSecret(text) : ClientSecret(file: text)
        } catch {
            add(error.faults.map { ConfigurationError.Fault(source.path, $0.reason, $0.remedy) })
            return nil
        }
    }
}
