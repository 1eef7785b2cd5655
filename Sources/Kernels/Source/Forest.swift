internal import SeptumKernelTable

typealias Forest = UnsafePointer<ForestTables>

/// Rows in a block: one lane each.
let rowsAtOnce = 16

/// What view `view` makes of a value: missing values become -infinity (left of every threshold) or NaN (right of every one).
@inline(__always) func viewed<T: BinaryFloatingPoint>(_ x: T, _ view: UInt8) -> T {
    switch view {
    case 0: x
    case 1: x != x ? -.infinity : x
    case 2: x != x ? 0 : x
    case 3: x.magnitude <= zeroWidth() ? .nan : x
    case 4: x != x || x.magnitude <= zeroWidth() ? -.infinity : x
    case 5: x != x ? x : -.infinity
    case 6: -.infinity
    case 7: x != x ? -.infinity : .infinity
    case 8: x != x || x.magnitude <= zeroWidth() ? .nan : -.infinity
    default: x != x || x.magnitude <= zeroWidth() ? -.infinity : .infinity
    }
}

/// The first view that is a code: 0 for a missing value, 1 for one that no set can hold, else 2 and the category, or 2 and the
/// place among the values sought. Three each, as NaN, nothing, or NaN and zero are missing: categories from zero on, categories
/// above -1, values sought.
let firstCode: UInt8 = 10

@inline(__always) func code<T: BinaryFloatingPoint>(_ f: Forest, _ slot: Int, _ given: T) -> Int32 {
    let view = f.pointee.slotViews[slot] &- firstCode
    let rule = view / 3, missing = view % 3
    var x = given
    if missing == 1 && x != x { x = 0 }
    if x != x || missing == 2 && x.magnitude <= zeroWidth() { return 0 }
    let value = widened(x)
    if rule < 2 {
        let isOutside = rule == 0 ? value < 0 : value <= -1
        return isOutside || value >= 0x1p30 ? 1 : Int32(value) &+ 2
    }
    var low = Int(f.pointee.soughtStarts[slot]), high = Int(f.pointee.soughtStarts[slot &+ 1])
    let start = low
    while low < high {
        let middle = (low &+ high) &>> 1
        if f.pointee.sought[middle] == value { return Int32(truncatingIfNeeded: middle &- start) &+ 2 }
        if f.pointee.sought[middle] < value { low = middle &+ 1 } else { high = middle }
    }
    return 1
}

/// LightGBM's kZeroThreshold, 1e-35f (include/LightGBM/meta.h).
@inline(__always) func zeroWidth<T: BinaryFloatingPoint>() -> T { T(Float(1e-35)) }

/// One row into slots `step` apart.
@inline(__always) func fill<T: BinaryFloatingPoint>(
    _ f: Forest, _ x: UnsafePointer<T>, _ slots: UnsafeMutablePointer<T>, _ step: Int
) {
    let n = f.pointee.slots &- 1
    let features = f.pointee.slotFeatures, views = f.pointee.slotViews
    var i = 0
    while i < n {
        let value = x[Int(truncatingIfNeeded: features[i])]
        if views[i] < firstCode {
            slots[i &* step] = viewed(value, views[i])
        } else {
            UnsafeMutableRawPointer(slots + i &* step).storeBytes(of: code(f, i, value), as: Int32.self)
        }
        i &+= 1
    }
    slots[n &* step] = -.infinity
}

/// One step down from node `n`, which may ask for a set of codes.
@inline(__always) func downSets<T: BinaryFloatingPoint>(_ f: Forest, _ n: Int, _ slots: UnsafePointer<T>) -> Int {
    let p = f.pointee.nodes + n &* 16
    let links = p.assumingMemoryBound(to: Int32.self)
    guard links[2] < 0 else { return down(f.pointee.nodes, n, slots, 1) }
    let given = UnsafeRawPointer(slots + Int(~links[2])).assumingMemoryBound(to: Int32.self).pointee
    let code = given < links[1] ? given : 1
    let word = f.pointee.sets[Int(links[0]) &+ Int(code &>> 5)]
    return Int(links[3]) &+ (word &>> UInt32(truncatingIfNeeded: code & 31) & 1 == 1 ? 0 : 1)
}

/// One step down from node `n`.
@inline(__always) func down<T: BinaryFloatingPoint>(
    _ nodes: UnsafeRawPointer, _ n: Int, _ slots: UnsafePointer<T>, _ step: Int
) -> Int {
    let p = nodes + n &* 16
    let links = p.assumingMemoryBound(to: Int32.self)
    let threshold = p.assumingMemoryBound(to: T.self).pointee
    return Int(truncatingIfNeeded: links[3]) &+ (slots[Int(truncatingIfNeeded: links[2]) &* step] < threshold ? 0 : 1)
}

