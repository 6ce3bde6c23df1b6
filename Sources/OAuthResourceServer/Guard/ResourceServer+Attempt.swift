internal import HTTPMessages
internal import TokenVerification

extension ResourceServer {
    /// A request on its way through the stages, and what they have found out about it.
    struct Attempt {
        var request: GuardedRequest
        var crossOrigin: CrossOriginFields?
        var access = RouteRule.Access.required
        /// Nil for a request without one.
        var credential: PresentedCredential?
        /// Anonymous until the token is verified and its sender has proved the keys.
        var principal = Principal.anonymous
        var operation = OperationDemand()
        /// What route and operation need, for a refusal; nil until it was computed, because matching a long path is
        /// expensive.
        var required: ScopeDemand?
        /// A nonce for the response, when the client should get a new one.
        var nonce: String?

        init(_ request: consuming GuardedRequest) {
            self.request = request
        }

        /// False for a request without a token whose operations are all open.
        var needsScopes: Bool { access == .optional || credential != nil }
    }
}

/// Why a stage ends the request.
enum StageEnd: Error {
    /// The guard refuses the request.
    case refused(ResourceServer.Refusal)
    /// The body could not be read. The client caused this, and the HTTP server answers it.
    case body(HTTPRequest.Body.ReadError)
}
