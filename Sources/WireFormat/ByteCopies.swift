extension Array<UInt8> {
    /// Copies bytes. (The standard library's initializer of this kind is only in systems of 2025.)
    package init(copying bytes: Span<UInt8>) {
        self = []
        reserveCapacity(bytes.count)
        unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }
}

extension String {
    /// Makes a string of UTF-8; malformed parts are replaced.
    package init(copying bytes: Span<UInt8>) {
        self = unsafe bytes.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }
}
