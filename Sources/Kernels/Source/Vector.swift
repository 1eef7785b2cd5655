internal import CSeptumCPU

typealias In = UnsafePointer<Float>
typealias Out = UnsafeMutablePointer<Float>
/// Sixteen lanes on every instruction set: one zmm, two ymm, four xmm or four NEON registers.
typealias V = SIMD16<Float>
typealias I = SIMD16<Int32>
/// Lanes all ones or zero.
typealias M = SIMD16<Int32>

let lanes = 16

@inline(__always) func load(_ p: In, _ i: Int) -> V { septum_load_f16(p + i) }
@inline(__always) func store(_ p: Out, _ i: Int, _ v: V) { septum_store_f16(p + i, v) }
@inline(__always) func load(_ p: In, _ i: Int, first n: Int) -> V { n >= 16 ? load(p, i) : septum_load_first(p + i, n) }
@inline(__always) func store(_ p: Out, _ i: Int, first n: Int, _ v: V) {
    if n >= 16 { store(p, i, v) } else { septum_store_first(p + i, n, v) }
}
@inline(__always) func all(_ x: Float) -> V { septum_all_f16(x) }

// In place of the standard library's operators, which are loops over lanes.
@inline(__always) func + (a: V, b: V) -> V { septum_add_f16(a, b) }
@inline(__always) func - (a: V, b: V) -> V { septum_subtract_f16(a, b) }
@inline(__always) func * (a: V, b: V) -> V { septum_multiply_f16(a, b) }
@inline(__always) func / (a: V, b: V) -> V { septum_divide_f16(a, b) }
@inline(__always) prefix func - (a: V) -> V { septum_negate_f16(a) }
@inline(__always) func .< (a: V, b: V) -> M { septum_less_f16(a, b) }
@inline(__always) func .> (a: V, b: V) -> M { septum_less_f16(b, a) }
@inline(__always) func .== (a: V, b: V) -> M { septum_equal_f16(a, b) }
/// a * b + c, rounded once.
@inline(__always) func fma(_ a: V, _ b: V, _ c: V) -> V { septum_fma_f16(a, b, c) }
@inline(__always) func pick(_ mask: M, _ yes: V, _ no: V) -> V { septum_pick_f16(mask, yes, no) }

@inline(__always) func &+ (a: I, b: I) -> I { septum_plus_i16(a, b) }
@inline(__always) func &- (a: I, b: I) -> I { septum_minus_i16(a, b) }
@inline(__always) func & (a: I, b: I) -> I { septum_and_i16(a, b) }
@inline(__always) func | (a: I, b: I) -> I { septum_or_i16(a, b) }
@inline(__always) func ^ (a: I, b: I) -> I { septum_xor_i16(a, b) }
@inline(__always) func &<< (a: I, n: Int32) -> I { septum_up_i16(a, n) }
@inline(__always) func &>> (a: I, n: Int32) -> I { septum_down_i16(a, n) }
@inline(__always) func every(_ x: Int32) -> I { septum_every_i16(x) }
@inline(__always) func same(_ a: I, _ b: I) -> M { septum_same_i16(a, b) }
@inline(__always) func any(_ mask: M) -> Bool { septum_any(mask) != 0 }

@inline(__always) func bits(_ x: V) -> I { septum_bits(x) }
@inline(__always) func float(_ x: I) -> V { septum_float(x) }
@inline(__always) func magnitude(_ x: V) -> V { float(bits(x) & every(0x7fff_ffff)) }
@inline(__always) func signed(_ magnitude: V, like x: V) -> V { float(bits(magnitude) | (bits(x) & every(Int32.min))) }

/// The smaller of two where neither is NaN; `a` where `a` is NaN.
@inline(__always) func atMost(_ a: V, _ b: V) -> V { pick(a .> b, b, a) }
/// The larger of two where neither is NaN; `a` where `a` is NaN.
@inline(__always) func atLeast(_ a: V, _ b: V) -> V { pick(a .< b, b, a) }
/// Larger of two; NaN where either is.
@inline(__always) func maximum(_ a: V, _ b: V) -> V { septum_maximum(a, b) }
/// Smaller of two; NaN where either is.
@inline(__always) func minimum(_ a: V, _ b: V) -> V { -septum_maximum(-a, -b) }

/// Lanes [0, n) of `v`, `other` elsewhere.
@inline(__always) func keep(first n: Int, _ v: V, else other: V) -> V { septum_keep(n, v, other) }

/// The fixed halving tree: lane i with lane i + 8, then 4, 2, 1.
@inline(__always) func treeSum(_ v: V) -> Float { septum_tree_sum(v) }
@inline(__always) func treeProduct(_ v: V) -> Float { septum_tree_product(v) }
@inline(__always) func treeMaximum(_ v: V) -> Float { septum_tree_maximum(v) }
@inline(__always) func treeMinimum(_ v: V) -> Float { -treeMaximum(-v) }
