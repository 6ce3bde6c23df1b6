internal import HTTPMessages

/// Why a request is refused before anybody looks at its token. This file holds the whole answer.
public enum EarlyRefusal: String, Sendable, Hashable, CaseIterable {
    /// `Origin` is not in the list: 403.
    case originNotAllowed = "origin_not_allowed"
    /// On a local server, `Host` names neither this machine nor the resource: 421. DNS rebinding looks like this.
    case hostNotServed = "host_not_served"
    /// A guard that is disabled for loopback received a request from the network: 500.
    case disabledOnNetwork = "disabled_on_network"
    /// None of several resources is at this path: 404.
    case unknownResource = "unknown_resource"

    /// A stable code for events and metrics.
    public var code: String { rawValue }

    /// What the caller is told: fixed text.
    var response: HTTPResponse {
        switch self {
        case .originNotAllowed:
            RefusalResponse.json(
                .forbidden, error: rawValue, description: "Pages of this origin may not call this server.")
        case .hostNotServed:
            RefusalResponse.json(
                .misdirectedRequest, error: rawValue, description: "The Host field does not name this server.")
        case .disabledOnNetwork: RefusalResponse.json(.internalServerError, error: "server_error", description: nil)
        case .unknownResource: RefusalResponse.json(.notFound, error: "not_found", description: nil)
        }
    }
}
