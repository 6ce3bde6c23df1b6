import HTTPMessages

/// Why a request is refused before a handler sees it, or while its content is read. Each closes the connection: after a
/// framing fault nobody knows where the next request begins.
enum RequestFault: Error, Hashable {
    case bareLineFeed
    case bareCarriageReturn
    case controlByte
    case requestLineTooLong
    case malformedRequestLine
    case malformedMethod
    case methodNotServed
    case malformedTarget
    case malformedVersion
    case unsupportedVersion
    case foldedField
    case malformedFieldName
    case tooManyFields
    case fieldSectionTooLong
    case missingHost
    case repeatedHost
    case malformedHost
    case hostMismatch
    case repeatedContentLength
    case malformedContentLength
    case lengthAndCoding
    case malformedTransferCoding
    case unsupportedTransferCoding
    case unsupportedExpectation
    case bodyTooLarge
    case malformedChunk
    case tooManyTrailers
    case headTimedOut
    case bodyTimedOut
    case tooManyConnections

    /// The one place that maps a fault to a status.
    var status: HTTPStatus {
        switch self {
        case .bareLineFeed, .bareCarriageReturn, .controlByte, .malformedRequestLine, .malformedMethod,
            .malformedTarget,
            .malformedVersion, .foldedField, .malformedFieldName, .missingHost, .repeatedHost, .malformedHost,
            .hostMismatch, .repeatedContentLength, .malformedContentLength, .lengthAndCoding, .malformedTransferCoding,
            .malformedChunk, .tooManyTrailers:
            .badRequest
        case .requestLineTooLong: .uriTooLong
        case .tooManyFields, .fieldSectionTooLong: .requestHeaderFieldsTooLarge
        case .bodyTooLarge: .contentTooLarge
        case .methodNotServed, .unsupportedTransferCoding: .notImplemented
        case .unsupportedVersion: .httpVersionNotSupported
        case .unsupportedExpectation: .expectationFailed
        case .headTimedOut, .bodyTimedOut: .requestTimeout
        case .tooManyConnections: .serviceUnavailable
        }
    }
}

extension HTTPStatus {
    fileprivate static let expectationFailed = HTTPStatus(417) ?? .badRequest
}
