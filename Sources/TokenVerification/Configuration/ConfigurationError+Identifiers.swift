package import OAuthMetadata
internal import WireFormat

extension ConfigurationError.Fault {
    /// Explains why a text is not an acceptable identifier or URL.
    ///
    /// - Parameters:
    ///   - example: An acceptable text.
    ///   - insecureHTTP: The setting that accepts plain http; nil when no setting accepts it for this URL.
    package init(
        _ path: ConfigurationError.Path, _ error: IdentifierError, example: String,
        insecureHTTP: ConfigurationError.Path?
    ) {
        switch error {
        case .url(let why):
            self.init(
                path, "is not an absolute URL (\(why.rawValue))", "write it like \(example)")
        case .insecure:
            guard let insecureHTTP else {
                self.init(path, "uses http on a host that is not loopback", "use https")
                return
            }
            self.init(
                path, "uses http",
                "use https, or for a loopback host set \(insecureHTTP) to \(code: ".loopback", environment: "loopback")"
            )
        case .fragment: self.init(path, "has a fragment (#…)", "remove it")
        case .query: self.init(path, "has a query (?…), which RFC 8414 forbids in an issuer", "remove it")
        case .dotSegments:
            self.init(path, "has a path segment . or .., which clients remove before they send a request", "remove it")
        }
    }
    /// Explains why a text is not the issuer of tokens.
    package init(_ path: ConfigurationError.Path, _ fault: TokenIssuer.Fault) {
        switch fault {
        case .empty: self.init(path, "is empty", "write the issuer as in the iss of its tokens")
        case .tooLong:
            self.init(
                path, "is longer than \(String(TokenIssuer.maximumBytes)) bytes",
                "write the issuer as in the iss of its tokens")
        case .invalidByte:
            self.init(
                path, "holds characters that are not printable ASCII, or a space at its end",
                "write the issuer as in the iss of its tokens")
        case .notAURI:
            self.init(
                path, "has a colon, but is not a URI, which RFC 7519 requires of such an issuer",
                "write the issuer as in the iss of its tokens")
        }
    }

    /// The same fault with another remedy to choose from.
    func orElse(_ other: ConfigurationError.Text) -> Self {
        Self(path, reason, remedy + ", or " + other)
    }
}
