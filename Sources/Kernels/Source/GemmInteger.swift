internal import CSeptumCPU
internal import SeptumKernelTable

// y[m, n] = ended(start[n] + x[m, k] w[k, n]) with x of unsigned and w of signed bytes, added up in int32 and wrapping there: no
// order of additions shows. The depth goes in units of four bytes: four factors where the processor multiplies bytes, two
// widened to int16 elsewhere. Packed weights: [ceil(n / 16)][units][16][4 or 2], zeros beyond k and n.

/// How many rows are widened at a time.
let integerRowBlock = 96

/// What a unit of the depth holds.
protocol Depth {
    static var factors: Int { get }
    /// Whether there are tiles for deep products.
    static var hasTiles: Bool { get }
    /// The factors of a unit of x, the same in every lane, times those of w, added to the sums.
    static func dot(_ sums: I, _ x: I, _ w: I) -> I
    static func write(_ p: RawOut, _ n: Int, _ v: I)
    /// Factor `i` of a unit, within the sixteen places that hold it.
    static func place(_ v: I, _ i: Int) -> I
}

enum Pairs: Depth {
    @inline(__always) static var factors: Int { 2 }
    @inline(__always) static var hasTiles: Bool { false }
    @inline(__always) static func dot(_ sums: I, _ x: I, _ w: I) -> I { septum_dot_pairs(sums, x, w) }
    @inline(__always) static func write(_ p: RawOut, _ n: Int, _ v: I) { septum_store_int16(p, n, v) }
    @inline(__always) static func place(_ v: I, _ i: Int) -> I { i == 0 ? v & every(0xffff) : v &<< 16 }
}

#if SEPTUM_V4
    enum Fours: Depth {
        @inline(__always) static var factors: Int { 4 }
        @inline(__always) static var hasTiles: Bool { false }
        @inline(__always) static func dot(_ sums: I, _ x: I, _ w: I) -> I { septum_dot_bytes(sums, x, w) }
        @inline(__always) static func write(_ p: RawOut, _ n: Int, _ v: I) { septum_store_uint8(p, n, v) }
        @inline(__always) static func place(_ v: I, _ i: Int) -> I {
            (v & every(0xff)) &<< Int32(truncatingIfNeeded: 8 &* i)
        }
    }
#endif

/// Whether a product is deep enough for tiles.
@inline(__always) func usesTiles<D: Depth>(_ d: D.Type, _ k: Int) -> Bool { D.hasTiles && k >= 48 }

/// How many units the depth has, fillers included: tiles take sixteen.
@inline(__always) func integerUnits<D: Depth>(_ d: D.Type, _ k: Int) -> Int {
    usesTiles(d, k) ? (k &+ 63) / 64 &* 16 : (k &+ D.factors &- 1) / D.factors
}

/// Four rows, or four panels of one row.
typealias Sums = (a: I, b: I, c: I, d: I)
typealias Ends = UnsafePointer<IntegerEnding>

@inline(__always) func integers(_ p: Raw, _ at: Int) -> I { septum_load_i16(p + at) }
@inline(__always) func unit(_ p: Raw, _ at: Int) -> I { every(p.loadUnaligned(fromByteOffset: at, as: Int32.self)) }

/// Packs signed bytes w[k, n].
@inline(__always) func integerPack<D: Depth>(_ d: D.Type, _ k: Int, _ n: Int, _ w: Raw, _ packed: RawOut) {
    let units = integerUnits(d, k)
    var p = packed
    var panel = 0
    while panel < n {
        let columns = min(16, n &- panel)
        var unit = 0
        while unit < units {
            var v = every(0)
            var i = 0
            while i < D.factors {
                let row = unit &* D.factors &+ i
                if row < k { v = v | D.place(septum_load_int8(w + (row &* n &+ panel), columns), i) }
                i &+= 1
            }
            septum_store_i16(p + unit &* 64, v)
            unit &+= 1
        }
        p += units &* 64
        panel &+= 16
    }
}

