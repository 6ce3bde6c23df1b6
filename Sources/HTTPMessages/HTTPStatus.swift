/// A status code (RFC 9110 §15), with the reason phrase that this library sends for it.
public struct HTTPStatus: Sendable, Hashable, CustomStringConvertible {
    /// The three digits, 100…599.
    public let code: Int

    /// A status of any code in 100…599; nil for any other number.
    public init?(_ code: Int) {
        guard (100...599).contains(code) else { return nil }
        self.code = code
    }

    private init(known code: Int) {
        self.code = code
    }

    /// 200
    public static let ok = HTTPStatus(known: 200)
    /// 201
    public static let created = HTTPStatus(known: 201)
    /// 202
    public static let accepted = HTTPStatus(known: 202)
    /// 204
    public static let noContent = HTTPStatus(known: 204)
    /// 302
    public static let found = HTTPStatus(known: 302)
    /// 303
    public static let seeOther = HTTPStatus(known: 303)
    /// 304
    public static let notModified = HTTPStatus(known: 304)
    /// 400
    public static let badRequest = HTTPStatus(known: 400)
    /// 401
    public static let unauthorized = HTTPStatus(known: 401)
    /// 403
    public static let forbidden = HTTPStatus(known: 403)
    /// 404
    public static let notFound = HTTPStatus(known: 404)
    /// 405
    public static let methodNotAllowed = HTTPStatus(known: 405)
    /// 406
    public static let notAcceptable = HTTPStatus(known: 406)
    /// 408
    public static let requestTimeout = HTTPStatus(known: 408)
    /// 413
    public static let contentTooLarge = HTTPStatus(known: 413)
    /// 414
    public static let uriTooLong = HTTPStatus(known: 414)
    /// 415
    public static let unsupportedMediaType = HTTPStatus(known: 415)
    /// 421
    public static let misdirectedRequest = HTTPStatus(known: 421)
    /// 431
    public static let requestHeaderFieldsTooLarge = HTTPStatus(known: 431)
    /// 500
    public static let internalServerError = HTTPStatus(known: 500)
    /// 501
    public static let notImplemented = HTTPStatus(known: 501)
    /// 503
    public static let serviceUnavailable = HTTPStatus(known: 503)
    /// 505
    public static let httpVersionNotSupported = HTTPStatus(known: 505)

    /// The reason phrase: a constant, so that nothing can be injected through it. Empty for a code that has none here.
    public var reasonPhrase: String {
        switch code {
        case 100: "Continue"
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 301: "Moved Permanently"
        case 302: "Found"
        case 303: "See Other"
        case 304: "Not Modified"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 417: "Expectation Failed"
        case 421: "Misdirected Request"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: ""
        }
    }

    /// `404 Not Found`; only the code when it has no reason phrase here.
    public var description: String { reasonPhrase.isEmpty ? "\(code)" : "\(code) \(reasonPhrase)" }
}
