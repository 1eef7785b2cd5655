internal import CSeptumCPU

// y[m, n] = activation(bias + x[m, k] w[k, n]): every output is one chain of fused multiply-adds over k from its bias,
// whatever the tile. Packed weights: [ceil(n / 16)][k][16], zeros beyond n.

/// Four rows of one panel. Tuples, not structs: a struct's metadata would bring code that the linker shares between levels.
typealias Quad = (a: V, b: V, c: V, d: V)

@inline(__always) func step(_ q: inout Quad, _ x: In, _ stride: Int, _ w: V) {
    q.a = fma(all(x[0]), w, q.a)
    q.b = fma(all(x[stride]), w, q.b)
    q.c = fma(all(x[2 &* stride]), w, q.c)
    q.d = fma(all(x[3 &* stride]), w, q.d)
}

/// Four rows of two panels.
@inline(__always) func step(_ p: inout Quad, _ q: inout Quad, _ x: In, _ stride: Int, _ v: V, _ w: V) {
    let s0 = all(x[0])
    p.a = fma(s0, v, p.a)
    q.a = fma(s0, w, q.a)
    let s1 = all(x[stride])
    p.b = fma(s1, v, p.b)
    q.b = fma(s1, w, q.b)
    let s2 = all(x[2 &* stride])
    p.c = fma(s2, v, p.c)
    q.c = fma(s2, w, q.c)
    let s3 = all(x[3 &* stride])
    p.d = fma(s3, v, p.d)
    q.d = fma(s3, w, q.d)
}

/// Where a tile's chains start and end: from y rather than the bias when one `resumes`; one bias a row when `byRow`.
/// Relu before or after the addend, which is laid out as y.
typealias Edge = (
    y: Out, stride: Int, resumes: Bool, bias: In?, byRow: Bool, reluFirst: Bool, addend: In?, reluLast: Bool
)

@inline(__always) func rectified(_ v: V) -> V { septum_larger(all(0), v) }

@inline(__always) func start(_ e: Edge, _ row: Int, _ column: Int, _ n: Int) -> V {
    if e.resumes { return load(UnsafePointer(e.y), row &* e.stride &+ column, first: n) }
    guard let bias = e.bias else { return .zero }
    return e.byRow ? all(bias[row]) : load(bias, column, first: n)
}

@inline(__always) func start(_ e: Edge, _ row: Int, rows: Int, _ column: Int, _ n: Int) -> Quad {
    (
        start(e, row, column, n), start(e, row &+ min(1, rows &- 1), column, n),
        start(e, row &+ min(2, rows &- 1), column, n), start(e, row &+ min(3, rows &- 1), column, n)
    )
}

@inline(__always) func end(_ e: Edge, _ row: Int, _ column: Int, _ n: Int, _ v: V) {
    let at = row &* e.stride &+ column
    var r = e.reluFirst ? rectified(v) : v
    if let addend = e.addend { r = r + load(addend, at, first: n) }
    store(e.y, at, first: n, e.reluLast ? rectified(r) : r)
}

@inline(__always) func end(_ e: Edge, _ row: Int, rows: Int, _ column: Int, _ n: Int, _ q: Quad) {
    end(e, row, column, n, q.a)
    if rows > 1 { end(e, row &+ 1, column, n, q.b) }
    if rows > 2 { end(e, row &+ 2, column, n, q.c) }
    if rows > 3 { end(e, row &+ 3, column, n, q.d) }
}

/// Twelve, eight or four rows of two panels; `n` columns of the second. `ahead` is a panel that comes next.
@inline(never) func tile12x2(
    _ k: Int, _ x: In, _ ldx: Int, _ w: In, _ ldw: Int, _ e: Edge, _ row: Int, _ column: Int, _ n: Int, ahead: In
) {
    var ap = start(e, row, rows: 4, column, 16), aq = start(e, row, rows: 4, column &+ 16, n)
    var bp = start(e, row &+ 4, rows: 4, column, 16), bq = start(e, row &+ 4, rows: 4, column &+ 16, n)
    var cp = start(e, row &+ 8, rows: 4, column, 16), cq = start(e, row &+ 8, rows: 4, column &+ 16, n)
    let xa = x + row &* ldx, xb = xa + 4 &* ldx, xc = xa + 8 &* ldx
    var i = 0
    while i < k {
        let v = load(w, i &* 16), u = load(w + ldw, i &* 16)
        septum_fetch(ahead + i &* 16)
        step(&ap, &aq, xa + i, ldx, v, u)
        step(&bp, &bq, xb + i, ldx, v, u)
        step(&cp, &cq, xc + i, ldx, v, u)
        i &+= 1
    }
    end(e, row, rows: 4, column, 16, ap)
    end(e, row, rows: 4, column &+ 16, n, aq)
    end(e, row &+ 4, rows: 4, column, 16, bp)
    end(e, row &+ 4, rows: 4, column &+ 16, n, bq)
    end(e, row &+ 8, rows: 4, column, 16, cp)
    end(e, row &+ 8, rows: 4, column &+ 16, n, cq)
}

