/// One answer of a server, as far as a store tells answers apart.
enum ServerAnswer: Hashable {
    /// `OK`.
    case ok
    /// Nil.
    case absent
    /// A text.
    case text([UInt8])
    /// An error, by its first word.
    case error(ValkeyReplayStore.Reason)
    /// Another answer: a number, an array, or another status.
    case other

    /// The meaning of an error's text. The first word is its code, and only the code is stable.
    static func reason(ofError text: some Sequence<UInt8>) -> ValkeyReplayStore.Reason {
        let bytes = Array(text)
        let word = String(decoding: bytes.prefix { $0 != 0x20 }, as: UTF8.self)
        switch word {
        case "OOM": return .outOfMemory
        case "READONLY": return .readOnly
        case "LOADING", "MASTERDOWN", "BUSY": return .loading
        case "MISCONF", "NOREPLICAS": return .writesStopped
        case "NOAUTH", "WRONGPASS", "DENIED": return .authentication
        case "NOPERM": return .notPermitted
        case "MOVED", "ASK", "CLUSTERDOWN", "CROSSSLOT", "TRYAGAIN": return .cluster
        default: return bytes.starts(with: "ERR max number of clients".utf8) ? .tooManyClients : .serverError
        }
    }

    /// Whether a server that answers `INFO memory` with this text evicts keys, and by which policy.
    static func eviction(inMemoryReport text: [UInt8]) -> Eviction {
        var policy: String?
        var limit: String?
        for line in text.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
            let name = line.prefix { $0 != UInt8(ascii: ":") }
            let value = line.dropFirst(name.count + 1)
            if name.elementsEqual("maxmemory_policy".utf8) { policy = String(decoding: value, as: UTF8.self) }
            if name.elementsEqual("maxmemory".utf8) { limit = String(decoding: value, as: UTF8.self) }
        }
        guard let policy, policy.utf8.count <= 32, policy.utf8.allSatisfy(isPolicyByte) else { return .unknown }
        return policy == "noeviction" || limit == "0" ? .none : .evicts(policy: policy)
    }

    /// What a server does at its memory limit.
    enum Eviction: Hashable {
        case none
        case evicts(policy: String)
        case unknown
    }

    private static func isPolicyByte(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || byte == UInt8(ascii: "-")
    }
}
