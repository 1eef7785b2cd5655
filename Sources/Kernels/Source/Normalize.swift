internal import CSeptumCPU

/// The largest of each lane; a NaN may be lost, and tells in the sum of the exponentials.
private enum LargestOver: Reduction {
    @inline(__always) static var start: Float { -.infinity }
    @inline(__always) static func of(_ a: V, _ x: V) -> V { septum_larger(x, a) }
    @inline(__always) static func tree(_ a: V) -> Float { septum_tree_larger(a) }
}

/// e^x for x at most zero. What is far below, as masks are, is kept from underflow, which stalls processors.
@inline(__always) private func exponentialBelow(_ given: V) -> V {
    let isNothing = given .< all(-104)
    let x = pick(isNothing, all(0), given)
    let n = fma(x, all(1.442695), all(rounding)) - all(rounding)
    let f = fma(n, all(-1.4286068e-6), fma(n, all(-0.6931457519), x))
    return pick(isNothing, all(0), septum_scale(expCore(f), n))
}

/// Softmax of a row of some whole vectors and a last one that has at least one lane, all in registers.
@inline(__always) private func softmaxHeld(_ n: Int, _ whole: Int, _ x: In, _ y: Out) {
    let rest = n &- 16 &* whole
    let last = keep(first: rest, load(x, 16 &* whole, first: rest), else: all(-.infinity))
    let a = whole > 0 ? load(x, 0) : last, b = whole > 1 ? load(x, 16) : last, c = whole > 2 ? load(x, 32) : last
    let top = all(septum_tree_larger(septum_larger(septum_larger(a, b), septum_larger(c, last))))
    let d = keep(first: rest, exponentialBelow(last - top), else: .zero)
    let p = whole > 0 ? exponentialBelow(a - top) : d, q = whole > 1 ? exponentialBelow(b - top) : d
    let r = whole > 2 ? exponentialBelow(c - top) : d
    var sum = p
    if whole > 0 { sum = sum + q }
    if whole > 1 { sum = sum + r }
    if whole > 2 { sum = sum + d }
    let total = all(treeSum(sum))
    if whole > 0 { store(y, 0, p / total) }
    if whole > 1 { store(y, 16, q / total) }
    if whole > 2 { store(y, 32, r / total) }
    store(y, 16 &* whole, first: rest, d / total)
}

/// Softmax of one contiguous row: the sum is sixteen lanes and the tree.
@inline(__always) func softmaxRow(_ n: Int, _ x: In, _ y: Out, log: Bool) {
    let top = all(septum_tree_larger(lanesOver(LargestOver.self, n, x)))
    var sum = V.zero
    var i = 0
    while i < n {
        let shifted = load(x, i, first: n &- i) - top
        let e = exponentialBelow(shifted)
        sum = sum + (i &+ 16 <= n ? e : keep(first: n &- i, e, else: .zero))
        store(y, i, first: n &- i, log ? shifted : e)
        i &+= 16
    }
    let total = log ? logarithm(all(treeSum(sum))) : all(treeSum(sum))
    i = 0
    while i < n {
        let v = load(UnsafePointer(y), i, first: n &- i)
        store(y, i, first: n &- i, log ? v - total : v / total)
        i &+= 16
    }
}

/// Softmax over the middle axis of [outer, n, inner], `width` columns at once, the sum in order.
@inline(__always) func softmaxColumns(_ n: Int, _ inner: Int, _ width: Int, _ x: In, _ y: Out, log: Bool) {
    var top = all(-.infinity)
    var j = 0
    while j < n {
        top = maximum(top, load(x, j &* inner, first: width))
        j &+= 1
    }
    var sum = V.zero
    j = 0
    while j < n {
        let shifted = load(x, j &* inner, first: width) - top
        let e = exponentialBelow(shifted)
        sum = sum + e
        store(y, j &* inner, first: width, log ? shifted : e)
        j &+= 1
    }
    let total = log ? logarithm(sum) : sum
    j = 0
    while j < n {
        let v = load(UnsafePointer(y), j &* inner, first: width)
        store(y, j &* inner, first: width, log ? v - total : v / total)
        j &+= 1
    }
}

