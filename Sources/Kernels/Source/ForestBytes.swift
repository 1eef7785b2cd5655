internal import CSeptumCPU
internal import SeptumKernelTable

typealias Trees = UnsafePointer<ByteForest>
typealias Integers = UnsafePointer<Int32>
typealias Bytes = UnsafePointer<UInt8>
typealias Scratch = UnsafeMutableRawPointer

/// Scratch: exits of 64 rows, found leaves of 64 rows or of two groups of 32 trees, where the latter left their tops, bytes.
let exitPlace = 0, belowPlace = 64, foundPlace = 512, placesPlace = 1024, bytesPlace = 2048

/// How many of sixteen ascending numbers are at most x; NaN is never. A protocol's conformance would leave shared symbols.
@inline(__always) func count16<T: BinaryFloatingPoint>(_ p: UnsafePointer<T>, _ x: T) -> Int {
    let raw = UnsafeRawPointer(p)
    if T.self == Float.self {
        return septum_count_f16(raw.assumingMemoryBound(to: Float.self), unsafeBitCast(x, to: Float.self))
    }
    return septum_count_d16(raw.assumingMemoryBound(to: Double.self), unsafeBitCast(x, to: Double.self))
}

@inline(__always) func widened<T: BinaryFloatingPoint>(_ x: T) -> Double {
    T.self == Float.self ? Double(unsafeBitCast(x, to: Float.self)) : unsafeBitCast(x, to: Double.self)
}

/// Where a column's thresholds stand, and how they are ranked.
typealias Column<T> = (thresholds: UnsafePointer<T>, count: Int, isWide: Bool, kind: UInt8)

/// How many of a column's thresholds are at most x, and whether x is missing; none are when it is.
@inline(__always) func rank<T: BinaryFloatingPoint>(_ column: Column<T>, _ x: T) -> (UInt8, isMissing: Bool) {
    var v = x
    if column.kind == 1 && v != v { v = 0 }
    if column.kind == 2 && v.magnitude <= zeroWidth() { v = .nan }
    var n = count16(column.thresholds, v)
    if column.isWide {
        let block = max(0, n &- 1) &* 16
        n = block &+ count16(column.thresholds + (16 &+ block), v)
    }
    return (UInt8(truncatingIfNeeded: n), v != v)
}

#if SEPTUM_V4
    @inline(never) func countRows(
        _ thresholds: UnsafePointer<Float>, _ sixteens: Int, _ x: UnsafePointer<Float>, _ ldx: Int, _ rows: Int,
        _ low: UnsafeMutablePointer<UInt8>?, _ high: UnsafeMutablePointer<UInt8>?
    ) { septum_count_rows(thresholds, sixteens, x, ldx, rows, low, high) }
#endif

@inline(__always) func fill<T: BinaryFloatingPoint>(
    _ column: Column<T>, _ rows: Int, _ x: UnsafePointer<T>, _ ldx: Int, _ bytes: UnsafeMutablePointer<UInt8>, _ low: Int,
    _ high: Int, _ step: Int, _ bias: UInt8
) {
    var r = 0
    #if SEPTUM_V4
        let sixteens = (column.count &+ 15) &>> 4
        if T.self == Float.self && step == 64 && rows >= 16 && column.kind == 0 && sixteens <= 4 && ldx < 1 &<< 26 {
            r = rows & ~15
            countRows(
                UnsafeRawPointer(column.thresholds + (column.isWide ? 16 : 0)).assumingMemoryBound(to: Float.self), sixteens,
                UnsafeRawPointer(x).assumingMemoryBound(to: Float.self), ldx, r, low >= 0 ? bytes + low &* 64 : nil,
                high >= 0 ? bytes + high &* 64 : nil)
        }
    #endif
    while r < rows {
        let (n, isMissing) = rank(column, x[r &* ldx])
        if low >= 0 { bytes[low &* step &+ r] = n ^ bias }
        if high >= 0 { bytes[high &* step &+ r] = (isMissing ? 255 : n) ^ bias }
        r &+= 1
    }
}

