internal import TokenVerification
internal import WireFormat

extension ResourceServerConfiguration {
    /// Reads the variables about DPoP proofs.
    mutating func readProofs(_ reader: inout EnvironmentReader) {
        let modes: KeyValuePairs<String, DPoP.Mode> = ["off": .off, "optional": .optional, "required": .required]
        dpop.mode = reader.choice(.proofOfPossession, modes) ?? .off
        readNonces(&reader)
        if let text = reader.text(.replayStore) {
            if text.hasSameBytes(as: "memory") {
                dpop.replayStore = .memory()
            } else if text.utf8.contains(UInt8(ascii: ":")) {
                dpop.replayStore = .url(text)
            } else {
                reader.fault(
                    .replayStore, "is neither memory nor the URL of a store", "write it like valkey://127.0.0.1:6379")
            }
        }
        // With `off`, the others may stay for the day when it is switched on again.
        guard !reader.has(.proofOfPossession) else { return }
        for variable in [EnvironmentVariable.proofNonces, .proofNonceKeyFile, .replayStore] where reader.has(variable) {
            reader.fault(
                variable, "is set without \(EnvironmentVariable.proofOfPossession.rawValue)",
                "set that to optional or required, or remove this")
        }
    }

    private mutating func readNonces(_ reader: inout EnvironmentReader) {
        let isOn = reader.choice(.proofNonces, ["on": true, "off": false])
        if let path = reader.text(.proofNonceKeyFile) {
            if isOn == false {
                reader.fault(
                    .proofNonceKeyFile, "is set, but \(EnvironmentVariable.proofNonces.rawValue) is off",
                    "remove one of them")
            }
            do throws(ConfigurationError) {
                dpop.nonces = .required(try DPoPNonces(file: path))
            } catch {
                reader.add(error.faults.map { $0.inside("nonces").inside(.dpop) })
            }
        } else if isOn == true {
            dpop.nonces = .required(DPoPNonces())
        }
    }
}
