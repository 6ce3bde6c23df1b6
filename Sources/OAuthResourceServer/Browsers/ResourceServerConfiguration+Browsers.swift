internal import TokenVerification

extension ResourceServerConfiguration.Browsers {
    /// The allowed origins, without faulty ones.
    func check(_ faults: inout ConfigurationFaults) -> [AllowedOrigin] {
        var origins: [AllowedOrigin] = []
        for (index, text) in allowedOrigins.enumerated() {
            do throws(AllowedOrigin.Fault) {
                origins.append(try AllowedOrigin(text))
            } catch {
                faults.add((.browsers + "allowedOrigins")[index], error.reason, error.remedy)
            }
        }
        return origins
    }
}
