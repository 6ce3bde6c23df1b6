/// Stores a position on a tape in four bytes, because a parsed token is moved from one function to the next.
@propertyWrapper
package struct TapePosition: Sendable {
    /// 0, the position of the outermost value, stands for nil.
    private var position: UInt32 = 0

    /// Makes nil.
    package init() {}

    package var wrappedValue: Int? {
        get { position == 0 ? nil : Int(position) }
        // Positions fit, because a text has fewer than 2³² bytes and no more values than bytes.
        set { position = UInt32(truncatingIfNeeded: newValue ?? 0) }
    }
}
