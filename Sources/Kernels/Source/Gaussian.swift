internal import CSeptumCPU

// Gelu needs the tail of the normal distribution to full relative precision, so it is worked in double.

typealias D = SIMD8<Double>
@inline(__always) func each(_ x: Double) -> D { D(repeating: x) }
@inline(__always) func fma(_ a: D, _ b: D, _ c: D) -> D { c.addingProduct(a, b) }

/// e^x for -700 <= x <= 0, to 1e-12.
@inline(__always) func exponentialNear(_ x: D) -> D {
    let t = fma(x, each(1.4426950408889634), each(0x1.8p52))
    let n = t - each(0x1.8p52)
    let f = fma(n, each(-0.6931471805599453), x)
    var r = fma(each(2.472713075225813e-05), f, each(0.00019915451268089733))
    r = fma(r, f, each(0.001388917900318136))
    r = fma(r, f, each(0.008333266979691866))
    r = fma(r, f, each(0.04166666421622544))
    r = fma(r, f, each(0.1666666688570584))
    r = fma(r, f, each(0.5000000000619408))
    r = fma(r, f, each(0.9999999999805927))
    r = fma(r, f, each(0.9999999999997619))
    let raised = unsafeBitCast(r, to: SIMD8<Int64>.self) &+ (unsafeBitCast(t, to: SIMD8<Int64>.self) &<< 52)
    return unsafeBitCast(raised, to: D.self)
}

/// The normal distribution's upper tail at 0 <= t <= 15, to 1e-9: e^(-t^2/2) g(u) / (1 + 2t), u = (t - 3) / (t + 3).
@inline(__always) func normalTail(_ t: D) -> D {
    let u = (t - each(3)) / (t + each(3))
    var g = fma(each(-3.930032087241926e-06), u, each(4.168300625235177e-05))
    g = fma(g, u, each(0.0001821565468744786))
    g = fma(g, u, each(-4.1517408761877105e-05))
    g = fma(g, u, each(-0.0011522984260651026))
    g = fma(g, u, each(-0.000357460483678451))
    g = fma(g, u, each(0.007005111335272993))
    g = fma(g, u, each(-0.000585902279422501))
    g = fma(g, u, each(-0.05159206850955684))
    g = fma(g, u, each(0.13654138275845432))
    g = fma(g, u, each(-0.15608933152739293))
    g = fma(g, u, each(0.013349092597681328))
    g = fma(g, u, each(0.8505976386421794))
    return exponentialNear(t * t * each(-0.5)) * g / fma(each(2), t, each(1))
}

@inline(__always) func gelu(_ x: D) -> D {
    let below = x .< each(0)
    let t = pick(below, -x, x)
    let tail = normalTail(pick(t .> each(15), each(15), t))
    return pick(below, pick(x .< each(-40), each(-40), x) * tail, x * (each(1) - tail))
}
@inline(__always) func pick(_ mask: SIMDMask<SIMD8<Int64>>, _ yes: D, _ no: D) -> D { no.replacing(with: yes, where: mask) }

@inline(__always) func gelu(_ x: V) -> V {
    let low = septum_narrow(gelu(septum_widen(x.lowHalf)))
    let high = septum_narrow(gelu(septum_widen(x.highHalf)))
    return V(lowHalf: low, highHalf: high)
}