@inline(never) func tile8x2(_ k: Int, _ x: In, _ ldx: Int, _ w: In, _ ldw: Int, _ e: Edge, _ row: Int, _ column: Int, _ n: Int) {
    var ap = start(e, row, rows: 4, column, 16), aq = start(e, row, rows: 4, column &+ 16, n)
    var bp = start(e, row &+ 4, rows: 4, column, 16), bq = start(e, row &+ 4, rows: 4, column &+ 16, n)
    let xa = x + row &* ldx, xb = xa + 4 &* ldx
    var i = 0
    while i < k {
        let v = load(w, i &* 16), u = load(w + ldw, i &* 16)
        step(&ap, &aq, xa + i, ldx, v, u)
        step(&bp, &bq, xb + i, ldx, v, u)
        i &+= 1
    }
    end(e, row, rows: 4, column, 16, ap)
    end(e, row, rows: 4, column &+ 16, n, aq)
    end(e, row &+ 4, rows: 4, column, 16, bp)
    end(e, row &+ 4, rows: 4, column &+ 16, n, bq)
}

/// One to four rows of two panels; absent rows repeat the last and are not stored.
@inline(never) func tile4x2(
    _ k: Int, _ x: In, _ ldx: Int, _ w: In, _ ldw: Int, _ e: Edge, _ row: Int, rows: Int, _ column: Int, _ n: Int
) {
    var p = start(e, row, rows: rows, column, 16), q = start(e, row, rows: rows, column &+ 16, n)
    let x0 = x + row &* ldx, x1 = x0 + min(1, rows &- 1) &* ldx
    let x2 = x0 + min(2, rows &- 1) &* ldx, x3 = x0 + min(3, rows &- 1) &* ldx
    var i = 0
    while i < k {
        let v = load(w, i &* 16), u = load(w + ldw, i &* 16)
        let s0 = all(x0[i]), s1 = all(x1[i]), s2 = all(x2[i]), s3 = all(x3[i])
        p.a = fma(s0, v, p.a)
        q.a = fma(s0, u, q.a)
        p.b = fma(s1, v, p.b)
        q.b = fma(s1, u, q.b)
        p.c = fma(s2, v, p.c)
        q.c = fma(s2, u, q.c)
        p.d = fma(s3, v, p.d)
        q.d = fma(s3, u, q.d)
        i &+= 1
    }
    end(e, row, rows: rows, column, 16, p)
    end(e, row, rows: rows, column &+ 16, n, q)
}

/// Twelve rows of one panel.
@inline(never) func tile12x1(_ k: Int, _ x: In, _ ldx: Int, _ w: In, _ e: Edge, _ row: Int, _ column: Int, _ n: Int) {
    var a = start(e, row, rows: 4, column, n), b = start(e, row &+ 4, rows: 4, column, n)
    var c = start(e, row &+ 8, rows: 4, column, n)
    let xa = x + row &* ldx, xb = xa + 4 &* ldx, xc = xa + 8 &* ldx
    var i = 0
    while i < k {
        let v = load(w, i &* 16)
        step(&a, xa + i, ldx, v)
        step(&b, xb + i, ldx, v)
        step(&c, xc + i, ldx, v)
        i &+= 1
    }
    end(e, row, rows: 4, column, n, a)
    end(e, row &+ 4, rows: 4, column, n, b)
    end(e, row &+ 8, rows: 4, column, n, c)
}

