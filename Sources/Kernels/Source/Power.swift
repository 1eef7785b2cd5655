internal import CSeptumCPU

/// log2 of finite positive doubles, to 1e-12.
@inline(__always) func logarithm2(_ x: D) -> D {
    let pattern = septum_bits_d8(x)
    let exponent = septum_down_l8(septum_minus_l8(pattern, septum_every_l8(0x3fe6_a09e_667f_3bcd)), 52)
    let m = septum_double(septum_minus_l8(pattern, septum_up_l8(exponent, 52)))
    let whole = septum_double(septum_plus_l8(exponent, septum_every_l8(0x4338_0000_0000_0000))) - each(0x1.8p52)
    let f = (m - each(1)) / (m + each(1))
    let s = f * f
    var r = s * each(1 / 17.0) + each(1 / 15.0)
    r = r * s + each(1 / 13.0)
    r = r * s + each(1 / 11.0)
    r = r * s + each(1 / 9.0)
    r = r * s + each(1 / 7.0)
    r = r * s + each(1 / 5.0)
    r = r * s + each(1 / 3.0)
    r = r * s + each(1)
    return r * f * each(2.8853900817779268) + whole
}

/// 2^t for -1000 < t < 1000, to 1e-12.
@inline(__always) func raiseTwo(_ t: D) -> D {
    let shifted = t + each(0x1.8p52)
    let f = (t - (shifted - each(0x1.8p52))) * each(0.6931471805599453)
    var r = f * each(1 / 39_916_800.0) + each(1 / 3_628_800.0)
    r = r * f + each(1 / 362_880.0)
    r = r * f + each(1 / 40_320.0)
    r = r * f + each(1 / 5040.0)
    r = r * f + each(1 / 720.0)
    r = r * f + each(1 / 120.0)
    r = r * f + each(1 / 24.0)
    r = r * f + each(1 / 6.0)
    r = r * f + each(0.5)
    r = r * f + each(1)
    r = r * f + each(1)
    return septum_double(septum_plus_l8(septum_bits_d8(r), septum_up_l8(septum_bits_d8(shifted), 52)))
}

/// x to the y of finite positive x.
@inline(__always) func power(_ x: D, _ y: D) -> D {
    let t = y * logarithm2(x)
    return raiseTwo(pick(each(200) .< t, each(200), pick(t .< each(-200), each(-200), t)))
}

/// Where a magnitude is a whole number.
@inline(__always) func isWhole(_ t: V) -> M { same(bits((t + all(0x1p23)) - all(0x1p23)), bits(t)) | (t .> all(0x1.fffffep22)) }

/// x to the y with the special cases of IEEE 754.
@inline(__always) func power(_ x: V, _ y: V) -> V {
    let size = magnitude(x), extent = magnitude(y)
    var r = septum_narrow(
        power(septum_widen_low(size), septum_widen_low(y)), power(septum_widen_high(size), septum_widen_high(y)))
    let whole = isWhole(extent), rises = y .> all(0)
    let odd = whole & (extent .< all(0x1p24)) & (isWhole(extent * all(0.5)) ^ every(-1))
    let vanishes = (size .> all(1)) ^ rises
    // Beyond the finite positive: an infinite y, a negative x, then zero and infinity.
    r = pick(extent .== all(.infinity), pick(size .== all(1), all(1), pick(vanishes, all(0), all(.infinity))), r)
    r = pick((x .< all(0)) & (whole ^ every(-1)), all(.nan), r)
    r = pick((size .== all(0)) | (size .== all(.infinity)), pick(vanishes, all(0), all(.infinity)), r)
    r = float(bits(r) ^ (bits(x) & odd & every(Int32.min)))
    r = pick((x .== x) & (y .== y), r, all(.nan))
    return pick((y .== all(0)) | (x .== all(1)), all(1), r)
}
