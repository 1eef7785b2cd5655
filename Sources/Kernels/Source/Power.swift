/// log2 of a finite positive double, to 1e-12.
@inline(__always) func logarithm2(_ x: Double) -> Double {
    let shifted = Int64(bitPattern: x.bitPattern) &- 0x3fe6_a09e_667f_3bcd
    let exponent = shifted &>> 52
    let m = Double(bitPattern: x.bitPattern &- UInt64(bitPattern: exponent &<< 52))
    let f = (m - 1) / (m + 1)
    let s = f * f
    var r = s * (1 / 17.0) + (1 / 15.0)
    r = r * s + (1 / 13.0)
    r = r * s + (1 / 11.0)
    r = r * s + (1 / 9.0)
    r = r * s + (1 / 7.0)
    r = r * s + (1 / 5.0)
    r = r * s + (1 / 3.0)
    r = r * s + 1
    return r * f * 2.8853900817779268 + Double(exponent)
}

/// 2^t for -1000 < t < 1000, to 1e-12.
@inline(__always) func raiseTwo(_ t: Double) -> Double {
    let shifted = t + 0x1.8p52
    let f = (t - (shifted - 0x1.8p52)) * 0.6931471805599453
    var r = f * (1 / 39_916_800.0) + (1 / 3_628_800.0)
    r = r * f + (1 / 362_880.0)
    r = r * f + (1 / 40_320.0)
    r = r * f + (1 / 5040.0)
    r = r * f + (1 / 720.0)
    r = r * f + (1 / 120.0)
    r = r * f + (1 / 24.0)
    r = r * f + (1 / 6.0)
    r = r * f + 0.5
    r = r * f + 1
    r = r * f + 1
    return Double(bitPattern: r.bitPattern &+ (shifted.bitPattern &<< 52))
}

/// x to the y with the special cases of IEEE 754.
@inline(__always) func power(_ x: Float, _ y: Float) -> Float {
    if y == 0 || x == 1 { return 1 }
    if x != x || y != y { return .nan }
    let size = x.magnitude
    let yInteger = y.magnitude >= 0x1p23 || (y.magnitude + 0x1p23) - 0x1p23 == y.magnitude
    let half = y.magnitude * 0.5
    let yOdd = yInteger && y.magnitude < 0x1p24 && !(half >= 0x1p23 || (half + 0x1p23) - 0x1p23 == half)
    let negative = x.sign == .minus && yOdd
    if size == 0 || size == .infinity {
        let r: Float = (size == 0) == (y > 0) ? 0 : .infinity
        return negative ? -r : r
    }
    if y.magnitude == .infinity { return size == 1 ? 1 : (size > 1) == (y > 0) ? .infinity : 0 }
    if x < 0 && !yInteger { return .nan }
    let t = Double(y) * logarithm2(Double(size))
    let r = Float(raiseTwo(t > 200 ? 200 : t < -200 ? -200 : t))
    return negative ? -r : r
}