/// Columns up to `end`, all wide or none, with slots where missing values are 255 or 0, or both.
@inline(__always) func fillColumns<T: BinaryFloatingPoint>(
    _ f: Trees, _ c: inout Int, _ end: Int32, isWide: Bool, low: Bool, high: Bool, _ rows: Int, _ x: UnsafePointer<T>,
    _ ldx: Int, _ bytes: UnsafeMutablePointer<UInt8>, _ step: Int, _ bias: UInt8
) {
    let thresholds = f.pointee.thresholds.assumingMemoryBound(to: T.self)
    let (features, starts) = (f.pointee.features, f.pointee.starts)
    let (lowSlots, highSlots) = (f.pointee.lowSlots, f.pointee.highSlots)
    while c < Int(end) {
        fill(
            (thresholds + Int(starts[c]), Int(f.pointee.counts[c]), isWide, 0), rows, x + Int(features[c]), ldx, bytes,
            low ? Int(lowSlots[c]) : -1,
            high ? Int(highSlots[c]) : -1, step, bias)
        c &+= 1
    }
}

/// The bytes of some rows, turned by `bias`, those of a slot side by side and slots `step` apart. The usual columns have loops
/// of their own.
@inline(__always) func fillBytes<T: BinaryFloatingPoint>(
    _ f: Trees, _ rows: Int, _ x: UnsafePointer<T>, _ ldx: Int, _ bytes: UnsafeMutablePointer<UInt8>, _ step: Int, _ bias: UInt8
) {
    let ends = f.pointee.classEnds
    var c = 0
    fillColumns(f, &c, ends.0, isWide: false, low: false, high: true, rows, x, ldx, bytes, step, bias)
    fillColumns(f, &c, ends.1, isWide: true, low: false, high: true, rows, x, ldx, bytes, step, bias)
    fillColumns(f, &c, ends.2, isWide: false, low: true, high: false, rows, x, ldx, bytes, step, bias)
    fillColumns(f, &c, ends.3, isWide: true, low: true, high: false, rows, x, ldx, bytes, step, bias)
    let thresholds = f.pointee.thresholds.assumingMemoryBound(to: T.self)
    while c < f.pointee.columns {
        fill(
            (thresholds + Int(f.pointee.starts[c]), Int(f.pointee.counts[c]), f.pointee.counts[c] > 16, f.pointee.kinds[c]),
            rows, x + Int(f.pointee.features[c]), ldx, bytes, Int(f.pointee.lowSlots[c]), Int(f.pointee.highSlots[c]), step,
            bias)
        c &+= 1
    }
}

// A complete tree of 64 rows, from the leaves up: the byte of a row is the number of its leaf below node h.

typealias Top = (thresholds: Integers, places: Integers, bytes: Bytes)

@inline(__always) func branch(_ t: Top, _ h: Int, _ left: I, _ right: I, _ step: UInt8) -> I {
    septum_branch(t.bytes + Int(t.places[h]), t.thresholds[h], left, right, step)
}
@inline(__always) func leaf1(_ t: Top, _ h: Int, _ first: UInt8) -> I {
    septum_above_leaves(t.bytes + Int(t.places[h]), t.thresholds[h], first)
}
@inline(__always) func leaf2(_ t: Top, _ h: Int, _ first: UInt8) -> I {
    branch(t, h, leaf1(t, 2 &* h, first), leaf1(t, 2 &* h &+ 1, first &+ 2), 2)
}
@inline(__always) func leaf3(_ t: Top, _ h: Int, _ first: UInt8) -> I {
    branch(t, h, leaf2(t, 2 &* h, first), leaf2(t, 2 &* h &+ 1, first &+ 4), 4)
}
@inline(__always) func leaf4(_ t: Top, _ h: Int, _ first: UInt8) -> I {
    branch(t, h, leaf3(t, 2 &* h, first), leaf3(t, 2 &* h &+ 1, first &+ 8), 8)
}
@inline(__always) func leaf5(_ t: Top, _ h: Int, _ first: UInt8) -> I {
    branch(t, h, leaf4(t, 2 &* h, first), leaf4(t, 2 &* h &+ 1, first &+ 16), 16)
}
@inline(__always) func leaf6(_ t: Top, _ h: Int, _ first: UInt8) -> I {
    branch(t, h, leaf5(t, 2 &* h, first), leaf5(t, 2 &* h &+ 1, first &+ 32), 32)
}