/// Rows of x as whole units; signed bytes become unsigned, 128 above.
@inline(never) func integerRows<D: Depth>(_ d: D.Type, _ rows: Int, _ k: Int, _ x: Raw, _ isSigned: Bool, _ target: RawOut) {
    let places = integerUnits(d, k) &* D.factors
    let flip = every(isSigned ? 128 : 0)
    var row = 0
    while row < rows {
        let to = target + row &* places &* (4 / D.factors)
        var i = 0
        while i < places {
            let v = septum_load_uint8(x + (row &* k &+ i), min(16, k &- i)) ^ flip
            D.write(to + i &* (4 / D.factors), min(16, places &- i), v)
            i &+= 16
        }
        row &+= 1
    }
}

/// Stores up to sixteen elements of a row from `column` on.
@inline(__always) func end(_ e: Ends, _ y: RawOut, _ at: Int, _ column: Int, _ n: Int, _ sums: I) {
    let f = e.pointee
    guard let scale = f.scale else {
        septum_store_first_i16(y + at &* 4, min(16, n), sums)
        return
    }
    var v = septum_from_integers(sums) * load(scale, column)
    if let addend = f.addend { v = v + load(addend, column) }
    if f.storesBytes == 0 {
        store((y + at &* 4).assumingMemoryBound(to: Float.self), 0, first: n, f.relu != 0 ? rectified(v) : v)
        return
    }
    let kept = septum_smaller(septum_larger(v, all(f.low)), all(f.high))
    septum_store_uint8(y + at, min(16, n), integer(kept) &+ every(f.zero))
}

@inline(__always) func end(_ e: Ends, _ y: RawOut, _ ldy: Int, _ row: Int, rows: Int, _ column: Int, _ n: Int, _ s: Sums) {
    let at = row &* ldy &+ column
    end(e, y, at, column, n, s.a)
    if rows > 1 { end(e, y, at &+ ldy, column, n, s.b) }
    if rows > 2 { end(e, y, at &+ 2 &* ldy, column, n, s.c) }
    if rows > 3 { end(e, y, at &+ 3 &* ldy, column, n, s.d) }
}

@inline(__always) func step<D: Depth>(_ d: D.Type, _ s: inout Sums, _ x: Raw, _ at: Int, _ ldx: Int, _ w: I) {
    s.a = D.dot(s.a, unit(x, at), w)
    s.b = D.dot(s.b, unit(x, at &+ ldx), w)
    s.c = D.dot(s.c, unit(x, at &+ 2 &* ldx), w)
    s.d = D.dot(s.d, unit(x, at &+ 3 &* ldx), w)
}

@inline(__always) func step<D: Depth>(
    _ d: D.Type, _ p: inout Sums, _ q: inout Sums, _ x: Raw, _ at: Int, _ ldx: Int, _ v: I, _ w: I
) {
    let a = unit(x, at)
    p.a = D.dot(p.a, a, v)
    q.a = D.dot(q.a, a, w)
    let b = unit(x, at &+ ldx)
    p.b = D.dot(p.b, b, v)
    q.b = D.dot(q.b, b, w)
    let c = unit(x, at &+ 2 &* ldx)
    p.c = D.dot(p.c, c, v)
    q.c = D.dot(q.c, c, w)
    let e = unit(x, at &+ 3 &* ldx)
    p.d = D.dot(p.d, e, v)
    q.d = D.dot(q.d, e, w)
}

@inline(__always) func start(_ e: Ends, _ column: Int) -> Sums {
    let s = integers(Raw(e.pointee.start), column &* 4)
    return (s, s, s, s)
}

