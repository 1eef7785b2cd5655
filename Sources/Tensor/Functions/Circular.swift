extension Elementary {
    package static func sin(_ x: Double) -> Double {
        guard abs(x) >= 0x1p-27 else { return x }
        guard let (quadrant, r) = reduced(x) else { return .nan }
        let result = (quadrant & 1 == 0 ? sine(r) : cosine(r)).value
        return quadrant & 2 == 0 ? result : -result
    }

    package static func cos(_ x: Double) -> Double {
        guard let (quadrant, r) = reduced(x) else { return .nan }
        let result = (quadrant & 1 == 0 ? cosine(r) : sine(r)).value
        return (quadrant &+ 1) & 2 == 0 ? result : -result
    }

    package static func tan(_ x: Double) -> Double {
        guard abs(x) >= 0x1p-27 else { return x }
        guard let (quadrant, r) = reduced(x) else { return .nan }
        return quadrant & 1 == 0 ? (sine(r) / cosine(r)).value : -(cosine(r) / sine(r)).value
    }

    // Taylor's series for |r| <= pi / 4.

    private static func sine(_ r: Pair) -> Pair {
        let square = r.high * r.high
        let series = polynomial(square, sineSeries)
        return Pair(sum: r.high, r.high * square * series + r.low * (1 - 0.5 * square))
    }

    private static func cosine(_ r: Pair) -> Pair {
        let square = Pair(product: r.high, r.high)
        let series = polynomial(square.high, cosineSeries)
        let start = Pair(sum: 1, -0.5 * square.high)
        let rest = square.high * square.high * series - r.high * r.low - 0.5 * square.low
        return Pair(sum: start.high, start.low + rest)
    }

    /// x = quadrant pi / 2 + r with |r| <= pi / 4; nil for NaN and infinities.
    ///
    /// Source: https://doi.org/10.1145/357456.357459 (Payne and Hanek, 1983): of 2/pi only those bits matter that do not give
    /// multiples of four quadrants.
    private static func reduced(_ x: Double) -> (quadrant: Int, r: Pair)? {
        guard x.isFinite else { return nil }
        guard abs(x) > 0.785398163397448 else { return (0, Pair(x)) }
        // |x| = mantissa 2^(exponent)
        let exponent = Int(truncatingIfNeeded: x.bitPattern &>> 52 & 0x7ff) &- 1075
        let mantissa = x.bitPattern & 0xf_ffff_ffff_ffff | 0x10_0000_0000_0000
        // mantissa times 190 bits of 2^exponent 2/pi after the point and two before it, modulo 4.
        let start = exponent &- 2 &+ 64
        let (first, second, third) = (window(start), window(start &+ 64), window(start &+ 128))
        let low = mantissa.multipliedFullWidth(by: third)
        let middle = mantissa.multipliedFullWidth(by: second)
        let (word1, carry) = middle.low.addingReportingOverflow(low.high)
        let word0 = mantissa &* first &+ middle.high &+ (carry ? 1 : 0)

        var quadrant = Int(word0 &>> 62)
        var fraction = (word0 &<< 2 | word1 &>> 62, word1 &<< 2 | low.low &>> 62)
        let isAbove = fraction.0 &>> 63 == 1
        if isAbove {
            quadrant &+= 1
            fraction = (~fraction.0 &+ (fraction.1 == 0 ? 1 : 0), 0 &- fraction.1)
        }
        let zeros = UInt64(truncatingIfNeeded: fraction.0.leadingZeroBitCount)
        guard zeros < 64 else { return (quadrant & 3, Pair(0)) }
        let top = zeros == 0 ? fraction.0 : fraction.0 &<< zeros | fraction.1 &>> (64 &- zeros)
        let rest = fraction.1 &<< zeros
        let scale = Double(bitPattern: (1023 &- 64 &- zeros) &<< 52)
        let turns = Pair(sum: Double(top & ~0x7ff), Double(top & 0x7ff) + Double(rest) * 0x1p-64)
        let r = Pair(turns.high * scale, turns.low * scale) * Pair(0x1.921fb54442d18p0, 0x1.1a62633145c07p-54)
        let isNegative = (x < 0) != isAbove
        return ((x < 0 ? 0 &- quadrant : quadrant) & 3, isNegative ? -r : r)
    }

    /// 64 bits of 2/pi from a bit on, the first being 64 places before the point.
    private static func window(_ start: Int) -> UInt64 {
        let (word, shift) = (start &>> 6, UInt64(truncatingIfNeeded: start & 63))
        return shift == 0 ? twoOverPi[word] : twoOverPi[word] &<< shift | twoOverPi[word &+ 1] &>> (64 &- shift)
    }
}

private let sineSeries: [Double] = [
    1 / 355_687_428_096_000, -1 / 1_307_674_368_000, 1 / 6_227_020_800, -1 / 39_916_800, 1 / 362_880, -1 / 5040, 1 / 120,
    -1 / 6,
]
private let cosineSeries: [Double] = [
    -1 / 6_402_373_705_728_000, 1 / 20_922_789_888_000, -1 / 87_178_291_200, 1 / 479_001_600, -1 / 3_628_800, 1 / 40_320,
    -1 / 720, 1 / 24,
]

/// 2/pi, the point being after the first word.
private let twoOverPi: [UInt64] = [
    0,
    0xa2f9_836e_4e44_1529, 0xfc27_57d1_f534_ddc0, 0xdb62_9599_3c43_9041, 0xfe51_63ab_debb_c561,
    0xb724_6e3a_424d_d2e0, 0x0649_2eea_09d1_921c, 0xfe1d_eb1c_b129_a73e, 0xe882_35f5_2ebb_4484,
    0xe99c_7026_b45f_7e41, 0x3991_d639_8353_39f4, 0x9c84_5f8b_bdf9_283b, 0x1ff8_97ff_de05_980f,
    0xef2f_118b_5a0a_6d1f, 0x6d36_7ecf_27cb_09b7, 0x4f46_3f66_9e5f_ea2d, 0x7527_bac7_ebe5_f17b,
    0x3d07_39f7_8a52_92ea, 0x6bfb_5fb1_1f8d_5d08, 0x5603_3046_fc7b_6bab, 0xf0cf_bc20_9af4_361d,
]
