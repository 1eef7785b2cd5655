internal import CSeptumCPU

// Functions x f(x) whose f needs full relative precision in its tail, so that they are worked in double; gelu is in NormalTail.swift.

typealias D = SIMD8<Double>
typealias L = SIMD8<Int64>
@inline(__always) func each(_ x: Double) -> D { septum_all_d8(x) }
@inline(__always) func + (a: D, b: D) -> D { septum_add_d8(a, b) }
@inline(__always) func - (a: D, b: D) -> D { septum_subtract_d8(a, b) }
@inline(__always) func * (a: D, b: D) -> D { septum_multiply_d8(a, b) }
@inline(__always) func / (a: D, b: D) -> D { septum_divide_d8(a, b) }
@inline(__always) prefix func - (a: D) -> D { septum_negate_d8(a) }
@inline(__always) func .< (a: D, b: D) -> L { septum_less_d8(a, b) }
@inline(__always) func fma(_ a: D, _ b: D, _ c: D) -> D { septum_fma_d8(a, b, c) }
@inline(__always) func pick(_ mask: L, _ yes: D, _ no: D) -> D { septum_pick_d8(mask, yes, no) }

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
    return septum_double(septum_plus_l8(septum_bits_d8(r), septum_up_l8(septum_bits_d8(t), 52)))
}

/// x / (1 + e^-z).
@inline(__always) func gated(_ x: D, by z: D) -> D {
    let below = z .< each(0)
    let t = pick(below, z, -z)
    let e = exponentialNear(pick(t .< each(-700), each(-700), t))
    return pick(x .< each(-1000), each(-1000), x) * pick(below, e, each(1)) / (each(1) + e)
}

/// x sigmoid(x).
@inline(__always) func silu(_ x: D) -> D { gated(x, by: x) }
@inline(__always) func silu(_ x: V) -> V { septum_narrow(silu(septum_widen_low(x)), silu(septum_widen_high(x))) }

/// x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2.
@inline(__always) func geluTanh(_ x: D) -> D {
    gated(x, by: x * fma(x * x, each(0.07135481627260025), each(1.5957691216057308)))
}
@inline(__always) func geluTanh(_ x: V) -> V { septum_narrow(geluTanh(septum_widen_low(x)), geluTanh(septum_widen_high(x))) }

/// x tanh(log(1 + e^x)).
@inline(__always) func mish(_ x: D) -> D {
    let below = x .< each(0)
    let t = pick(below, x, -x)
    let e = exponentialNear(pick(t .< each(-700), each(-700), t))
    let top = pick(below, e * (e + each(2)), each(1) + (e + e))
    let bottom = top + pick(below, each(2), each(2) * e * e)
    return pick(x .< each(-1000), each(-1000), x) * top / bottom
}
@inline(__always) func mish(_ x: V) -> V { septum_narrow(mish(septum_widen_low(x)), mish(septum_widen_high(x))) }
