import ResourceServerKit

/// A JSON-RPC 2.0 message that an MCP client may send.
enum JSONRPCMessage {
    /// A request, which needs a response. `id` is a string or an integer, and is returned unchanged.
    case request(id: JSONValue, method: String, params: JSONDocument.Object)
    /// A notification, which gets no response.
    case notification(method: String, params: JSONDocument.Object)
    /// A response to a request of the server. This server never sends requests.
    case response

    /// Parses one message.
    init(_ body: JSONValue) throws(JSONRPCError) {
        guard let message = body.object else {
            throw JSONRPCError(.invalidRequest, "The body must be a single JSON-RPC message object.")
        }
        let id = message["id"]
        // MCP "Requests": unlike in plain JSON-RPC, the id is a string or an integer, never null.
        let answerableID = id?.string != nil || id?.number?.int64 != nil ? id : JSONValue?.none
        guard message["jsonrpc"]?.string?.hasSameBytes(as: "2.0") == true else {
            throw JSONRPCError(.invalidRequest, "The member jsonrpc must be \"2.0\".", id: answerableID)
        }
        guard let methodValue = message["method"] else {
            guard answerableID != nil, (message["result"] == nil) != (message["error"] == nil) else {
                throw JSONRPCError(.invalidRequest, "The member method is missing.", id: answerableID)
            }
            self = .response
            return
        }
        guard let method = methodValue.string else {
            throw JSONRPCError(.invalidRequest, "The member method must be a string.", id: answerableID)
        }
        if id != nil, answerableID == nil {
            throw JSONRPCError(.invalidRequest, "The member id must be a string or an integer.")
        }
        let params: JSONDocument.Object
        switch message["params"] {
        case nil: params = JSONDocument.Object()
        case .object(let object)?: params = object
        default: throw JSONRPCError(.invalidParams, "The member params must be an object.", id: answerableID)
        }
        self =
            if let answerableID {
                .request(id: answerableID, method: method, params: params)
            } else {
                .notification(method: method, params: params)
            }
    }

    /// The JSON of a success response.
    static func answer(id: JSONValue, result: JSONDocument.Object) -> JSONValue {
        ["jsonrpc": "2.0", "id": id, "result": .object(result)]
    }
}

/// A JSON-RPC 2.0 §5.1 error object.
struct JSONRPCError: Error {
    /// The codes that this server sends.
    enum Code: Int64 {
        case parseError = -32700
        case invalidRequest = -32600
        case methodNotFound = -32601
        case invalidParams = -32602
        case internalError = -32603
        /// MCP 2026-07-28: required header fields are missing or repeated, or contradict the body.
        case headerMismatch = -32020
        /// MCP 2026-07-28: the revision is not supported.
        case unsupportedProtocolVersion = -32022
    }

    var code: Code
    var message: String
    var data: JSONValue?
    /// The id of the request; nil if it could not be read.
    var id: JSONValue?

    init(_ code: Code, _ message: String, data: JSONValue? = nil, id: JSONValue? = nil) {
        self.code = code
        self.message = message
        self.data = data
        self.id = id
    }

    /// The same error as the response to the request with this id.
    func answering(_ id: JSONValue) -> JSONRPCError {
        JSONRPCError(code, message, data: data, id: id)
    }

    /// The JSON of the error response. JSON-RPC 2.0 §5: an id that could not be read is null.
    var answer: JSONValue {
        var error: JSONDocument.Object = [
            "code": .number(JSONDocument.Number(code.rawValue)), "message": .string(message),
        ]
        error["data"] = data
        return ["jsonrpc": "2.0", "id": id ?? .null, "error": .object(error)]
    }
}
