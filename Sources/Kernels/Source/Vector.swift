internal import CSeptumCPU

typealias In = UnsafePointer<Float>
typealias Out = UnsafeMutablePointer<Float>
/// Sixteen lanes on every instruction set: one zmm, two ymm, four xmm or four NEON registers.
typealias V = SIMD16<Float>
typealias I = SIMD16<Int32>
typealias M = SIMDMask<I>

let lanes = 16

@inline(__always) func load(_ p: In, _ i: Int) -> V { UnsafeRawPointer(p + i).loadUnaligned(as: V.self) }
@inline(__always) func store(_ p: Out, _ i: Int, _ v: V) { UnsafeMutableRawPointer(p + i).storeBytes(of: v, as: V.self) }
@inline(__always) func load(_ p: In, _ i: Int, first n: Int) -> V { n >= 16 ? load(p, i) : septum_load_first(p + i, n) }
@inline(__always) func store(_ p: Out, _ i: Int, first n: Int, _ v: V) {
    if n >= 16 { store(p, i, v) } else { septum_store_first(p + i, n, v) }
}
@inline(__always) func all(_ x: Float) -> V { V(repeating: x) }
/// a * b + c, rounded once.
@inline(__always) func fma(_ a: V, _ b: V, _ c: V) -> V { c.addingProduct(a, b) }
@inline(__always) func bits(_ x: V) -> I { unsafeBitCast(x, to: I.self) }
@inline(__always) func float(_ x: I) -> V { unsafeBitCast(x, to: V.self) }
@inline(__always) func pick(_ mask: M, _ yes: V, _ no: V) -> V { no.replacing(with: yes, where: mask) }
@inline(__always) func magnitude(_ x: V) -> V { float(bits(x) & 0x7fff_ffff) }
@inline(__always) func signed(_ magnitude: V, like x: V) -> V { float(bits(magnitude) | (bits(x) & Int32.min)) }
@inline(__always) func isNaN(_ x: V) -> M { x .!= x }

/// The smaller of two where neither is NaN; `a` where `a` is NaN.
@inline(__always) func atMost(_ a: V, _ b: V) -> V { pick(a .> b, b, a) }
/// The larger of two where neither is NaN; `a` where `a` is NaN.
@inline(__always) func atLeast(_ a: V, _ b: V) -> V { pick(a .< b, b, a) }
/// Larger of two; NaN where either is.
@inline(__always) func maximum(_ a: V, _ b: V) -> V { pick((a .> b) .| isNaN(a), a, b) }
/// Smaller of two; NaN where either is.
@inline(__always) func minimum(_ a: V, _ b: V) -> V { pick((a .< b) .| isNaN(a), a, b) }

/// Lanes [0, n) of `v`, `other` elsewhere.
@inline(__always) func keep(first n: Int, _ v: V, else other: V) -> V {
    let lane = I(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
    return pick(lane .< I(repeating: Int32(truncatingIfNeeded: n)), v, other)
}

/// The fixed halving tree: lane i with lane i + 8, then 4, 2, 1.
@inline(__always) func treeSum(_ v: V) -> Float {
    let a = v.lowHalf + v.highHalf
    let b = a.lowHalf + a.highHalf
    let c = b.lowHalf + b.highHalf
    return c.x + c.y
}
@inline(__always) func treeProduct(_ v: V) -> Float {
    let a = v.lowHalf * v.highHalf
    let b = a.lowHalf * a.highHalf
    let c = b.lowHalf * b.highHalf
    return c.x * c.y
}
@inline(__always) func treeMaximum(_ v: V) -> Float {
    let a = v.lowHalf.replacing(with: v.highHalf, where: (v.highHalf .> v.lowHalf) .| (v.highHalf .!= v.highHalf))
    let b = a.lowHalf.replacing(with: a.highHalf, where: (a.highHalf .> a.lowHalf) .| (a.highHalf .!= a.highHalf))
    let c = b.lowHalf.replacing(with: b.highHalf, where: (b.highHalf .> b.lowHalf) .| (b.highHalf .!= b.highHalf))
    return c.y > c.x || c.y != c.y ? c.y : c.x
}
@inline(__always) func treeMinimum(_ v: V) -> Float { -treeMaximum(-v) }
