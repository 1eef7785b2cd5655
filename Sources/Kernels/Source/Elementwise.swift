internal import CSeptumCPU

/// One function of one vector; `a` and `b` are the operation's parameters.
protocol Unary { static func of(_ x: V, _ a: V, _ b: V) -> V }

enum Relu: Unary { @inline(__always) static func of(_ x: V, _ a: V, _ b: V) -> V { rectified(x) } }
enum Tanh: Unary { @inline(__always) static func of(_ x: V, _ a: V, _ b: V) -> V { hyperbolicTangent(x) } }
enum Sigmoid: Unary { @inline(__always) static func of(_ x: V, _ a: V, _ b: V) -> V { sigmoid(x) } }
enum LeakyRelu: Unary { @inline(__always) static func of(_ x: V, _ a: V, _ b: V) -> V { pick(x .< all(0), a * x, x) } }
enum Elu: Unary {
    @inline(__always) static func of(_ x: V, _ a: V, _ b: V) -> V { pick(x .< all(0), a * exponentialMinusOne(x), x) }
}
enum Selu: Unary {
    @inline(__always) static func of(_ x: V, _ a: V, _ b: V) -> V {
        let e = exponentialMinusOne(x), both = a * b
        return pick(x .< all(0), fma(e, both, e * fma(a, b, -both)), b * x)
    }
}
enum Gelu: Unary { @inline(__always) static func of(_ x: V, _ a: V, _ b: V) -> V { gelu(x) } }
enum Softplus: Unary { @inline(__always) static func of(_ x: V, _ a: V, _ b: V) -> V { softplus(x) } }
enum Exp: Unary { @inline(__always) static func of(_ x: V, _ a: V, _ b: V) -> V { exponential(x) } }
enum Log: Unary { @inline(__always) static func of(_ x: V, _ a: V, _ b: V) -> V { logarithm(x) } }
enum Erf: Unary { @inline(__always) static func of(_ x: V, _ a: V, _ b: V) -> V { errorFunction(x) } }
enum Sqrt: Unary { @inline(__always) static func of(_ x: V, _ a: V, _ b: V) -> V { septum_sqrt(x) } }
enum Reciprocal: Unary { @inline(__always) static func of(_ x: V, _ a: V, _ b: V) -> V { all(1) / x } }
enum Abs: Unary { @inline(__always) static func of(_ x: V, _ a: V, _ b: V) -> V { magnitude(x) } }
enum Neg: Unary {
    @inline(__always) static func of(_ x: V, _ a: V, _ b: V) -> V { float(bits(x) ^ every(Int32.min)) }
}
enum Floor: Unary { @inline(__always) static func of(_ x: V, _ a: V, _ b: V) -> V { septum_floor(x) } }
enum Ceil: Unary { @inline(__always) static func of(_ x: V, _ a: V, _ b: V) -> V { septum_ceil(x) } }
enum Round: Unary {
    @inline(__always) static func of(_ x: V, _ a: V, _ b: V) -> V {
        let t = magnitude(x)
        return signed(pick(t .< all(0x1p23), (t + all(0x1p23)) - all(0x1p23), t), like: x)
    }
}
enum Sin: Unary { @inline(__always) static func of(_ x: V, _ a: V, _ b: V) -> V { circular(x, turn: 0) } }
enum Cos: Unary { @inline(__always) static func of(_ x: V, _ a: V, _ b: V) -> V { circular(x, turn: 1) } }
enum Clip: Unary { @inline(__always) static func of(_ x: V, _ a: V, _ b: V) -> V { atMost(atLeast(x, a), b) } }
enum Silu: Unary { @inline(__always) static func of(_ x: V, _ a: V, _ b: V) -> V { silu(x) } }
enum HardSigmoid: Unary {
    @inline(__always) static func of(_ x: V, _ a: V, _ b: V) -> V { atMost(atLeast(fma(a, x, b), all(0)), all(1)) }
}
enum Mish: Unary { @inline(__always) static func of(_ x: V, _ a: V, _ b: V) -> V { mish(x) } }
enum GeluTanh: Unary { @inline(__always) static func of(_ x: V, _ a: V, _ b: V) -> V { geluTanh(x) } }
enum Softsign: Unary { @inline(__always) static func of(_ x: V, _ a: V, _ b: V) -> V { x / (all(1) + magnitude(x)) } }
enum HardSwish: Unary {
    @inline(__always) static func of(_ x: V, _ a: V, _ b: V) -> V {
        x * (atMost(atLeast(x, all(-3)) + all(3), all(6)) / all(6))
    }
}
enum Atan: Unary { @inline(__always) static func of(_ x: V, _ a: V, _ b: V) -> V { arcTangent(x) } }

@inline(never) func map<T: Unary>(_ t: T.Type, _ n: Int, _ x: In, _ y: Out, _ a: Float, _ b: Float) {
    let a = all(a), b = all(b)
    var i = 0
    while i &+ lanes <= n {
        store(y, i, T.of(load(x, i), a, b))
        i &+= lanes
    }
    if i < n { store(y, i, first: n &- i, T.of(load(x, i, first: n &- i), a, b)) }
}

