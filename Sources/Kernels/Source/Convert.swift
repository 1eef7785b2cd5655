internal import CSeptumCPU

@inline(__always) func choose(_ mask: M, _ yes: I, _ no: I) -> I { (mask & yes) | ((mask ^ every(-1)) & no) }

/// The float of a binary16 pattern.
@inline(__always) func widened(_ h: I) -> I {
    let size = h & every(0x7fff)
    let finite = bits(float(size &<< 13) * all(0x1p112))
    // Infinity and NaN have become 2^16 and more.
    let value = choose(float(finite) .> all(0x1.ffcp15), (size &<< 13) | every(0x7f80_0000), finite)
    return value | ((h & every(0x8000)) &<< 16)
}

/// The binary16 pattern nearest to a float, half to even.
@inline(__always) func narrowed(_ x: V) -> I {
    let t = magnitude(x)
    let normal = (bits(t) &+ every(Int32(bitPattern: 0xc800_0fff)) &+ ((bits(t) &>> 13) & every(1))) &>> 13
    let tiny = bits(t + all(0.5)) &- every(0x3f00_0000)
    let finite = choose(t .< all(0x1p-14), tiny, normal)
    let large = choose(t .== t, every(0x7c00), every(0x7e00))
    return choose(t .< all(0x1p16), finite, large) | ((bits(x) &>> 16) & every(0x8000))
}

/// The upper half of a float, to nearest, half to even.
@inline(__always) func upperHalf(_ x: V) -> I {
    let pattern = bits(x)
    let rounded = pattern &+ every(0x7fff) &+ ((pattern &>> 16) & every(1))
    return choose(x .== x, rounded &>> 16, (pattern &>> 16) | every(0x40))
}

/// One conversion of sixteen elements, `n` of which exist.
protocol Converting { static func run(_ x: Raw, _ y: RawOut, _ i: Int, _ n: Int) }

@inline(__always) func words(_ x: Raw) -> In { x.assumingMemoryBound(to: Float.self) }
@inline(__always) func words(_ y: RawOut) -> Out { y.assumingMemoryBound(to: Float.self) }

enum Float16ToFloat: Converting {
    @inline(__always) static func run(_ x: Raw, _ y: RawOut, _ i: Int, _ n: Int) {
        store(words(y), i, first: n, float(widened(septum_load_uint16(x + i &* 2, n))))
    }
}
enum BFloat16ToFloat: Converting {
    @inline(__always) static func run(_ x: Raw, _ y: RawOut, _ i: Int, _ n: Int) {
        store(words(y), i, first: n, float(septum_load_uint16(x + i &* 2, n) &<< 16))
    }
}
enum FloatToFloat16: Converting {
    @inline(__always) static func run(_ x: Raw, _ y: RawOut, _ i: Int, _ n: Int) {
        septum_store_uint16(y + i &* 2, n, narrowed(load(words(x), i, first: n)))
    }
}
enum FloatToBFloat16: Converting {
    @inline(__always) static func run(_ x: Raw, _ y: RawOut, _ i: Int, _ n: Int) {
        septum_store_uint16(y + i &* 2, n, upperHalf(load(words(x), i, first: n)))
    }
}
enum Int32ToFloat: Converting {
    @inline(__always) static func run(_ x: Raw, _ y: RawOut, _ i: Int, _ n: Int) {
        store(words(y), i, first: n, septum_from_integers(bits(load(words(x), i, first: n))))
    }
}
enum FloatToInt32: Converting {
    @inline(__always) static func run(_ x: Raw, _ y: RawOut, _ i: Int, _ n: Int) {
        store(words(y), i, first: n, float(septum_to_integers(load(words(x), i, first: n))))
    }
}

@inline(never) func convert<T: Converting>(_ t: T.Type, _ n: Int, _ x: Raw, _ y: RawOut) {
    var i = 0
    while i &+ 16 <= n {
        T.run(x, y, i, 16)
        i &+= 16
    }
    if i < n { T.run(x, y, i, n &- i) }
}

/// `kind` is a raw value of `Conversion`.
func convert(_ kind: Int32, _ n: Int, _ x: Raw, _ y: RawOut) {
    switch kind {
    case 0: convert(Float16ToFloat.self, n, x, y)
    case 1: convert(BFloat16ToFloat.self, n, x, y)
    case 2: convert(FloatToFloat16.self, n, x, y)
    case 3: convert(FloatToBFloat16.self, n, x, y)
    case 4: convert(Int32ToFloat.self, n, x, y)
    default: convert(FloatToInt32.self, n, x, y)
    }
}