/// One function a depth, so that each stays small.
@inline(never) func exits1(_ t: Top, _ out: Scratch) { septum_store_i16(out, leaf1(t, 1, 0)) }
@inline(never) func exits2(_ t: Top, _ out: Scratch) { septum_store_i16(out, leaf2(t, 1, 0)) }
@inline(never) func exits3(_ t: Top, _ out: Scratch) { septum_store_i16(out, leaf3(t, 1, 0)) }
@inline(never) func exits4(_ t: Top, _ out: Scratch) { septum_store_i16(out, leaf4(t, 1, 0)) }
@inline(never) func exits5(_ t: Top, _ out: Scratch) { septum_store_i16(out, leaf5(t, 1, 0)) }
@inline(never) func exits6(_ t: Top, _ out: Scratch) { septum_store_i16(out, leaf6(t, 1, 0)) }

/// Where 64 rows leave the top of a tree.
@inline(__always) func exits(_ t: ByteForest, _ tree: Int, _ bytes: Bytes, _ out: Scratch) {
    if t.isOblivious {
        let at = tree &* t.levels
        var index = every(0)
        var level = 0
        while level < t.levels {
            let x = bytes + Int(t.topPlaces[at &+ level])
            let step = UInt8(truncatingIfNeeded: 1 &<< (t.levels &- 1 &- level))
            index = septum_level(x, t.topThresholds[at &+ level], index, step)
            level &+= 1
        }
        septum_store_i16(out, index)
        return
    }
    let top: Top = (t.topThresholds + (tree &<< t.levels), t.topPlaces + (tree &<< t.levels), bytes)
    switch t.levels {
    case 1: exits1(top, out)
    case 2: exits2(top, out)
    case 3: exits3(top, out)
    case 4: exits4(top, out)
    case 5: exits5(top, out)
    default: exits6(top, out)
    }
}

/// The exits of 64 rows as places in records: of sixteen doubles, eight are leaves.
@inline(__always) func numberByRecords(_ exits: Scratch) {
    let e = septum_load_i16(exits)
    septum_store_i16(exits, e &+ (e & every(Int32(bitPattern: 0xf8f8_f8f8))))
}

/// Adds what the exits of 64 rows hold to their sums.
@inline(__always) func addExits<S: BinaryFloatingPoint>(
    _ t: ByteForest, _ tree: Int, _ index: Bytes, _ sums: UnsafeMutablePointer<S>
) {
    if S.self == Float.self {
        let table = t.exits.assumingMemoryBound(to: Int32.self) + (tree &<< t.levels)
        let sum = UnsafeMutableRawPointer(sums).assumingMemoryBound(to: Float.self)
        var r = 0
        while r < 64 {
            store(sum, r, load(In(sum), r) + float(septum_look_up(table, t.levels, index + r)))
            r &+= 16
        }
    } else {
        let table: UnsafePointer<Double> = directLeaves(t) + (t.hasRecords ? tree &<< (t.laneLevels &+ 4) : tree &<< t.levels)
        let sum = UnsafeMutableRawPointer(sums).assumingMemoryBound(to: Double.self)
        var r = 0
        while r < 64 {
            septum_store_d8(sum + r, septum_add_d8(septum_load_d8(sum + r), septum_look_up_d8(table, index + r)))
            r &+= 8
        }
    }
}

