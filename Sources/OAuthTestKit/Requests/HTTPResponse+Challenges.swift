public import HTTPMessages
public import OAuthMetadata

extension HTTPResponse {
    /// The challenges of the response, parsed strictly; empty if it has no `WWW-Authenticate` field.
    ///
    /// - Throws: ``OAuthMetadata/AuthenticationChallenges/ParseError`` if a field is not a list of challenges.
    public var challenges: AuthenticationChallenges {
        get throws(AuthenticationChallenges.ParseError) {
            try AuthenticationChallenges(parsing: fields.values(of: .wwwAuthenticate).map(\.bytes))
        }
    }

    /// The Bearer challenge, such as `try response.challenge?.error`; nil if there is none. A guard sends at most one.
    ///
    /// - Throws: ``OAuthMetadata/AuthenticationChallenges/ParseError`` if the challenges are malformed.
    public var challenge: AuthenticationChallenge.Bearer? {
        get throws(AuthenticationChallenges.ParseError) { try challenges.bearer.first }
    }
}
