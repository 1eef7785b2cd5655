/// CityHash64, version 1.0 of Google's function, by which CatBoost tells categories apart.
///
/// Source: https://github.com/catboost/catboost/blob/v1.2.10/util/digest/city.cpp (CityHash64)
struct CityHash {
    private static let factors: (UInt64, UInt64, UInt64, UInt64) = (
        0xc3a5_c85c_97cb_3127, 0xb492_b66f_be98_f273, 0x9ae1_6a3b_2f90_404f, 0xc949_d7c7_509e_6557
    )

    private let bytes: UnsafeRawBufferPointer

    /// The hash of the bytes of a text in UTF-8.
    static func hash(_ text: String) -> UInt64 {
        var text = text
        return text.withUTF8 { CityHash(bytes: UnsafeRawBufferPointer($0)).value() }
    }

    private func value() -> UInt64 {
        switch bytes.count {
        case 0...16: upTo16()
        case 17...32: upTo32()
        case 33...64: upTo64()
        default: longer()
        }
    }

    /// Eight bytes from a place that the length has proved to be inside.
    private func word(_ place: Int) -> UInt64 {
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))
    }

    private func half(_ place: Int) -> UInt64 {
        UInt64(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self)))
    }

    private static func rotated(_ value: UInt64, _ count: UInt64) -> UInt64 {
        count == 0 ? value : value >> count | value << (64 - count)
    }

    private static func mixed(_ value: UInt64) -> UInt64 { value ^ value >> 47 }

    /// One number from two.
    private static func joined(_ low: UInt64, _ high: UInt64) -> UInt64 {
        let factor: UInt64 = 0x9ddf_ea08_eb38_2d69
        let first = mixed((low ^ high) &* factor)
        return mixed((high ^ first) &* factor) &* factor
    }

    private func upTo16() -> UInt64 {
        let (count, length) = (bytes.count, UInt64(bytes.count))
        if count > 8 {
            let (first, last) = (word(0), word(count - 8))
            return CityHash.joined(first, CityHash.rotated(last &+ length, length)) ^ last
        }
        if count >= 4 { return CityHash.joined(length &+ half(0) << 3, half(count - 4)) }
        guard count > 0 else { return CityHash.factors.2 }
        let start = UInt64(bytes[0]) + UInt64(bytes[count / 2]) << 8
        let end = length + UInt64(bytes[count - 1]) << 2
        return CityHash.mixed(start &* CityHash.factors.2 ^ end &* CityHash.factors.3) &* CityHash.factors.2
    }

    private func upTo32() -> UInt64 {
        let (count, k) = (bytes.count, CityHash.factors)
        let (a, b) = (word(0) &* k.1, word(8))
        let (c, d) = (word(count - 8) &* k.2, word(count - 16) &* k.0)
        let low = CityHash.rotated(a &- b, 43) &+ CityHash.rotated(c, 30) &+ d
        return CityHash.joined(low, a &+ CityHash.rotated(b ^ k.3, 20) &- c &+ UInt64(count))
    }

    private func upTo64() -> UInt64 {
        let (count, k) = (bytes.count, CityHash.factors)
        func part(_ places: (Int, Int, Int), start: UInt64, end: UInt64) -> (UInt64, UInt64) {
            var b = CityHash.rotated(start &+ end, 52)
            var c = CityHash.rotated(start, 37)
            var a = start &+ word(places.0)
            c = c &+ CityHash.rotated(a, 7)
            a = a &+ word(places.1)
            b = b &+ CityHash.rotated(a, 31) &+ c
            return (a &+ end, b)
        }
        let first = part(
            (8, 16, 0), start: word(0) &+ (UInt64(count) &+ word(count - 16)) &* k.0, end: word(24))
        let second = part((count - 24, count - 16, 0), start: word(16) &+ word(count - 32), end: word(count - 8))
        let sum = CityHash.mixed((first.0 &+ second.1) &* k.2 &+ (second.0 &+ first.1) &* k.0)
        return CityHash.mixed(sum &* k.0 &+ first.1) &* k.2
    }

    /// Two numbers from 32 bytes and two seeds.
    private func pair(_ place: Int, _ seeds: (UInt64, UInt64)) -> (UInt64, UInt64) {
        let last = word(place + 24)
        let start = seeds.0 &+ word(place)
        let sum = start &+ word(place + 8) &+ word(place + 16)
        let other = CityHash.rotated(seeds.1 &+ start &+ last, 21) &+ CityHash.rotated(sum, 44)
        return (sum &+ last, other &+ start)
    }

    /// The end comes first; then 64 bytes at a time change the state.
    private func longer() -> UInt64 {
        let (count, k) = (bytes.count, CityHash.factors)
        var x = word(0)
        var y = word(count - 16) ^ k.1
        var z = word(count - 56) ^ k.0
        var v = pair(count - 64, (UInt64(count), y))
        var w = pair(count - 32, (UInt64(count) &* k.1, k.0))
        z = z &+ CityHash.mixed(v.1) &* k.1
        x = CityHash.rotated(z &+ x, 39) &* k.1
        y = CityHash.rotated(y, 33) &* k.1
        for place in stride(from: 0, to: (count - 1) / 64 * 64, by: 64) {
            x = CityHash.rotated(x &+ y &+ v.0 &+ word(place + 16), 37) &* k.1 ^ w.1
            y = CityHash.rotated(y &+ v.1 &+ word(place + 48), 42) &* k.1 ^ v.0
            z = CityHash.rotated(z ^ w.0, 33)
            v = pair(place, (v.1 &* k.1, x &+ w.0))
            w = pair(place + 32, (z &+ w.1, y))
            (z, x) = (x, z)
        }
        return CityHash.joined(
            CityHash.joined(v.0, w.0) &+ CityHash.mixed(y) &* k.1 &+ z, CityHash.joined(v.1, w.1) &+ x)
    }
}