/// The word of the leaf below a word, on its own.
@inline(__always) func lastWord(_ words: Integers, _ first: Int32, _ bytes: Bytes, _ step: Int) -> Int32 {
    var word = first
    while word >= 0 {
        let x = bytes[Int(word &>> 8 & 255) &* step]
        word = words[Int(word &>> 16) &+ (x > UInt8(truncatingIfNeeded: word) ? 1 : 0)]
    }
    return word
}

/// Walks on from the exits of `rows` rows and adds the leaves' values to their sums, or to y where leaves have several.
@inline(__always) func addBelow<S: BinaryFloatingPoint>(
    _ t: ByteForest, _ tree: Int, _ bytes: Bytes, _ rows: Int, _ sums: UnsafeMutablePointer<S>,
    _ y: UnsafeMutablePointer<S>, _ ldy: Int, _ scratch: Scratch
) {
    walkBelow(t, tree, bytes, rows, scratch)
    let found = (scratch + belowPlace).assumingMemoryBound(to: Int32.self)
    let values = t.values.assumingMemoryBound(to: S.self)
    let target = Int(t.targets[tree])
    var r = 0
    if t.leafWidth == 1 {
        while r < rows {
            sums[r] += values[Int(found[r])]
            r &+= 1
        }
    } else {
        while r < rows {
            addVector(values + Int(found[r]) &* t.leafWidth, t.leafWidth, y + (r &* ldy &+ target))
            r &+= 1
        }
    }
}