#if SEPTUM_V4
    /// Twelve rows of two panels; `n` columns of the second.
    @inline(never) func integer12x2<D: Depth>(
        _ d: D.Type, _ units: Int, _ x: Raw, _ ldx: Int, _ w: Raw, _ e: Ends, _ y: RawOut, _ ldy: Int, _ row: Int,
        _ column: Int, _ n: Int
    ) {
        var ap = start(e, column), bp = ap, cp = ap
        var aq = start(e, column &+ 16), bq = aq, cq = aq
        let x4 = x + 4 &* ldx, x8 = x + 8 &* ldx, w1 = w + units &* 64
        var i = 0
        while i < units {
            let v = integers(w, i &* 64), u = integers(w1, i &* 64)
            step(d, &ap, &aq, x, i &* 4, ldx, v, u)
            step(d, &bp, &bq, x4, i &* 4, ldx, v, u)
            step(d, &cp, &cq, x8, i &* 4, ldx, v, u)
            i &+= 1
        }
        end(e, y, ldy, row, rows: 4, column, 16, ap)
        end(e, y, ldy, row, rows: 4, column &+ 16, n, aq)
        end(e, y, ldy, row &+ 4, rows: 4, column, 16, bp)
        end(e, y, ldy, row &+ 4, rows: 4, column &+ 16, n, bq)
        end(e, y, ldy, row &+ 8, rows: 4, column, 16, cp)
        end(e, y, ldy, row &+ 8, rows: 4, column &+ 16, n, cq)
    }

    /// Twelve rows of one panel.
    @inline(never) func integer12x1<D: Depth>(
        _ d: D.Type, _ units: Int, _ x: Raw, _ ldx: Int, _ w: Raw, _ e: Ends, _ y: RawOut, _ ldy: Int, _ row: Int,
        _ column: Int, _ n: Int
    ) {
        var a = start(e, column), b = a, c = a
        let x4 = x + 4 &* ldx, x8 = x + 8 &* ldx
        var i = 0
        while i < units {
            let v = integers(w, i &* 64)
            step(d, &a, x, i &* 4, ldx, v)
            step(d, &b, x4, i &* 4, ldx, v)
            step(d, &c, x8, i &* 4, ldx, v)
            i &+= 1
        }
        end(e, y, ldy, row, rows: 4, column, n, a)
        end(e, y, ldy, row &+ 4, rows: 4, column, n, b)
        end(e, y, ldy, row &+ 8, rows: 4, column, n, c)
    }
#endif

#if SEPTUM_V3
    /// Six rows of one panel, which fill the registers.
    @inline(never) func integer6x1<D: Depth>(
        _ d: D.Type, _ units: Int, _ x: Raw, _ ldx: Int, _ w: Raw, _ e: Ends, _ y: RawOut, _ ldy: Int, _ row: Int,
        _ column: Int, _ n: Int
    ) {
        var a = integers(Raw(e.pointee.start), column &* 4)
        var b = a, c = a, f = a, g = a, h = a
        var lower = x, upper = x + 3 &* ldx
        var i = 0
        while i < units {
            let v = integers(w, i &* 64)
            a = D.dot(a, unit(lower, 0), v)
            b = D.dot(b, unit(lower, ldx), v)
            c = D.dot(c, unit(lower, 2 &* ldx), v)
            f = D.dot(f, unit(upper, 0), v)
            g = D.dot(g, unit(upper, ldx), v)
            h = D.dot(h, unit(upper, 2 &* ldx), v)
            lower += 4
            upper += 4
            i &+= 1
        }
        end(e, y, ldy, row, rows: 4, column, n, (a, b, c, f))
        end(e, y, ldy, row &+ 4, rows: 2, column, n, (g, h, h, h))
    }
#endif