@inline(__always) func softmaxOver(_ outer: Int, _ n: Int, _ inner: Int, _ x: In, _ y: Out, log: Bool) {
    var o = 0
    while o < outer {
        let at = o &* n &* inner
        if inner == 1 {
            switch log ? -1 : (n &- 1) &>> 4 {
            case 0: softmaxHeld(n, 0, x + at, y + at)
            case 1: softmaxHeld(n, 1, x + at, y + at)
            case 2: softmaxHeld(n, 2, x + at, y + at)
            case 3: softmaxHeld(n, 3, x + at, y + at)
            default: softmaxRow(n, x + at, y + at, log: log)
            }
        } else {
            var i = 0
            while i < inner {
                softmaxColumns(n, inner, min(16, inner &- i), x + (at &+ i), y + (at &+ i), log: log)
                i &+= 16
            }
        }
        o &+= 1
    }
}

func softmax(_ outer: Int, _ n: Int, _ inner: Int, _ x: In, _ y: Out) { softmaxOver(outer, n, inner, x, y, log: false) }
func logSoftmax(_ outer: Int, _ n: Int, _ inner: Int, _ x: In, _ y: Out) { softmaxOver(outer, n, inner, x, y, log: true) }

/// The sum over sixteen lanes of two rows.
@inline(__always) private func sums(_ n: Int, _ x: In, _ z: In) -> (V, V) {
    var a = V.zero, b = V.zero
    var i = 0
    while i &+ 16 <= n {
        a = a + load(x, i)
        b = b + load(z, i)
        i &+= 16
    }
    if i < n {
        a = keep(first: n &- i, a + load(x, i, first: n &- i), else: a)
        b = keep(first: n &- i, b + load(z, i, first: n &- i), else: b)
    }
    return (all(treeSum(a)), all(treeSum(b)))
}

/// As `sums`, of squared distances from the means.
@inline(__always) private func squares(_ n: Int, _ x: In, _ mean: V, _ z: In, _ other: V) -> (V, V) {
    var a = V.zero, b = V.zero
    var i = 0
    while i &+ 16 <= n {
        let d = load(x, i) - mean, e = load(z, i) - other
        a = fma(d, d, a)
        b = fma(e, e, b)
        i &+= 16
    }
    if i < n {
        let d = load(x, i, first: n &- i) - mean, e = load(z, i, first: n &- i) - other
        a = keep(first: n &- i, fma(d, d, a), else: a)
        b = keep(first: n &- i, fma(e, e, b), else: b)
    }
    return (all(treeSum(a)), all(treeSum(b)))
}

/// (x - mean) / sqrt(variance + epsilon) * scale + bias along rows of n, two at a time, since the steps of one wait for each other.
func layerNorm(_ rows: Int, _ n: Int, _ x: In, _ scale: In?, _ bias: In?, _ epsilon: Float, _ y: Out) {
    let count = all(Float(n))
    var r = 0
    while r < rows {
        // The last row of an odd number goes with itself.
        let second = r &+ 1 < rows ? n : 0
        let xr = x + r &* n, yr = y + r &* n, zr = xr + second
        let sum = sums(n, xr, zr)
        let mean = sum.0 / count, other = sum.1 / count
        let square = squares(n, xr, mean, zr, other)
        let spread = all(1) / septum_sqrt(square.0 / count + all(epsilon))
        let spread2 = all(1) / septum_sqrt(square.1 / count + all(epsilon))
        var i = 0
        while i < n {
            let width = n &- i
            let scaled = scale.map { load($0, i, first: width) } ?? all(1)
            let shift = bias.map { load($0, i, first: width) } ?? .zero
            let a = load(xr, i, first: width), b = load(zr, i, first: width)
            store(yr, i, first: width, fma((a - mean) * spread, scaled, shift))
            store(yr + second, i, first: width, fma((b - other) * spread2, scaled, shift))
            i &+= 16
        }
        r &+= 2
    }
}

/// y = x * scale + shift, one scale and shift a channel of [outer, channels, inner].
func affine(_ outer: Int, _ channels: Int, _ inner: Int, _ x: In, _ scale: In, _ shift: In, _ y: Out) {
    var o = 0
    while o < outer {
        if inner == 1 {
            let at = o &* channels
            var c = 0
            while c < channels {
                let width = channels &- c
                let s = load(scale, c, first: width), b = load(shift, c, first: width)
                store(y, at &+ c, first: width, fma(load(x, at &+ c, first: width), s, b))
                c &+= 16
            }
        } else {
            var c = 0
            while c < channels {
                let at = (o &* channels &+ c) &* inner
                let s = all(scale[c]), b = all(shift[c])
                var i = 0
                while i < inner {
                    store(y, at &+ i, first: inner &- i, fma(load(x, at &+ i, first: inner &- i), s, b))
                    i &+= 16
                }
                c &+= 1
            }
        }
        o &+= 1
    }
}
