internal import HTTPMessages
internal import JOSE
internal import TokenVerification

extension ResourceServer {
    /// A request on its way through the stages, and what they have found out about it. Nil is what is not known yet.
    struct Attempt {
        var request: GuardedRequest
        /// Whether Host and listener were checked, and a forged certificate was removed.
        var isAddressChecked = false
        /// Whether the metadata routes have let the request pass.
        var isNoDocument = false
        var crossOrigin: CrossOriginFields?
        /// What the route needs. It is known when Origin was checked.
        var access: RouteRule.Access?
        /// Whether every operation in the body is open to everybody.
        var isOpen: Bool?
        /// The credential; nil also for a request without one.
        var credential: PresentedCredential?
        /// The verified token, until its sender has proved the keys.
        var accessToken: AccessToken?
        /// Whether the sender has proved the keys of the token.
        var hasProvedKeys = false
        var principal = Principal.anonymous
        /// What the operation in the body needs.
        var operation: OperationDemand?
        /// What route and operation need, for a refusal. It is computed after the token check, because matching a long
        /// path is expensive.
        var required: ScopeDemand?
        /// Whether the form was searched for a second token.
        var isFormChecked = false
        /// A nonce for the response, when the client should get a new one.
        var nonce: String?

        init(_ request: consuming GuardedRequest) {
            self.request = request
        }
    }

    /// What a request needs before its stages go on: something that may take time.
    enum Need {
        /// The answer of the metadata routes.
        case document
        /// Whether the operations in the body need no token.
        case openness
        /// The verdict on the token.
        case verdict(PresentedToken)
        /// The proof of the keys to which the token is bound.
        case possession(KeyConfirmation, PresentedToken)
        /// What the operation in the body needs, by these rules.
        case operation(OperationRules)
        /// The search of the form for a second token.
        case form
    }

    enum Step {
        /// The attempt is over. Its request may have been moved out of it.
        case decided(Decision)
        /// Call ``decideAfterWaiting(_:for:)``.
        case needs(Need)
    }
}

/// Why a request ends while a stage waits.
enum StageEnd: Error {
    /// The metadata routes answer it.
    case answered(HTTPResponse)
    /// The guard refuses it.
    case refused(ResourceServer.Refusal)
    /// The body could not be read. The client caused this, and the HTTP server answers it.
    case body(HTTPRequest.Body.ReadError)
}
