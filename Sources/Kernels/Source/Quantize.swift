internal import CSeptumCPU

typealias Raw = UnsafeRawPointer
typealias RawOut = UnsafeMutableRawPointer

/// A type of small integers.
protocol Small {
    static var width: Int { get }
    static var low: Float { get }
    static var high: Float { get }
    static func read(_ p: Raw, _ n: Int) -> I
    static func write(_ p: RawOut, _ n: Int, _ v: I)
}

enum Signed8: Small {
    @inline(__always) static var width: Int { 1 }
    @inline(__always) static var low: Float { -128 }
    @inline(__always) static var high: Float { 127 }
    @inline(__always) static func read(_ p: Raw, _ n: Int) -> I { septum_load_int8(p, n) }
    @inline(__always) static func write(_ p: RawOut, _ n: Int, _ v: I) { septum_store_int8(p, n, v) }
}
enum Unsigned8: Small {
    @inline(__always) static var width: Int { 1 }
    @inline(__always) static var low: Float { 0 }
    @inline(__always) static var high: Float { 255 }
    @inline(__always) static func read(_ p: Raw, _ n: Int) -> I { septum_load_uint8(p, n) }
    @inline(__always) static func write(_ p: RawOut, _ n: Int, _ v: I) { septum_store_uint8(p, n, v) }
}
enum Signed16: Small {
    @inline(__always) static var width: Int { 2 }
    @inline(__always) static var low: Float { -32768 }
    @inline(__always) static var high: Float { 32767 }
    @inline(__always) static func read(_ p: Raw, _ n: Int) -> I { septum_load_int16(p, n) }
    @inline(__always) static func write(_ p: RawOut, _ n: Int, _ v: I) { septum_store_int16(p, n, v) }
}
enum Unsigned16: Small {
    @inline(__always) static var width: Int { 2 }
    @inline(__always) static var low: Float { 0 }
    @inline(__always) static var high: Float { 65535 }
    @inline(__always) static func read(_ p: Raw, _ n: Int) -> I { septum_load_uint16(p, n) }
    @inline(__always) static func write(_ p: RawOut, _ n: Int, _ v: I) { septum_store_uint16(p, n, v) }
}

/// A whole number below 2^22 as an integer.
@inline(__always) func integer(_ v: V) -> I { bits(v + all(rounding)) &- every(0x4b40_0000) }

@inline(never) func quantize<T: Small>(
    _ t: T.Type, _ n: Int, _ x: In, _ scale: In, _ zero: In, _ step: Int, _ multiplies: Bool, _ y: RawOut
) {
    var s = all(scale[0]), z = all(zero[0])
    var i = 0
    while i < n {
        let width = n &- i
        if step != 0 {
            s = load(scale, i, first: width)
            z = load(zero, i, first: width)
        }
        let v = load(x, i, first: width)
        let q = multiplies ? v * s : v / s
        let moved = Round.of(q, z, z) + z
        let kept = atMost(atLeast(pick(moved .== moved, moved, z), all(T.low)), all(T.high))
        T.write(y + i &* T.width, width, integer(kept))
        i &+= 16
    }
}

@inline(never) func dequantize<T: Small>(
    _ t: T.Type, _ n: Int, _ x: Raw, _ scale: In, _ zero: In, _ step: Int, _ y: Out
) {
    var s = all(scale[0]), z = all(zero[0])
    var i = 0
    while i < n {
        let width = n &- i
        if step != 0 {
            s = load(scale, i, first: width)
            z = load(zero, i, first: width)
        }
        store(y, i, first: width, (septum_from_integers(T.read(x + i &* T.width, width)) - z) * s)
        i &+= 16
    }
}

/// `type` is a raw value of `QuantizedType`.
func quantize(
    _ type: Int32, _ n: Int, _ x: In, _ scale: In, _ zero: In, _ step: Int, _ multiplies: Int32, _ y: RawOut
) {
    switch type {
    case 0: quantize(Signed8.self, n, x, scale, zero, step, multiplies != 0, y)
    case 1: quantize(Unsigned8.self, n, x, scale, zero, step, multiplies != 0, y)
    case 2: quantize(Signed16.self, n, x, scale, zero, step, multiplies != 0, y)
    default: quantize(Unsigned16.self, n, x, scale, zero, step, multiplies != 0, y)
    }
}

func dequantize(_ type: Int32, _ n: Int, _ x: Raw, _ scale: In, _ zero: In, _ step: Int, _ y: Out) {
    switch type {
    case 0: dequantize(Signed8.self, n, x, scale, zero, step, y)
    case 1: dequantize(Unsigned8.self, n, x, scale, zero, step, y)
    case 2: dequantize(Signed16.self, n, x, scale, zero, step, y)
    default: dequantize(Unsigned16.self, n, x, scale, zero, step, y)
    }
}