/// One to four rows of one panel; absent rows repeat the last and are not stored.
@inline(never) func integer4x1<D: Depth>(
    _ d: D.Type, _ units: Int, _ x: Raw, _ ldx: Int, _ w: Raw, _ e: Ends, _ y: RawOut, _ ldy: Int, _ row: Int, rows: Int,
    _ column: Int, _ n: Int
) {
    var s = start(e, column)
    let x1 = x + min(1, rows &- 1) &* ldx, x2 = x + min(2, rows &- 1) &* ldx, x3 = x + min(3, rows &- 1) &* ldx
    var i = 0
    while i < units {
        let v = integers(w, i &* 64)
        s.a = D.dot(s.a, unit(x, i &* 4), v)
        s.b = D.dot(s.b, unit(x1, i &* 4), v)
        s.c = D.dot(s.c, unit(x2, i &* 4), v)
        s.d = D.dot(s.d, unit(x3, i &* 4), v)
        i &+= 1
    }
    end(e, y, ldy, row, rows: rows, column, n, s)
}

/// One row of one to four panels, `n` columns in all, even and odd units by themselves where there are registers for that; absent
/// panels repeat the last and are not stored.
@inline(never) func integer1x4<D: Depth>(
    _ d: D.Type, _ units: Int, _ x: Raw, _ w: Raw, _ e: Ends, _ y: RawOut, _ at: Int, _ column: Int, _ n: Int
) {
    let last = (min(n, 64) &- 1) &>> 4
    let w1 = w + min(1, last) &* units &* 64, w2 = w + min(2, last) &* units &* 64, w3 = w + min(3, last) &* units &* 64
    var s: Sums = (every(0), every(0), every(0), every(0))
    #if SEPTUM_V3
        let t = s
    #else
        var t = s
    #endif
    var i = 0
    while i &+ 2 <= units {
        let a = unit(x, i &* 4), b = unit(x, i &* 4 &+ 4)
        s.a = D.dot(s.a, a, integers(w, i &* 64))
        s.b = D.dot(s.b, a, integers(w1, i &* 64))
        s.c = D.dot(s.c, a, integers(w2, i &* 64))
        s.d = D.dot(s.d, a, integers(w3, i &* 64))
        #if SEPTUM_V3
            s.a = D.dot(s.a, b, integers(w, i &* 64 &+ 64))
            s.b = D.dot(s.b, b, integers(w1, i &* 64 &+ 64))
            s.c = D.dot(s.c, b, integers(w2, i &* 64 &+ 64))
            s.d = D.dot(s.d, b, integers(w3, i &* 64 &+ 64))
        #else
            t.a = D.dot(t.a, b, integers(w, i &* 64 &+ 64))
            t.b = D.dot(t.b, b, integers(w1, i &* 64 &+ 64))
            t.c = D.dot(t.c, b, integers(w2, i &* 64 &+ 64))
            t.d = D.dot(t.d, b, integers(w3, i &* 64 &+ 64))
        #endif
        i &+= 2
    }
    if i < units {
        let a = unit(x, i &* 4)
        s.a = D.dot(s.a, a, integers(w, i &* 64))
        s.b = D.dot(s.b, a, integers(w1, i &* 64))
        s.c = D.dot(s.c, a, integers(w2, i &* 64))
        s.d = D.dot(s.d, a, integers(w3, i &* 64))
    }
    let b = Raw(e.pointee.start) + column &* 4
    end(e, y, at, column, n, s.a &+ t.a &+ integers(b, 0))
    if last > 0 { end(e, y, at &+ 16, column &+ 16, n &- 16, s.b &+ t.b &+ integers(b, 64)) }
    if last > 1 { end(e, y, at &+ 32, column &+ 32, n &- 32, s.c &+ t.c &+ integers(b, 128)) }
    if last > 2 { end(e, y, at &+ 48, column &+ 48, n &- 48, s.d &+ t.d &+ integers(b, 192)) }
}

