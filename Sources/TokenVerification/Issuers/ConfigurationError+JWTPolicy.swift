package import JOSE

extension ConfigurationError.Fault {
    /// Converts a fault of a ``JOSE/JWTPolicy``. The path is relative to the policy.
    package init(_ fault: JWTPolicy.Fault) {
        self.init(.init([.member(fault.setting)]), .init(fault.reason), .init(fault.remedy))
    }
}
