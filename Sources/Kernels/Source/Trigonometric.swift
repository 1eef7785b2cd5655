/// 64 bits of 2 / pi after the point; the four words reach as far as the largest float needs.
@inline(__always) func twoOverPi(_ word: Int) -> UInt64 {
    switch word {
    case 0: 0xa2f9_836e_4e44_1529
    case 1: 0xfc27_57d1_f534_ddc0
    case 2: 0xdb62_9599_3c43_9041
    default: 0xfe51_63ab_debb_c561
    }
}

/// x = n pi / 2 + r for a finite |x| >= 2^16, by integers: n in the low two bits and r.
@inline(__always) func reduceLarge(_ x: Float) -> (Int32, Float) {
    let pattern = x.bitPattern
    let exponent = Int(truncatingIfNeeded: (pattern &>> 23) & 0xff) &- 150
    let mantissa = UInt64(truncatingIfNeeded: (pattern & 0x7f_ffff) | 0x80_0000)
    // The window of 2/pi starts at the bit that makes mantissa * window count quadrants modulo 4 in its top two bits.
    let start = exponent &- 2
    var high: UInt64
    var low: UInt64
    if start < 0 {
        let right = UInt64(truncatingIfNeeded: 0 &- start)
        high = twoOverPi(0) &>> right
        low = (twoOverPi(0) &<< (64 &- right)) | (twoOverPi(1) &>> right)
    } else {
        let word = start &>> 6
        let left = UInt64(truncatingIfNeeded: start & 63)
        high = twoOverPi(word)
        low = twoOverPi(word &+ 1)
        if left != 0 {
            high = (high &<< left) | (low &>> (64 &- left))
            low = (low &<< left) | (twoOverPi(word &+ 2) &>> (64 &- left))
        }
    }
    let carried = mantissa.multipliedFullWidth(by: low)
    let top = (mantissa &* high) &+ carried.high
    let fraction = Int64(truncatingIfNeeded: (top &<< 2) | (carried.low &>> 62))
    let quadrant = Int32(truncatingIfNeeded: top &>> 62) &+ (fraction < 0 ? 1 : 0)
    let r = Float(Double(fraction) * (0x1p-64 * 1.5707963267948966))
    return pattern &>> 31 == 1 ? (0 &- quadrant, -r) : (quadrant, r)
}

/// sin(r), cos(r) for |r| <= pi / 4, chosen and signed by the quadrant.
@inline(__always) func circular(_ r: V, _ quadrant: I) -> V {
    let s = r * r
    var p = fma(all(2.8374543e-6), s, all(-0.00019853508))
    p = fma(p, s, all(0.00833338))
    p = fma(p, s, all(-0.16666667))
    let sine = pick(r .== all(0), r, fma(p * s, r, r))
    var q = fma(all(2.4432327e-5), s, all(-0.001388731))
    q = fma(q, s, all(0.041666646))
    q = fma(q, s, all(-0.5))
    let cosine = fma(q, s, all(1))
    let value = pick(same(quadrant & every(1), every(0)), sine, cosine)
    return float(bits(value) ^ ((quadrant & every(2)) &<< 30))
}

/// sin for turn 0, cos for turn 1.
@inline(__always) func circular(_ x: V, turn: Int32) -> V {
    let t = fma(x, all(0.63661975), all(rounding))
    let n = t - all(rounding)
    var quadrant = bits(t)
    var r = fma(n, all(-5.390303e-15), fma(n, all(-3.1391647e-7), fma(n, all(-1.5707960), x)))
    r = pick(magnitude(x) .< all(.infinity), pick(x .== all(0), x, r), all(.nan))
    // Beyond, the three-part pi / 2 above runs out of bits.
    let large = (magnitude(x) .> all(0x1.fffffep15)) & (magnitude(x) .< all(.infinity))
    if any(large) {
        var lane = 0
        while lane < lanes {
            if large[lane] != 0 {
                let reduced = reduceLarge(x[lane])
                quadrant[lane] = reduced.0
                r[lane] = reduced.1
            }
            lane &+= 1
        }
    }
    return circular(r, quadrant &+ every(turn))
}

/// The angle whose tangent is x: z + z^3 p(z^2) for z = |x| up to 1, and pi / 2 less the angle of 1 / |x| beyond.
@inline(__always) func arcTangent(_ x: V) -> V {
    let t = magnitude(x)
    let isSteep = t .> all(1)
    let z = pick(isSteep, all(1), t) / pick(isSteep, t, all(1))
    let s = z * z
    var p = fma(all(-0.0017875765), s, all(0.010887479))
    p = fma(p, s, all(-0.031127188))
    p = fma(p, s, all(0.057906687))
    p = fma(p, s, all(-0.084004804))
    p = fma(p, s, all(0.109511755))
    p = fma(p, s, all(-0.14264052))
    p = fma(p, s, all(0.19998531))
    p = fma(p, s, all(-0.333333))
    let angle = fma(z * s, p, z)
    // pi / 2 is 1.5707964 less 4.371139e-8.
    return signed(pick(isSteep, all(1.5707964) - (angle + all(4.371139e-8)), angle), like: x)
}