#if SEPTUM_V3
    /// Six rows of one panel, which fill the registers. `ahead` is a panel that comes next.
    @inline(never) func tile6x1(
        _ k: Int, _ x: In, _ ldx: Int, _ w: In, _ e: Edge, _ row: Int, _ column: Int, _ n: Int, ahead: In
    ) {
        var a = start(e, row, column, n), b = start(e, row &+ 1, column, n), c = start(e, row &+ 2, column, n)
        var d = start(e, row &+ 3, column, n), f = start(e, row &+ 4, column, n), g = start(e, row &+ 5, column, n)
        var lower = x + row &* ldx, upper = x + (row &+ 3) &* ldx
        var i = 0
        while i < k {
            let v = load(w, i &* 16)
            septum_fetch(ahead + i &* 16)
            a = fma(all(lower[0]), v, a)
            b = fma(all(lower[ldx]), v, b)
            c = fma(all(lower[2 &* ldx]), v, c)
            d = fma(all(upper[0]), v, d)
            f = fma(all(upper[ldx]), v, f)
            g = fma(all(upper[2 &* ldx]), v, g)
            lower += 1
            upper += 1
            i &+= 1
        }
        end(e, row, column, n, a)
        end(e, row &+ 1, column, n, b)
        end(e, row &+ 2, column, n, c)
        end(e, row &+ 3, column, n, d)
        end(e, row &+ 4, column, n, f)
        end(e, row &+ 5, column, n, g)
    }
#endif

/// One to four rows of one panel.
@inline(never) func tile4x1(
    _ k: Int, _ x: In, _ ldx: Int, _ w: In, _ e: Edge, _ row: Int, rows: Int, _ column: Int, _ n: Int
) {
    var p = start(e, row, rows: rows, column, n)
    let x0 = x + row &* ldx, x1 = x0 + min(1, rows &- 1) &* ldx
    let x2 = x0 + min(2, rows &- 1) &* ldx, x3 = x0 + min(3, rows &- 1) &* ldx
    var i = 0
    while i < k {
        let v = load(w, i &* 16)
        p.a = fma(all(x0[i]), v, p.a)
        p.b = fma(all(x1[i]), v, p.b)
        p.c = fma(all(x2[i]), v, p.c)
        p.d = fma(all(x3[i]), v, p.d)
        i &+= 1
    }
    end(e, row, rows: rows, column, n, p)
}

/// The chains of one row over four panels, and over one.
@inline(__always) func chains(_ k: Int, _ x: In, _ w: In, _ w1: In, _ w2: In, _ w3: In, _ q: inout Quad) {
    var i = 0
    while i < k {
        let s = all(x[i])
        q.a = fma(s, load(w, i &* 16), q.a)
        q.b = fma(s, load(w1, i &* 16), q.b)
        q.c = fma(s, load(w2, i &* 16), q.c)
        q.d = fma(s, load(w3, i &* 16), q.d)
        i &+= 1
    }
}

@inline(__always) func chains(_ k: Int, _ x: In, _ w: In, _ a: inout V) {
    var i = 0
    while i < k {
        a = fma(all(x[i]), load(w, i &* 16), a)
        i &+= 1
    }
}

/// One row of two to four panels, `n` columns in all; absent panels repeat the last and are not stored.
@inline(never) func tile1x4(_ k: Int, _ x: In, _ w: In, _ ldw: Int, _ e: Edge, _ row: Int, _ column: Int, _ n: Int) {
    let third = n > 32, fourth = n > 48
    let c0 = third ? column &+ 32 : column, d0 = fourth ? column &+ 48 : column
    var q: Quad = (
        start(e, row, column, 16), start(e, row, column &+ 16, n &- 16), start(e, row, c0, third ? n &- 32 : 16),
        start(e, row, d0, fourth ? n &- 48 : 16)
    )
    let w1 = w + ldw, w2 = third ? w1 + ldw : w, w3 = fourth ? w2 + ldw : w
    chains(k, x, w, w1, w2, w3, &q)
    end(e, row, column, 16, q.a)
    end(e, row, column &+ 16, n &- 16, q.b)
    if third { end(e, row, c0, n &- 32, q.c) }
    if fourth { end(e, row, d0, n &- 48, q.d) }
}

@inline(never) func tile1x1(_ k: Int, _ x: In, _ w: In, _ e: Edge, _ row: Int, _ column: Int, _ n: Int) {
    var a = start(e, row, column, n)
    chains(k, x, w, &a)
    end(e, row, column, n, a)
}
