/// Eight digits in a few steps on one number of 64 bits. A loop takes a multiplication for each digit and must wait for
/// each of them, and a token has two or three times since 1970, of ten digits.
extension Span<UInt8> {
    /// Whether there are eight more bytes, all of them digits.
    @inline(__always)
    func areEightDigits(at index: Int) -> Bool {
        guard let bytes = eightBytes(at: index) else { return false }
        // A digit becomes 0…9. Adding 0x76 sets the highest bit of every larger number below 0x80, and the others have
        // it already. Only those carry into the byte before, so the bit of a digit may be wrong only where the answer
        // is no anyway.
        let digits = bytes ^ 0x3030_3030_3030_3030
        return (digits | (digits &+ 0x7676_7676_7676_7676)) & 0x8080_8080_8080_8080 == 0
    }

    /// The value of the next eight bytes when all of them are digits.
    @inline(__always)
    func eightDigits(at index: Int) -> Int? {
        guard areEightDigits(at: index), let bytes = eightBytes(at: index) else { return nil }
        let digits = bytes & 0x0F0F_0F0F_0F0F_0F0F
        // "12345678": the bytes 1 to 8, then 12, 34, 56, 78, then 1234, 5678, then one number.
        let pairs = ((digits >> 8) & 0x00FF_00FF_00FF_00FF) &* 10 &+ (digits & 0x00FF_00FF_00FF_00FF)
        let fours = ((pairs >> 16) & 0x0000_FFFF_0000_FFFF) &* 100 &+ (pairs & 0x0000_FFFF_0000_FFFF)
        return Int(truncatingIfNeeded: (fours >> 32) &* 10_000 &+ (fours & 0xFFFF_FFFF))
    }
}
