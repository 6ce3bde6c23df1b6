package import JOSE

extension ConfigurationError.Fault {
    /// A fault of a ``JOSE/JWTPolicy``; the path is inside the policy.
    package init(_ fault: JWTPolicy.Fault) {
        self.init(.init([.member(fault.setting)]), .init(fault.reason), .init(fault.remedy))
    }
}