/// Puts the leaves below the exits of 64 rows into scratch. Four vectors walk at once, so that their loads overlap.
@inline(__always) func walkBelow(_ t: ByteForest, _ tree: Int, _ bytes: Bytes, _ rows: Int, _ scratch: Scratch) {
    let table = t.exits.assumingMemoryBound(to: Int32.self) + (tree &<< t.levels)
    let index = Bytes((scratch + exitPlace).assumingMemoryBound(to: UInt8.self))
    let found = scratch + belowPlace
    #if SEPTUM_V3 || SEPTUM_V4
        var a = septum_look_up(table, t.levels, index), b = septum_look_up(table, t.levels, index + 16)
        var c = septum_look_up(table, t.levels, index + 32), d = septum_look_up(table, t.levels, index + 48)
        let base = every(t.bases[tree]), bias = Int32(septum_block_bias()), mask = every(Int32.max)
        let lane = I(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
        while septum_all_negative(a & b & c & d) == 0 {
            a = septum_descend(a, base, t.words, bytes, lane, 6, bias)
            b = septum_descend(b, base, t.words, bytes + 16, lane, 6, bias)
            c = septum_descend(c, base, t.words, bytes + 32, lane, 6, bias)
            d = septum_descend(d, base, t.words, bytes + 48, lane, 6, bias)
        }
        septum_store_i16(found, a & mask)
        septum_store_i16(found + 64, b & mask)
        septum_store_i16(found + 128, c & mask)
        septum_store_i16(found + 192, d & mask)
    #else
        septum_store_i16(found, septum_look_up(table, t.levels, index))
        septum_store_i16(found + 64, septum_look_up(table, t.levels, index + 16))
        septum_store_i16(found + 128, septum_look_up(table, t.levels, index + 32))
        septum_store_i16(found + 192, septum_look_up(table, t.levels, index + 48))
        let numbers = found.assumingMemoryBound(to: Int32.self)
        var r = 0
        while r < rows {
            numbers[r] = lastWord(t.words + Int(t.bases[tree]), numbers[r], bytes + r, 64) & Int32.max
            r &+= 1
        }
    #endif
}

@inline(__always) func addVector<S: BinaryFloatingPoint>(
    _ values: UnsafePointer<S>, _ width: Int, _ y: UnsafeMutablePointer<S>
) {
    var o = 0
    while o < width {
        y[o] += values[o]
        o &+= 1
    }
}

/// Repeats the last of `rows` rows in a block of 64.
@inline(__always) func fillUp(_ bytes: UnsafeMutablePointer<UInt8>, _ slots: Int, _ rows: Int) {
    var s = 0
    while s < slots && rows < 64 {
        let last = bytes[s &* 64 &+ rows &- 1]
        var r = rows
        while r < 64 {
            bytes[s &* 64 &+ r] = last
            r &+= 1
        }
        s &+= 1
    }
}

/// Blocks of 64 rows, the last one filled up with its last row; every block goes through a tree while it is at hand.
@inline(__always) func byteBlocks<T: BinaryFloatingPoint, S: BinaryFloatingPoint>(
    _ f: Trees, _ m: Int, _ x: UnsafePointer<T>, _ ldx: Int, _ y: UnsafeMutablePointer<S>, _ ldy: Int, _ scratch: Scratch
) {
    let t = f.pointee
    let bytes = (scratch + bytesPlace).assumingMemoryBound(to: UInt8.self)
    let sums = (scratch + (bytesPlace &+ t.blocks &* t.slots &* 64)).assumingMemoryBound(to: S.self)
    let blockBytes = t.slots &* 64, blockSums = t.outputs &* 64
    var row = 0
    while row < m {
        let count = min(t.blocks &* 64, m &- row)
        let blocks = (count &+ 63) &>> 6
        var r = 0
        while r < count {
            fillBytes(
                f, min(64, count &- r), x + (row &+ r) &* ldx, ldx, bytes + (r &>> 6) &* blockBytes, 64, septum_block_bias())
            r &+= 64
        }
        fillUp(bytes + (blocks &- 1) &* blockBytes, t.slots, count &- (blocks &- 1) &* 64)
        r = 0
        while r < blocks &* 64 && t.leafWidth == 1 {
            let from = row &+ min(r, count &- 1)
            var o = 0
            while o < t.outputs {
                sums[(r &>> 6) &* blockSums &+ o &* 64 &+ (r & 63)] = y[from &* ldy &+ o]
                o &+= 1
            }
            r &+= 1
        }
        var tree = 0
        while tree < t.trees {
            let target = Int(t.targets[tree]) &* 64
            var b = 0
            while b < blocks {
                let own = Bytes(bytes + b &* blockBytes), sum = sums + (b &* blockSums &+ target)
                exits(t, tree, own, scratch + exitPlace)
                if t.addsDirectly {
                    if S.self == Double.self && t.hasRecords { numberByRecords(scratch + exitPlace) }
                    addExits(t, tree, Bytes((scratch + exitPlace).assumingMemoryBound(to: UInt8.self)), sum)
                } else {
                    let rows = min(64, count &- b &* 64)
                    addBelow(t, tree, own, rows, sum, y + (row &+ b &* 64) &* ldy, ldy, scratch)
                }
                b &+= 1
            }
            tree &+= 1
        }
        r = 0
        while r < count && t.leafWidth == 1 {
            var o = 0
            while o < t.outputs {
                y[(row &+ r) &* ldy &+ o] = sums[(r &>> 6) &* blockSums &+ o &* 64 &+ (r & 63)]
                o &+= 1
            }
            r &+= 1
        }
        row &+= count
    }
}

/// The forest's sums, added to y.
@inline(__always) func byteForest<T: BinaryFloatingPoint, S: BinaryFloatingPoint>(
    _ f: Trees, _ m: Int, _ x: UnsafePointer<T>, _ ldx: Int, _ y: UnsafeMutablePointer<S>, _ ldy: Int, _ scratch: Scratch
) {
    let few = ByteForest.fewRows
    let blocked = m < few ? 0 : m & 63 < few ? m & ~63 : m
    byteBlocks(f, blocked, x, ldx, y, ldy, scratch)
    var row = blocked
    while row < m {
        byteRow(f, x + row &* ldx, y + row &* ldy, scratch)
        row &+= 1
    }
}