@inline(__always) func leaf(_ nodes: UnsafeRawPointer, _ n: Int) -> Int {
    Int(truncatingIfNeeded: (nodes + n &* 16).assumingMemoryBound(to: Int32.self).pointee)
}

/// Eight walks at once: trees of one row (`across` 0) or rows of one tree (`across` 1).
@inline(__always) func walk<T: BinaryFloatingPoint>(
    _ nodes: UnsafeRawPointer, _ roots: UnsafePointer<Int32>, _ rootStep: Int, _ depth: Int, _ slots: UnsafePointer<T>,
    _ step: Int, across: Int, _ found: UnsafeMutablePointer<Int>
) {
    var a = Int(roots[0]), b = Int(roots[rootStep]), c = Int(roots[2 &* rootStep]), d = Int(roots[3 &* rootStep])
    var e = Int(roots[4 &* rootStep]), f = Int(roots[5 &* rootStep]), g = Int(roots[6 &* rootStep])
    var h = Int(roots[7 &* rootStep])
    var i = 0
    while i < depth {
        a = down(nodes, a, slots, step)
        b = down(nodes, b, slots + across, step)
        c = down(nodes, c, slots + 2 &* across, step)
        d = down(nodes, d, slots + 3 &* across, step)
        e = down(nodes, e, slots + 4 &* across, step)
        f = down(nodes, f, slots + 5 &* across, step)
        g = down(nodes, g, slots + 6 &* across, step)
        h = down(nodes, h, slots + 7 &* across, step)
        i &+= 1
    }
    found[0] = leaf(nodes, a)
    found[1] = leaf(nodes, b)
    found[2] = leaf(nodes, c)
    found[3] = leaf(nodes, d)
    found[4] = leaf(nodes, e)
    found[5] = leaf(nodes, f)
    found[6] = leaf(nodes, g)
    found[7] = leaf(nodes, h)
}

/// The leaves of one row's trees [from, from + count), count at most 8.
@inline(__always) func leavesOfRow<T: BinaryFloatingPoint>(
    _ f: Forest, _ slots: UnsafePointer<T>, _ from: Int, _ count: Int, _ found: UnsafeMutablePointer<Int>
) {
    let t = f.pointee
    if t.hasSets {
        var i = 0
        while i < count {
            var n = Int(t.roots[from &+ i])
            var left = t.depths[from &+ i]
            while left > 0 {
                n = downSets(f, n, slots)
                left &-= 1
            }
            found[i] = leaf(t.nodes, n)
            i &+= 1
        }
        return
    }
    if count == 8 {
        var depth: Int32 = 0
        var i = 0
        while i < 8 {
            depth = max(depth, t.depths[from &+ i])
            i &+= 1
        }
        walk(t.nodes, t.roots + from, 1, Int(depth), slots, 1, across: 0, found)
        return
    }
    var i = 0
    while i < count {
        var n = Int(t.roots[from &+ i])
        var left = t.depths[from &+ i]
        while left > 0 {
            n = down(t.nodes, n, slots, 1)
            left &-= 1
        }
        found[i] = leaf(t.nodes, n)
        i &+= 1
    }
}

/// Adds leaf `leaf` of tree `tree` to a row's outputs `step` apart.
@inline(__always) func addLeaf<S: BinaryFloatingPoint>(
    _ f: Forest, _ tree: Int, _ leaf: Int, _ values: UnsafePointer<S>, _ y: UnsafeMutablePointer<S>, _ step: Int
) {
    let width = f.pointee.leafWidth
    let target = Int(f.pointee.targets[tree])
    var o = 0
    while o < width {
        let place = (target &+ o) &* step, value = values[leaf &* width &+ o]
        switch f.pointee.aggregation {
        case 0: y[place] += value
        case 1: y[place] = value < y[place] ? value : y[place]
        default: y[place] = value > y[place] ? value : y[place]
        }
        o &+= 1
    }
}

/// One row after another, eight trees at a time. Scratch: 8 words, then the slots.
@inline(__always) func rowByRow<T: BinaryFloatingPoint, S: BinaryFloatingPoint>(
    _ f: Forest, _ m: Int, _ x: UnsafePointer<T>, _ ldx: Int, _ y: UnsafeMutablePointer<S>, _ ldy: Int,
    _ scratch: UnsafeMutableRawPointer
) {
    let trees = f.pointee.trees
    let values = f.pointee.values.assumingMemoryBound(to: S.self)
    let found = scratch.assumingMemoryBound(to: Int.self)
    let slots = (scratch + 128).assumingMemoryBound(to: T.self)
    var row = 0
    while row < m {
        fill(f, x + row &* ldx, slots, 1)
        var tree = 0
        while tree < trees {
            let count = min(8, trees &- tree)
            leavesOfRow(f, UnsafePointer(slots), tree, count, found)
            var i = 0
            while i < count {
                addLeaf(f, tree &+ i, found[i], values, y + row &* ldy, 1)
                i &+= 1
            }
            tree &+= 8
        }
        row &+= 1
    }
}