@inline(__always) func integerProduct<D: Depth>(
    _ d: D.Type, _ m: Int, _ k: Int, _ n: Int, _ x: Raw, _ isSigned: Bool, _ packed: Raw, _ e: Ends, _ y: RawOut,
    _ scratch: RawOut
) {
    let units = integerUnits(d, k)
    let asTheyAre = D.factors == 4 && units &* 4 == k && !isSigned
    var block = 0
    while block < m {
        let rows = min(integerRowBlock, m &- block)
        var source = x + block &* k
        if !asTheyAre {
            integerRows(d, rows, k, source, isSigned, scratch)
            source = Raw(scratch)
        }
        let ldx = units &* 4
        var column = 0
        #if SEPTUM_V4
            if usesTiles(d, k) && rows > 2 {
                let sums = scratch + (asTheyAre ? 0 : min(m, integerRowBlock) &* ldx)
                tileRows(rows, units &>> 4, n, source, packed, e, y, block, sums)
                column = n
            }
        #endif
        if rows == 1 {
            while column < n {
                integer1x4(
                    d, units, source, packed + (column &>> 4) &* units &* 64, e, y, block &* n &+ column, column, n &- column)
                column &+= 64
            }
        }
        while column < n {
            let w = packed + (column &>> 4) &* units &* 64
            var row = 0
            var width = 16
            #if SEPTUM_V4
                if n &- column > 16 {
                    width = 32
                    while row &+ 12 <= rows {
                        integer12x2(
                            d, units, source + row &* ldx, ldx, w, e, y, n, block &+ row, column, min(16, n &- column &- 16))
                        row &+= 12
                    }
                } else {
                    while row &+ 12 <= rows {
                        integer12x1(d, units, source + row &* ldx, ldx, w, e, y, n, block &+ row, column, n &- column)
                        row &+= 12
                    }
                }
            #elseif SEPTUM_V3
                while rows &- row > 8 || rows &- row == 6 {
                    integer6x1(d, units, source + row &* ldx, ldx, w, e, y, n, block &+ row, column, min(16, n &- column))
                    row &+= 6
                }
            #endif
            while row < rows {
                let some = min(4, rows &- row), from = source + row &* ldx
                var panel = 0
                while panel < width {
                    integer4x1(
                        d, units, from, ldx, w + panel &* units &* 4, e, y, n, block &+ row, rows: some, column &+ panel,
                        min(16, n &- column &- panel))
                    panel &+= 16
                }
                row &+= 4
            }
            column &+= width
        }
        block &+= rows
    }
}

func integerProductOfPairs(
    _ m: Int, _ k: Int, _ n: Int, _ x: Raw, _ isSigned: Int32, _ packed: Raw, _ e: Raw, _ y: RawOut, _ scratch: RawOut
) {
    integerProduct(
        Pairs.self, m, k, n, x, isSigned != 0, packed, e.assumingMemoryBound(to: IntegerEnding.self), y, scratch)
}

func integerPackOfPairs(_ k: Int, _ n: Int, _ w: Raw, _ packed: RawOut) { integerPack(Pairs.self, k, n, w, packed) }

#if SEPTUM_V4
    func integerProductOfFours(
        _ m: Int, _ k: Int, _ n: Int, _ x: Raw, _ isSigned: Int32, _ packed: Raw, _ e: Raw, _ y: RawOut, _ scratch: RawOut
    ) {
        integerProduct(
            Fours.self, m, k, n, x, isSigned != 0, packed, e.assumingMemoryBound(to: IntegerEnding.self), y, scratch)
    }

    func integerProductOfTiles(
        _ m: Int, _ k: Int, _ n: Int, _ x: Raw, _ isSigned: Int32, _ packed: Raw, _ e: Raw, _ y: RawOut, _ scratch: RawOut
    ) {
        integerProduct(
            Tiles.self, m, k, n, x, isSigned != 0, packed, e.assumingMemoryBound(to: IntegerEnding.self), y, scratch)
    }

    func integerPackOfTiles(_ k: Int, _ n: Int, _ w: Raw, _ packed: RawOut) { integerPack(Tiles.self, k, n, w, packed) }

    func integerPackOfFours(_ k: Int, _ n: Int, _ w: Raw, _ packed: RawOut) { integerPack(Fours.self, k, n, w, packed) }
#endif
