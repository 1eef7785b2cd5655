// Over the middle axis of [outer, n, inner]. Along a contiguous axis: sixteen lanes and the fixed tree.

protocol Reduction {
    static var start: Float { get }
    static func of(_ a: V, _ x: V) -> V
    static func tree(_ a: V) -> Float
    static func end(_ a: V, _ n: Int) -> V
}

extension Reduction {
    @inline(__always) static func end(_ a: V, _ n: Int) -> V { a }
}

enum SumOver: Reduction {
    @inline(__always) static var start: Float { 0 }
    @inline(__always) static func of(_ a: V, _ x: V) -> V { a + x }
    @inline(__always) static func tree(_ a: V) -> Float { treeSum(a) }
}
enum MeanOver: Reduction {
    @inline(__always) static var start: Float { 0 }
    @inline(__always) static func of(_ a: V, _ x: V) -> V { a + x }
    @inline(__always) static func tree(_ a: V) -> Float { treeSum(a) }
    @inline(__always) static func end(_ a: V, _ n: Int) -> V { a / all(Float(n)) }
}
enum MaximumOver: Reduction {
    @inline(__always) static var start: Float { -.infinity }
    @inline(__always) static func of(_ a: V, _ x: V) -> V { maximum(a, x) }
    @inline(__always) static func tree(_ a: V) -> Float { treeMaximum(a) }
}
enum MinimumOver: Reduction {
    @inline(__always) static var start: Float { .infinity }
    @inline(__always) static func of(_ a: V, _ x: V) -> V { minimum(a, x) }
    @inline(__always) static func tree(_ a: V) -> Float { treeMinimum(a) }
}
enum ProductOver: Reduction {
    @inline(__always) static var start: Float { 1 }
    @inline(__always) static func of(_ a: V, _ x: V) -> V { a * x }
    @inline(__always) static func tree(_ a: V) -> Float { treeProduct(a) }
}
enum SquaresOver: Reduction {
    @inline(__always) static var start: Float { 0 }
    @inline(__always) static func of(_ a: V, _ x: V) -> V { fma(x, x, a) }
    @inline(__always) static func tree(_ a: V) -> Float { treeSum(a) }
}
enum AbsolutesOver: Reduction {
    @inline(__always) static var start: Float { 0 }
    @inline(__always) static func of(_ a: V, _ x: V) -> V { a + magnitude(x) }
    @inline(__always) static func tree(_ a: V) -> Float { treeSum(a) }
}

/// Sixteen lanes, lane i taking elements i, i + 16, ...
@inline(__always) func lanesOver<R: Reduction>(_ r: R.Type, _ n: Int, _ x: In) -> V {
    var a = all(R.start)
    var i = 0
    while i &+ 16 <= n {
        a = R.of(a, load(x, i))
        i &+= 16
    }
    if i < n { a = keep(first: n &- i, R.of(a, load(x, i, first: n &- i)), else: a) }
    return a
}

@inline(never) func fold<R: Reduction>(_ r: R.Type, _ outer: Int, _ n: Int, _ inner: Int, _ x: In, _ y: Out) {
    var o = 0
    while o < outer {
        let xo = x + o &* n &* inner
        if inner == 1 {
            y[o] = R.end(all(R.tree(lanesOver(r, n, xo))), n)[0]
        } else {
            var i = 0
            while i < inner {
                let width = min(16, inner &- i)
                var a = all(R.start)
                var j = 0
                while j < n {
                    a = R.of(a, load(xo, j &* inner &+ i, first: width))
                    j &+= 1
                }
                store(y, o &* inner &+ i, first: width, R.end(a, n))
                i &+= 16
            }
        }
        o &+= 1
    }
}

/// `operation` is a raw value of `ReduceOperation`.
func reduce(_ operation: Int32, _ outer: Int, _ n: Int, _ inner: Int, _ x: In, _ y: Out) {
    switch operation {
    case 0: fold(SumOver.self, outer, n, inner, x, y)
    case 1: fold(MeanOver.self, outer, n, inner, x, y)
    case 2: fold(MaximumOver.self, outer, n, inner, x, y)
    case 3: fold(MinimumOver.self, outer, n, inner, x, y)
    case 4: fold(ProductOver.self, outer, n, inner, x, y)
    case 5: fold(SquaresOver.self, outer, n, inner, x, y)
    default: fold(AbsolutesOver.self, outer, n, inner, x, y)
    }
}
