internal import HTTPMessages
internal import JOSE
internal import TokenVerification

extension ResourceServer {
    /// The stages of a request, in order.
    enum Stage: Int {
        /// Host, listener, and a forged certificate.
        case address
        /// The metadata documents, which need no token.
        case document
        /// Origin, preflight, a disabled guard, and a public route.
        case caller
        /// Whether the request needs no token: where it is optional, and when all operations are open to everybody.
        case openness
        /// The token.
        case token
        /// The proof of the keys to which the token is bound.
        case possession
        /// The principal of the token.
        case principal
        /// What the operation in the body needs.
        case operation
        /// The scopes.
        case scopes
        /// A second token in a form.
        case form
        case end

        var following: Stage { Stage(rawValue: rawValue + 1) ?? .end }
    }

    /// What is known about the sender of a request. A request proceeds only when the stages have come to one of the
    /// last two.
    enum Sender {
        case unknown
        /// Sent this credential, whose token is not verified.
        case claimed(PresentedCredential)
        /// Sent this credential, and the token is verified. The sender has proved its keys after the stage
        /// ``Stage/possession``.
        case verified(PresentedCredential, AccessToken)
        /// Needs no token.
        case anyone

        var token: PresentedToken? {
            switch self {
            case .claimed(let credential), .verified(let credential, _): credential.token
            case .unknown, .anyone: nil
            }
        }
    }

    /// A request on its way through the stages, and what they have found out about it.
    struct Attempt {
        var request: GuardedRequest
        /// The stage that runs next.
        var next = Stage.address
        var crossOrigin: CrossOriginFields?
        var access = RouteRule.Access.required
        var sender = Sender.unknown
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

        /// The token of the request, verified or not.
        var token: PresentedToken? { sender.token }
        /// False for a request without a token whose operations are all open.
        var needsScopes: Bool { access == .optional || token != nil }
    }

    /// What a stage needs that may take time.
    enum Need {
        /// The answer of the metadata routes.
        case document
        /// Whether the operations in the body need no token.
        case openness
        case verdict(PresentedCredential)
        case possession(KeyConfirmation, PresentedToken)
        /// What the operation in the body needs, by these rules.
        case operation(OperationRules)
        /// The search of the form for a second token.
        case form
    }

    /// How far ``advance(_:)`` has come.
    enum Step {
        /// The attempt is over. Its request may have been moved out of it.
        case decided(Decision)
        /// Call ``decideAfterWaiting(_:for:)``.
        case needs(Need)
    }
}

/// Why a stage that has waited ends the request.
enum StageEnd: Error {
    /// The guard refuses the request.
    case refused(ResourceServer.Refusal)
    /// The body could not be read. The client caused this, and the HTTP server answers it.
    case body(HTTPRequest.Body.ReadError)
}
