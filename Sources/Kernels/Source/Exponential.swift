internal import CSeptumCPU

// Coefficients: minimax fits of relative error, rounded to float32 one by one from the lowest order, the rest refitted.

/// 1.5 * 2^23: adding it rounds a float below 2^22 to an integer and leaves that integer in the low bits.
let rounding = Float(12_582_912)

/// e^f for |f| <= ln 2 / 2.
@inline(__always) func expCore(_ f: V) -> V {
    var r = fma(all(0.0013821232), f, all(0.008368667))
    r = fma(r, f, all(0.04166826))
    r = fma(r, f, all(0.16666521))
    r = fma(r, f, all(0.49999994))
    r = fma(r, f, all(1))
    return fma(r, f, all(1))
}

/// 2^raised e^x: gradual underflow, infinity on overflow.
@inline(__always) func exponential(_ x0: V, raised: Float = 0) -> V {
    let x = atLeast(atMost(x0, all(90)), all(raised == 0 ? -104 : -120))
    let n = fma(x, all(1.442695), all(rounding)) - all(rounding)
    let f = fma(n, all(-1.4286068e-6), fma(n, all(-0.6931457519), x))
    return septum_scale(expCore(f), raised == 0 ? n : n + all(raised))
}

/// e^x for -87 <= x <= 0, without the care for underflow.
@inline(__always) func exponentialNear(_ x: V) -> V {
    let t = fma(x, all(1.442695), all(rounding))
    let n = t - all(rounding)
    let f = fma(n, all(-1.4286068e-6), fma(n, all(-0.6931457519), x))
    return float(bits(expCore(f)) &+ (bits(t) &<< 23))
}

/// e^x - 1.
@inline(__always) func exponentialMinusOne(_ x: V) -> V {
    var r = fma(all(2.481588e-5), x, all(0.00019964244))
    r = fma(r, x, all(0.0013889114))
    r = fma(r, x, all(0.008333176))
    r = fma(r, x, all(0.041666664))
    r = fma(r, x, all(0.16666667))
    r = fma(r, x, all(0.5))
    let near = fma(r * x, x, x)
    return pick(magnitude(x) .< all(0.5), near, exponential(x) - all(1))
}

/// log(1 + f) for |f| <= 1/3.
@inline(__always) func logCore(_ f: V) -> V {
    let s = f * f
    var r = fma(all(-0.128777), f, all(0.1398596))
    r = fma(r, f, all(-0.12187749))
    r = fma(r, f, all(0.14005476))
    r = fma(r, f, all(-0.16680208))
    r = fma(r, f, all(0.20010439))
    r = fma(r, f, all(-0.24999805))
    r = fma(r, f, all(0.33333215))
    r = fma(r, f, all(-0.5))
    return fma(r, s, f)
}

/// Natural logarithm: -infinity at zero, NaN below.
@inline(__always) func logarithm(_ x: V) -> V {
    let tiny = x .< all(0x1p-126)
    let a = pick(tiny, x * all(0x1p23), x)
    let exponent = (bits(a) &- every(0x3f2a_aaab)) & every(Int32(bitPattern: 0xff80_0000))
    let scaled = float((exponent &>> 23) &+ every(0x4b40_0000)) - all(rounding)
    let e = pick(tiny, scaled - all(23), scaled)
    var r = fma(all(0.6931472), e, logCore(float(bits(a) &- exponent) - all(1)))
    r = pick(x .< all(.infinity), r, x)
    r = pick(x .== all(0), all(-.infinity), r)
    return pick(x .< all(0), all(.nan), r)
}

/// log(1 + z) for 0 <= z <= 1.
@inline(__always) func logOnePlus(_ z: V) -> V {
    let large = z .> all(0.33333334)
    let f = pick(large, fma(all(0.5), z, all(-0.5)), z)
    return fma(all(0.6931472), pick(large, all(1), all(0)), logCore(f))
}

@inline(__always) func softplus(_ x: V) -> V {
    atLeast(x, all(0)) + logOnePlus(exponential(-magnitude(x)))
}

/// 1 / (1 + e^-x), with the rounding of 1 + e^-|x| carried into the quotient.
@inline(__always) func sigmoid(_ x: V) -> V {
    let z = exponential(-magnitude(x))
    let s = all(1) + z
    let lost = z - (s - all(1))
    let below = x .< all(0)
    let q = pick(below, z, all(1)) / s
    return fma(q * -lost, pick(below, all(1) - q, q), q)
}

@inline(__always) func hyperbolicTangent(_ x: V) -> V {
    let t = magnitude(x)
    let s = x * x
    var p = fma(all(-0.0055854223), s, all(0.020533623))
    p = fma(p, s, all(-0.053708013))
    p = fma(p, s, all(0.13331072))
    p = fma(p, s, all(-0.3333327))
    let near = fma(p * s, t, t)
    let e = exponentialNear(atLeast(t * all(-2), all(-40)))
    let far = (all(1) - e) / (all(1) + e)
    return signed(pick(t .> all(0.62), far, near), like: x)
}

@inline(__always) func errorFunction(_ x: V) -> V {
    let t = atMost(magnitude(x), all(4))
    let s = t * t
    var r = fma(all(-1.1230012e-5), t, all(0.00032279402))
    r = fma(r, t, all(-0.0036424296))
    r = fma(r, t, all(0.02376202))
    r = fma(r, t, all(-0.106236845))
    r = fma(r, t, all(-0.6351513))
    r = fma(r, t, all(-0.12864849))
    let far = signed(all(1) - exponentialNear(fma(r, t, -t)), like: x)
    var q = fma(all(-0.00059595786), s, all(0.004987352))
    q = fma(q, s, all(-0.026762966))
    q = fma(q, s, all(0.11281731))
    q = fma(q, s, all(-0.3761249))
    q = fma(q, s, all(0.12837915))
    return pick(t .> all(0.92), far, fma(q, x, x))
}
