internal import CSeptumCPU

// Tiles of four panels, for processors with thirty-two registers: ten loads for twenty-four multiply-adds.

#if SEPTUM_V4
    /// Four panels of one row, `n` columns of the last.
    @inline(__always) func startWide(_ e: Edge, _ row: Int, _ column: Int, _ n: Int) -> Quad {
        (
            start(e, row, column, 16), start(e, row, column &+ 16, 16), start(e, row, column &+ 32, 16),
            start(e, row, column &+ 48, n)
        )
    }

    @inline(__always) func endWide(_ e: Edge, _ row: Int, _ column: Int, _ n: Int, _ q: Quad) {
        end(e, row, column, 16, q.a)
        end(e, row, column &+ 16, 16, q.b)
        end(e, row, column &+ 32, 16, q.c)
        end(e, row, column &+ 48, n, q.d)
    }

    @inline(__always) func step(_ q: inout Quad, _ x: In, _ w: Quad) {
        let s = all(x[0])
        q.a = fma(s, w.a, q.a)
        q.b = fma(s, w.b, q.b)
        q.c = fma(s, w.c, q.c)
        q.d = fma(s, w.d, q.d)
    }

    /// The weights of one place of the depth in four panels.
    @inline(__always) func weights(_ w: In, _ ldw: Int) -> Quad {
        (load(w, 0), load(w + ldw, 0), load(w + 2 &* ldw, 0), load(w + 3 &* ldw, 0))
    }

    /// Six rows of four panels; `n` columns of the last. `ahead` is a panel that comes next.
    @inline(never) func tile6x4(
        _ k: Int, _ x: In, _ ldx: Int, _ w: In, _ ldw: Int, _ e: Edge, _ row: Int, _ column: Int, _ n: Int, ahead: In
    ) {
        var a = startWide(e, row, column, n), b = startWide(e, row &+ 1, column, n), c = startWide(e, row &+ 2, column, n)
        var d = startWide(e, row &+ 3, column, n), f = startWide(e, row &+ 4, column, n), g = startWide(e, row &+ 5, column, n)
        var upper = x + row &* ldx, lower = upper + 3 &* ldx
        var w = w, ahead = ahead
        var i = 0
        while i < k {
            let v = weights(w, ldw)
            septum_fetch(ahead)
            step(&a, upper, v)
            step(&b, upper + ldx, v)
            step(&c, upper + 2 &* ldx, v)
            step(&d, lower, v)
            step(&f, lower + ldx, v)
            step(&g, lower + 2 &* ldx, v)
            upper += 1
            lower += 1
            w += 16
            ahead += 16
            i &+= 1
        }
        endWide(e, row, column, n, a)
        endWide(e, row &+ 1, column, n, b)
        endWide(e, row &+ 2, column, n, c)
        endWide(e, row &+ 3, column, n, d)
        endWide(e, row &+ 4, column, n, f)
        endWide(e, row &+ 5, column, n, g)
    }

    /// One to four rows of four panels; absent rows repeat the last and are not stored.
    @inline(never) func tile4x4(
        _ k: Int, _ x: In, _ ldx: Int, _ w: In, _ ldw: Int, _ e: Edge, _ row: Int, rows: Int, _ column: Int, _ n: Int
    ) {
        let second = min(1, rows &- 1), third = min(2, rows &- 1), fourth = min(3, rows &- 1)
        var a = startWide(e, row, column, n), b = startWide(e, row &+ second, column, n)
        var c = startWide(e, row &+ third, column, n), d = startWide(e, row &+ fourth, column, n)
        let x0 = x + row &* ldx
        let x1 = x0 + second &* ldx, x2 = x0 + third &* ldx, x3 = x0 + fourth &* ldx
        var i = 0
        while i < k {
            let v = weights(w + i &* 16, ldw)
            step(&a, x0 + i, v)
            step(&b, x1 + i, v)
            step(&c, x2 + i, v)
            step(&d, x3 + i, v)
            i &+= 1
        }
        endWide(e, row, column, n, a)
        if rows > 1 { endWide(e, row &+ 1, column, n, b) }
        if rows > 2 { endWide(e, row &+ 2, column, n, c) }
        if rows > 3 { endWide(e, row &+ 3, column, n, d) }
    }

    /// One block of rows by four panels, `n` columns of the last; the weights of the four at `next` are fetched meanwhile.
    @inline(__always) func wideStripe(
        _ rows: Int, _ k: Int, _ x: In, _ ldx: Int, _ w: In, _ ldw: Int, _ e: Edge, _ row: Int, _ column: Int, _ n: Int, next: In
    ) {
        var r = row
        let end = row &+ rows
        // Seven, eight and eleven rows go by fours, and so does what is left.
        while end &- r > 11 || end &- r == 6 || end &- r == 9 || end &- r == 10 {
            // The first tile waits for its own weights.
            let ahead = r == row ? w : next + min((r &- row) / 6 &- 1, 3) &* ldw
            tile6x4(k, x, ldx, w, ldw, e, r, column, n, ahead: ahead)
            r &+= 6
        }
        while r < end {
            tile4x4(k, x, ldx, w, ldw, e, r, rows: min(4, end &- r), column, n)
            r &+= 4
        }
    }
#endif
