internal import CSeptumCPU

// float64: panels of eight columns, one chain an output.

typealias DoubleIn = UnsafePointer<Double>
typealias DoubleOut = UnsafeMutablePointer<Double>
@inline(__always) func load(_ p: DoubleIn, _ i: Int) -> D { septum_load_d8(p + i) }

func gemmDoublePack(_ k: Int, _ n: Int, _ w: DoubleIn, _ ldw: Int, _ transposed: Int32, _ packed: DoubleOut) {
    var panel = 0
    var p = packed
    while panel < n {
        var i = 0
        while i < k {
            var j = 0
            while j < 8 {
                let column = panel &+ j
                p[j] = column >= n ? 0 : transposed == 0 ? w[i &* ldw &+ column] : w[column &* ldw &+ i]
                j &+= 1
            }
            p += 8
            i &+= 1
        }
        panel &+= 8
    }
}

/// Four rows (the last repeated where absent) of one panel.
@inline(never) func tileDouble(
    _ k: Int, _ x: DoubleIn, _ ldx: Int, rows: Int, _ w: DoubleIn, _ start: D, _ y: DoubleOut, _ ldy: Int, _ n: Int,
    _ relu: Bool
) {
    var a = start, b = start, c = start, d = start
    let x1 = x + min(1, rows &- 1) &* ldx, x2 = x + min(2, rows &- 1) &* ldx, x3 = x + min(3, rows &- 1) &* ldx
    var i = 0
    while i < k {
        let v = load(w, i &* 8)
        a = fma(each(x[i]), v, a)
        b = fma(each(x1[i]), v, b)
        c = fma(each(x2[i]), v, c)
        d = fma(each(x3[i]), v, d)
        i &+= 1
    }
    endDouble(y, n, a, relu)
    if rows > 1 { endDouble(y + ldy, n, b, relu) }
    if rows > 2 { endDouble(y + 2 &* ldy, n, c, relu) }
    if rows > 3 { endDouble(y + 3 &* ldy, n, d, relu) }
}

@inline(__always) func endDouble(_ y: DoubleOut, _ n: Int, _ v: D, _ relu: Bool) {
    let r = relu ? pick(v .< each(0), each(0), v) : v
    if n == 8 {
        septum_store_d8(y, r)
    } else {
        var j = 0
        while j < n {
            y[j] = r[j]
            j &+= 1
        }
    }
}

func gemmDouble(
    _ m: Int, _ k: Int, _ n: Int, _ x: DoubleIn, _ ldx: Int, _ packed: DoubleIn, _ bias: DoubleIn?, _ y: DoubleOut,
    _ ldy: Int, _ activation: Int32
) {
    var column = 0
    var w = packed
    while column < n {
        let width = min(8, n &- column)
        var start = D.zero
        if let bias {
            var j = 0
            while j < width {
                start[j] = bias[column &+ j]
                j &+= 1
            }
        }
        var row = 0
        while row < m {
            tileDouble(
                k, x + row &* ldx, ldx, rows: min(4, m &- row), w, start, y + (row &* ldy &+ column), ldy, width,
                activation == 1)
            row &+= 4
        }
        column &+= 8
        w += k &* 8
    }
}
