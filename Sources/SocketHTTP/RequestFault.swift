package import HTTPMessages

/// Why the server itself refuses a request, before a handler sees it or while its content is read.
///
/// Each fault closes the connection, because after a framing fault the start of the next request is unknown. The raw
/// value is the stable code for counters and logs.
package enum RequestFault: String, Error, Hashable {
    case bareLineFeed = "bare_line_feed"
    case bareCarriageReturn = "bare_carriage_return"
    case controlByte = "control_byte"
    case requestLineTooLong = "request_line_too_long"
    case malformedRequestLine = "malformed_request_line"
    case malformedMethod = "malformed_method"
    case methodNotServed = "method_not_served"
    case malformedTarget = "malformed_target"
    case malformedVersion = "malformed_version"
    case unsupportedVersion = "unsupported_version"
    case foldedField = "folded_field"
    case malformedFieldName = "malformed_field_name"
    case tooManyFields = "too_many_fields"
    case fieldSectionTooLong = "field_section_too_long"
    case missingHost = "missing_host"
    case repeatedHost = "repeated_host"
    case malformedHost = "malformed_host"
    case hostMismatch = "host_mismatch"
    case repeatedContentLength = "repeated_content_length"
    case malformedContentLength = "malformed_content_length"
    case lengthAndCoding = "length_and_coding"
    case malformedTransferCoding = "malformed_transfer_coding"
    case unsupportedTransferCoding = "unsupported_transfer_coding"
    case unsupportedExpectation = "unsupported_expectation"
    case contentNotServed = "content_not_served"
    case bodyTooLarge = "body_too_large"
    case malformedChunk = "malformed_chunk"
    case tooManyTrailers = "too_many_trailers"
    case headTimedOut = "head_timed_out"
    case bodyTimedOut = "body_timed_out"
    case tooManyConnections = "too_many_connections"
    case tooManyFromPeer = "too_many_from_peer"
    /// The server holds as many bytes as it may.
    case memoryExhausted = "memory_exhausted"
    /// The connection waited for its client, and was closed for another one: see ``ServerLimits/connections``.
    case evicted = "evicted"

    /// The status of the response. Only this table maps faults to statuses.
    package var status: HTTPStatus {
        switch self {
        case .bareLineFeed, .bareCarriageReturn, .controlByte, .malformedRequestLine, .malformedMethod,
            .malformedTarget,
            .malformedVersion, .foldedField, .malformedFieldName, .missingHost, .repeatedHost, .malformedHost,
            .hostMismatch, .repeatedContentLength, .malformedContentLength, .lengthAndCoding, .malformedTransferCoding,
            .contentNotServed, .malformedChunk, .tooManyTrailers:
            .badRequest
        case .requestLineTooLong: .uriTooLong
        case .tooManyFields, .fieldSectionTooLong: .requestHeaderFieldsTooLarge
        case .bodyTooLarge: .contentTooLarge
        case .methodNotServed, .unsupportedTransferCoding: .notImplemented
        case .unsupportedVersion: .httpVersionNotSupported
        case .unsupportedExpectation: .expectationFailed
        case .headTimedOut, .bodyTimedOut: .requestTimeout
        case .tooManyConnections, .tooManyFromPeer, .memoryExhausted, .evicted: .serviceUnavailable
        }
    }
}

extension HTTPStatus {
    fileprivate static let expectationFailed = HTTPStatus(417) ?? .badRequest
}
