public import HTTPMessages

/// A handler whose guards are known: a ``ProtectedHandler`` or ``ProtectedResources``. A program uses it to fetch the
/// keys at the start and to show the health of all guards.
public protocol GuardedHandler: HTTPHandler {
    /// The guards, at least one.
    var guards: [ResourceServer] { get }
}

extension ProtectedHandler: GuardedHandler {
    /// The guard of the handler.
    public var guards: [ResourceServer] { [server] }
}

extension ProtectedResources: GuardedHandler {
    /// The guards of all resources.
    public var guards: [ResourceServer] { handlers.map(\.server) }
}