/// `operation` is a raw value of `UnaryOperation`.
func unary(_ operation: Int32, _ n: Int, _ x: In, _ y: Out, _ a: Float, _ b: Float) {
    switch operation {
    case 1: map(Relu.self, n, x, y, a, b)
    case 2: map(Tanh.self, n, x, y, a, b)
    case 3: map(Sigmoid.self, n, x, y, a, b)
    case 4: map(LeakyRelu.self, n, x, y, a, b)
    case 5: map(Elu.self, n, x, y, a, b)
    case 6: map(Selu.self, n, x, y, a, b)
    case 7: map(Gelu.self, n, x, y, a, b)
    case 8: map(Softplus.self, n, x, y, a, b)
    case 9: map(Exp.self, n, x, y, a, b)
    case 10: map(Log.self, n, x, y, a, b)
    case 11: map(Erf.self, n, x, y, a, b)
    case 12: map(Sqrt.self, n, x, y, a, b)
    case 13: map(Reciprocal.self, n, x, y, a, b)
    case 14: map(Abs.self, n, x, y, a, b)
    case 15: map(Neg.self, n, x, y, a, b)
    case 16: map(Floor.self, n, x, y, a, b)
    case 17: map(Ceil.self, n, x, y, a, b)
    case 18: map(Round.self, n, x, y, a, b)
    case 19: map(Sin.self, n, x, y, a, b)
    case 20: map(Cos.self, n, x, y, a, b)
    case 21: map(Clip.self, n, x, y, a, b)
    case 22: map(Silu.self, n, x, y, a, b)
    case 23: map(HardSigmoid.self, n, x, y, a, b)
    case 24: map(Mish.self, n, x, y, a, b)
    case 25: map(GeluTanh.self, n, x, y, a, b)
    case 26: map(Softsign.self, n, x, y, a, b)
    case 27: map(HardSwish.self, n, x, y, a, b)
    case 28: map(Atan.self, n, x, y, a, b)
    default: if x != UnsafePointer(y) { copy(n, x, y) }
    }
}

@inline(__always) func copy(_ n: Int, _ x: In, _ y: Out) {
    var i = 0
    while i < n { store(y, i, first: n &- i, load(x, i, first: n &- i)); i &+= lanes }
}

protocol Binary { static func of(_ x: V, _ y: V) -> V }
enum Add: Binary { @inline(__always) static func of(_ x: V, _ y: V) -> V { x + y } }
enum Subtract: Binary { @inline(__always) static func of(_ x: V, _ y: V) -> V { x - y } }
enum Multiply: Binary { @inline(__always) static func of(_ x: V, _ y: V) -> V { x * y } }
enum Divide: Binary { @inline(__always) static func of(_ x: V, _ y: V) -> V { x / y } }
enum Maximum: Binary { @inline(__always) static func of(_ x: V, _ y: V) -> V { maximum(x, y) } }
enum Minimum: Binary { @inline(__always) static func of(_ x: V, _ y: V) -> V { minimum(x, y) } }
enum Power: Binary { @inline(__always) static func of(_ x: V, _ y: V) -> V { power(x, y) } }

/// A step of 0 repeats the operand's first element.
@inline(never) func zip<T: Binary>(_ t: T.Type, _ n: Int, _ x: In, _ xStep: Int, _ y: In, _ yStep: Int, _ z: Out) {
    var i = 0
    if xStep == 0 {
        let a = all(x[0])
        while i < n { store(z, i, first: n &- i, T.of(a, load(y, i, first: n &- i))); i &+= lanes }
    } else if yStep == 0 {
        let b = all(y[0])
        while i < n { store(z, i, first: n &- i, T.of(load(x, i, first: n &- i), b)); i &+= lanes }
    } else {
        while i < n {
            store(z, i, first: n &- i, T.of(load(x, i, first: n &- i), load(y, i, first: n &- i)))
            i &+= lanes
        }
    }
}

/// `operation` is a raw value of `BinaryOperation`.
func binary(_ operation: Int32, _ n: Int, _ x: In, _ xStep: Int, _ y: In, _ yStep: Int, _ z: Out) {
    if n <= 0 { return }
    switch operation {
    case 0: zip(Add.self, n, x, xStep, y, yStep, z)
    case 1: zip(Subtract.self, n, x, xStep, y, yStep, z)
    case 2: zip(Multiply.self, n, x, xStep, y, yStep, z)
    case 3: zip(Divide.self, n, x, xStep, y, yStep, z)
    case 4: zip(Maximum.self, n, x, xStep, y, yStep, z)
    case 5: zip(Minimum.self, n, x, xStep, y, yStep, z)
    default: zip(Power.self, n, x, xStep, y, yStep, z)
    }
}
