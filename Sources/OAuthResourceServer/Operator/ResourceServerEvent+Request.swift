public import HTTPMessages
internal import TokenVerification

extension ResourceServerEvent {
    /// The request that an event is about.
    public struct Request: Sendable {
        /// The method; nil when it is not known.
        public var method: HTTPMethod?
        /// The path as sent, without the query; nil when it is not known.
        public var path: String?
        /// The identifier of the request in the access log; nil when the program's HTTP library gave none.
        public var id: HTTPRequest.ID?
        /// The fingerprint of the token; nil when the guard did not look at a token.
        public var fingerprint: String?
        /// What the guard has found out about a refusal.
        var findings = RefusalFindings.Found()

        /// The facts about a request.
        public init(
            method: HTTPMethod? = nil, path: String? = nil, id: HTTPRequest.ID? = nil, fingerprint: String? = nil
        ) {
            self.method = method
            self.path = path
            self.id = id
            self.fingerprint = fingerprint
        }

        /// Everything but the token.
        var attributes: [(key: String, value: String)] {
            var attributes: [(key: String, value: String)] = []
            if let method { attributes.append(("method", method.name)) }
            if let path { attributes.append(("path", path)) }
            if let id { attributes.append(("request", id.description)) }
            return attributes + findings.attributes
        }
    }
}

extension GuardedRequest {
    /// The facts about this request, for an event.
    func facts(_ token: PresentedToken? = nil) -> ResourceServerEvent.Request {
        .init(method: method, path: target.path, id: id, fingerprint: token?.fingerprint)
    }
}
