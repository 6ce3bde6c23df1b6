/// A command of a caller.
struct StoreCommand: Sendable {
    /// The bytes of the protocol; nil for a caller that waits for a connection only.
    let encoded: [UInt8]?
    let ticket: RecordTicket
    /// The time until which the answer counts.
    let deadline: Duration
}
