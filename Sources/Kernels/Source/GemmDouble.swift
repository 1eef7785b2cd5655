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

/// Where a tile's chains end.
typealias EdgeDouble = (y: DoubleOut, stride: Int, relu: Bool)

@inline(__always) func endDouble(_ e: EdgeDouble, _ row: Int, _ column: Int, _ n: Int, _ v: D) {
    let r = e.relu ? pick(v .< each(0), each(0), v) : v
    let y = e.y + (row &* e.stride &+ column)
    if n >= 8 {
        septum_store_d8(y, r)
    } else {
        var j = 0
        while j < n {
            y[j] = r[j]
            j &+= 1
        }
    }
}

@inline(__always) func startDouble(_ bias: DoubleIn?, _ column: Int, _ n: Int) -> D {
    guard let bias else { return .zero }
    if n >= 8 { return load(bias, column) }
    var v = D.zero
    var j = 0
    while j < n {
        v[j] = bias[column &+ j]
        j &+= 1
    }
    return v
}

/// Four rows (the last repeated where absent) of one panel.
@inline(never) func tileDouble(
    _ k: Int, _ x: DoubleIn, _ ldx: Int, _ w: DoubleIn, _ bias: DoubleIn?, _ e: EdgeDouble, _ row: Int, rows: Int, _ column: Int,
    _ n: Int
) {
    let start = startDouble(bias, column, n)
    var a = start, b = start, c = start, d = start
    let x0 = x + row &* ldx, x1 = x0 + min(1, rows &- 1) &* ldx
    let x2 = x0 + min(2, rows &- 1) &* ldx, x3 = x0 + min(3, rows &- 1) &* ldx
    var i = 0
    while i < k {
        let v = load(w, i &* 8)
        a = fma(each(x0[i]), v, a)
        b = fma(each(x1[i]), v, b)
        c = fma(each(x2[i]), v, c)
        d = fma(each(x3[i]), v, d)
        i &+= 1
    }
    endDouble(e, row, column, n, a)
    if rows > 1 { endDouble(e, row &+ 1, column, n, b) }
    if rows > 2 { endDouble(e, row &+ 2, column, n, c) }
    if rows > 3 { endDouble(e, row &+ 3, column, n, d) }
}

/// One row of one to four panels, `n` columns in all; absent panels repeat the last and are not stored.
@inline(never) func rowDouble(
    _ k: Int, _ x: DoubleIn, _ w: DoubleIn, _ bias: DoubleIn?, _ e: EdgeDouble, _ row: Int, _ column: Int, _ n: Int
) {
    let last = (n &- 1) / 8, ldw = k &* 8
    let p1 = min(1, last), p2 = min(2, last), p3 = min(3, last)
    var a = startDouble(bias, column, n), b = startDouble(bias, column &+ p1 &* 8, n &- p1 &* 8)
    var c = startDouble(bias, column &+ p2 &* 8, n &- p2 &* 8), d = startDouble(bias, column &+ p3 &* 8, n &- p3 &* 8)
    let w1 = w + p1 &* ldw, w2 = w + p2 &* ldw, w3 = w + p3 &* ldw
    var i = 0
    while i < k {
        let s = each(x[i])
        a = fma(s, load(w, i &* 8), a)
        b = fma(s, load(w1, i &* 8), b)
        c = fma(s, load(w2, i &* 8), c)
        d = fma(s, load(w3, i &* 8), d)
        i &+= 1
    }
    endDouble(e, row, column, n, a)
    if last > 0 { endDouble(e, row, column &+ 8, n &- 8, b) }
    if last > 1 { endDouble(e, row, column &+ 16, n &- 16, c) }
    if last > 2 { endDouble(e, row, column &+ 24, n &- 24, d) }
}

#if SEPTUM_V4
    typealias QuadDouble = (a: D, b: D, c: D, d: D)

    @inline(__always) func step(_ p: inout QuadDouble, _ q: inout QuadDouble, _ x: DoubleIn, _ stride: Int, _ v: D, _ w: D) {
        let s0 = each(x[0])
        p.a = fma(s0, v, p.a)
        q.a = fma(s0, w, q.a)
        let s1 = each(x[stride])
        p.b = fma(s1, v, p.b)
        q.b = fma(s1, w, q.b)
        let s2 = each(x[2 &* stride])
        p.c = fma(s2, v, p.c)
        q.c = fma(s2, w, q.c)
        let s3 = each(x[3 &* stride])
        p.d = fma(s3, v, p.d)
        q.d = fma(s3, w, q.d)
    }

    @inline(__always) func end(_ e: EdgeDouble, _ row: Int, _ column: Int, _ n: Int, _ q: QuadDouble) {
        endDouble(e, row, column, n, q.a)
        endDouble(e, row &+ 1, column, n, q.b)
        endDouble(e, row &+ 2, column, n, q.c)
        endDouble(e, row &+ 3, column, n, q.d)
    }

    /// Eight rows of two panels; `n` columns of the second.
    @inline(never) func tileDouble8x2(
        _ k: Int, _ x: DoubleIn, _ ldx: Int, _ w: DoubleIn, _ bias: DoubleIn?, _ e: EdgeDouble, _ row: Int, _ column: Int,
        _ n: Int
    ) {
        let u = startDouble(bias, column, 8), v = startDouble(bias, column &+ 8, n)
        var ap: QuadDouble = (u, u, u, u), aq: QuadDouble = (v, v, v, v), bp = ap, bq = aq
        let xa = x + row &* ldx, xb = xa + 4 &* ldx, w1 = w + k &* 8
        var i = 0
        while i < k {
            let u = load(w, i &* 8), v = load(w1, i &* 8)
            step(&ap, &aq, xa + i, ldx, u, v)
            step(&bp, &bq, xb + i, ldx, u, v)
            i &+= 1
        }
        end(e, row, column, 8, ap)
        end(e, row, column &+ 8, n, aq)
        end(e, row &+ 4, column, 8, bp)
        end(e, row &+ 4, column &+ 8, n, bq)
    }
#endif

func gemmDouble(
    _ m: Int, _ k: Int, _ n: Int, _ x: DoubleIn, _ ldx: Int, _ packed: DoubleIn, _ bias: DoubleIn?, _ y: DoubleOut,
    _ ldy: Int, _ activation: Int32
) {
    let e: EdgeDouble = (y, ldy, activation == 1)
    var top = 0
    while top < m {
        let bottom = min(m, top &+ rowBlock)
        var column = 0
        while column < n {
            let w = packed + column &* k
            if bottom &- top == 1 {
                rowDouble(k, x + top &* ldx, w, bias, e, top, column, min(32, n &- column))
                column &+= 32
                continue
            }
            var row = top
            #if SEPTUM_V4
                if n &- column > 8 {
                    while row &+ 8 <= bottom {
                        tileDouble8x2(k, x, ldx, w, bias, e, row, column, min(8, n &- column &- 8))
                        row &+= 8
                    }
                    while row < bottom {
                        let rows = min(4, bottom &- row)
                        tileDouble(k, x, ldx, w, bias, e, row, rows: rows, column, 8)
                        tileDouble(k, x, ldx, w + k &* 8, bias, e, row, rows: rows, column &+ 8, min(8, n &- column &- 8))
                        row &+= 4
                    }
                    column &+= 16
                    continue
                }
            #endif
            while row < bottom {
                tileDouble(k, x, ldx, w, bias, e, row, rows: min(4, bottom &- row), column, min(8, n &- column))
                row &+= 4
            }
            column &+= 8
        }
        top &+= rowBlock
    }
}