/// Blocks of sixteen rows pay from this many rows on.
let fewRows = 4

@inline(never) func forestFloat(
    _ f: Forest, _ m: Int, _ x: In, _ ldx: Int, _ y: Out, _ ldy: Int, _ scratch: UnsafeMutableRawPointer
) {
    if let bytes = f.pointee.bytes { return byteForest(bytes, m, x, ldx, y, ldy, scratch) }
    if let deep = f.pointee.deep { return deepForest(f, deep, m, x, ldx, y, ldy, scratch) }
    let blocked = m < fewRows || f.pointee.hasSets ? 0 : m & 15 < fewRows ? m & ~15 : m
    if f.pointee.leafWidth == 1 && f.pointee.aggregation == 0 {
        sixteenRows(f, blocked, x, ldx, y, ldy, scratch, direct: true)
    } else {
        sixteenRows(f, blocked, x, ldx, y, ldy, scratch, direct: false)
    }
    rowByRow(f, m &- blocked, x + blocked &* ldx, ldx, y + blocked &* ldy, ldy, scratch)
}

@inline(never) func forestFloatDouble(
    _ f: Forest, _ m: Int, _ x: In, _ ldx: Int, _ y: DoubleOut, _ ldy: Int, _ scratch: UnsafeMutableRawPointer
) {
    if let bytes = f.pointee.bytes { return byteForest(bytes, m, x, ldx, y, ldy, scratch) }
    if let deep = f.pointee.deep { return deepForest(f, deep, m, x, ldx, y, ldy, scratch) }
    let blocked = m < fewRows || f.pointee.hasSets ? 0 : m & 15 < fewRows ? m & ~15 : m
    sixteenRows(f, blocked, x, ldx, y, ldy, scratch, direct: false)
    rowByRow(f, m &- blocked, x + blocked &* ldx, ldx, y + blocked &* ldy, ldy, scratch)
}

@inline(never) func forestDouble(
    _ f: Forest, _ m: Int, _ x: DoubleIn, _ ldx: Int, _ y: DoubleOut, _ ldy: Int, _ scratch: UnsafeMutableRawPointer
) {
    if let bytes = f.pointee.bytes { return byteForest(bytes, m, x, ldx, y, ldy, scratch) }
    rowByRow(f, m, x, ldx, y, ldy, scratch)
}

@inline(never) func forestDoubleFloat(
    _ f: Forest, _ m: Int, _ x: DoubleIn, _ ldx: Int, _ y: Out, _ ldy: Int, _ scratch: UnsafeMutableRawPointer
) {
    if let bytes = f.pointee.bytes { return byteForest(bytes, m, x, ldx, y, ldy, scratch) }
    rowByRow(f, m, x, ldx, y, ldy, scratch)
}

/// The number of the leaf each tree ends in.
@inline(__always) func leaves<T: BinaryFloatingPoint>(
    _ f: Forest, _ m: Int, _ x: UnsafePointer<T>, _ ldx: Int, _ y: UnsafeMutablePointer<Int32>, _ ldy: Int,
    _ scratch: UnsafeMutableRawPointer
) {
    let trees = f.pointee.trees
    let found = scratch.assumingMemoryBound(to: Int.self)
    let slots = (scratch + 128).assumingMemoryBound(to: T.self)
    var row = 0
    while row < m {
        fill(f, x + row &* ldx, slots, 1)
        var tree = 0
        while tree < trees {
            let count = min(8, trees &- tree)
            leavesOfRow(f, UnsafePointer(slots), tree, count, found)
            var i = 0
            while i < count {
                y[row &* ldy &+ tree &+ i] = Int32(truncatingIfNeeded: found[i])
                i &+= 1
            }
            tree &+= 8
        }
        row &+= 1
    }
}

@inline(never) func forestLeavesFloat(
    _ f: Forest, _ m: Int, _ x: In, _ ldx: Int, _ y: UnsafeMutablePointer<Int32>, _ ldy: Int,
    _ scratch: UnsafeMutableRawPointer
) { leaves(f, m, x, ldx, y, ldy, scratch) }

@inline(never) func forestLeavesDouble(
    _ f: Forest, _ m: Int, _ x: DoubleIn, _ ldx: Int, _ y: UnsafeMutablePointer<Int32>, _ ldy: Int,
    _ scratch: UnsafeMutableRawPointer
) { leaves(f, m, x, ldx, y, ldy, scratch) }
