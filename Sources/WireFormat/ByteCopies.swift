extension Array {
    /// Copies elements. (The standard library's initializer of this kind is only in systems of 2025.)
    @inlinable
    package init(copying elements: Span<Element>) {
        self = []
        reserveCapacity(elements.count)
        unsafe elements.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }
}

extension String {
    /// Makes a string of UTF-8; malformed parts are replaced.
    package init(copying bytes: Span<UInt8>) {
        self = unsafe bytes.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }
}
