internal import CSeptumCPU

// Where elements stand by their size, which of two are taken, and columns made rows.

/// What floats order by as integers: both zeros alike, NaN above all; the other way round when `flip` is all ones.
@inline(__always) func orderKey(_ x: V, _ flip: I) -> I {
    let b = bits(x)
    let ordered = b ^ ((b &>> 31) & every(Int32.max))
    let isZero = x .== all(0), isNumber = x .== x
    let key = (ordered & (isZero ^ every(-1)) & isNumber) | ((isNumber ^ every(-1)) & every(Int32.max))
    return key ^ flip
}

/// How many of `n` keys are larger than each of sixteen from `first` on, or equal and before it.
@inline(__always) func ranks(_ keys: UnsafePointer<Int32>, _ n: Int, _ first: Int) -> I {
    let own = septum_load_i16(keys + first)
    let lane = I(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
    var sums = every(0)
    var i = 0
    while i < first {
        sums = sums &- septum_at_least_i16(every(keys[i]), own)
        i &+= 1
    }
    while i < min(first &+ 16, n) {
        let other = every(keys[i]), isBefore = septum_over_i16(lane, every(Int32(truncatingIfNeeded: i &- first)))
        sums = sums &- (septum_over_i16(other, own) | (same(other, own) & isBefore))
        i &+= 1
    }
    while i < n {
        sums = sums &- septum_over_i16(every(keys[i]), own)
        i &+= 1
    }
    return sums
}

/// places[rows, k]: where the k largest of each row of n stand, the first of equals first; the smallest when `flip` is all ones.
/// Scratch: n in whole sixteens of int32, sixteen more, and n of int64.
func rank(_ rows: Int, _ n: Int, _ k: Int, _ x: In, _ flip: Int32, _ scratch: RawOut, _ places: RawOut) {
    let keys = scratch.assumingMemoryBound(to: Int32.self)
    let wide = (n &+ 15) & ~15
    let own = keys + wide
    let found = (scratch + (wide &+ 16) &* 4).assumingMemoryBound(to: Int64.self)
    var target = places.assumingMemoryBound(to: Int64.self)
    var row = 0
    while row < rows {
        let source = x + row &* n
        var i = 0
        while i < n {
            septum_store_i16(keys + i, orderKey(load(source, i, first: n &- i), every(flip)))
            i &+= 16
        }
        var first = 0
        while first < n {
            septum_store_i16(own, ranks(UnsafePointer(keys), n, first))
            var lane = 0
            while lane < min(16, n &- first) {
                found[Int(own[lane])] = Int64(first &+ lane)
                lane &+= 1
            }
            first &+= 16
        }
        i = 0
        while i < k {
            target[i] = found[i]
            i &+= 1
        }
        target += k
        row &+= 1
    }
}

/// y = a where the condition's byte is not zero, else b. A step of 1 walks an operand, 0 repeats its first element.
func choose(_ n: Int, _ condition: Raw, _ step: Int, _ a: In, _ aStep: Int, _ b: In, _ bStep: Int, _ y: Out) {
    var i = 0
    while i < n {
        let count = min(16, n &- i)
        let byte = condition + (step == 0 ? 0 : i)
        let isNo = same(step == 0 ? septum_every_i16(Int32(byte.load(as: UInt8.self))) : septum_load_uint8(byte, count), every(0))
        let yes = aStep == 0 ? all(a[0]) : load(a, i, first: count)
        let no = bStep == 0 ? all(b[0]) : load(b, i, first: count)
        store(y, i, first: count, pick(isNo, no, yes))
        i &+= 16
    }
}

/// y[columns, rows] = x[rows, columns] turned; rows of both so far apart.
func turn(_ rows: Int, _ columns: Int, _ x: In, _ ldx: Int, _ y: Out, _ ldy: Int) {
    var row = 0
    while row < rows {
        var column = 0
        if row &+ 16 <= rows {
            while column &+ 4 <= columns {
                septum_turn_16x4(x + (row &* ldx &+ column), ldx, y + (column &* ldy &+ row), ldy)
                column &+= 4
            }
        }
        let end = min(row &+ 16, rows)
        while column < columns {
            var r = row
            while r < end {
                y[column &* ldy &+ r] = x[r &* ldx &+ column]
                r &+= 1
            }
            column &+= 1
        }
        row &+= 16
    }
}
