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

// A complete tree of 16 rows, from the leaves up: node i of the heap chooses between nodes 2i + 1 and 2i + 2.

typealias Heap = (thresholds: In, slots: UnsafePointer<Int32>, leaves: In, rows: In)

@inline(__always) func left(_ h: Heap, _ i: Int) -> M { load(h.rows, Int(h.slots[i]) &* 16) .< all(h.thresholds[i]) }
@inline(__always) func at1(_ h: Heap, _ i: Int) -> V {
    pick(left(h, i), all(h.leaves[2 &* i &+ 1]), all(h.leaves[2 &* i &+ 2]))
}
@inline(__always) func at2(_ h: Heap, _ i: Int) -> V { pick(left(h, i), at1(h, 2 &* i &+ 1), at1(h, 2 &* i &+ 2)) }
@inline(__always) func at3(_ h: Heap, _ i: Int) -> V { pick(left(h, i), at2(h, 2 &* i &+ 1), at2(h, 2 &* i &+ 2)) }
@inline(__always) func at4(_ h: Heap, _ i: Int) -> V { pick(left(h, i), at3(h, 2 &* i &+ 1), at3(h, 2 &* i &+ 2)) }
@inline(__always) func at5(_ h: Heap, _ i: Int) -> V { pick(left(h, i), at4(h, 2 &* i &+ 1), at4(h, 2 &* i &+ 2)) }
@inline(__always) func at6(_ h: Heap, _ i: Int) -> V { pick(left(h, i), at5(h, 2 &* i &+ 1), at5(h, 2 &* i &+ 2)) }

/// Sixteen rows' values of a tree, added to y or put there. One function a depth, so that each stays small.
@inline(never) func put1(_ h: Heap, _ y: Out, _ add: Bool) { put(at1(h, 0), y, add) }
@inline(never) func put2(_ h: Heap, _ y: Out, _ add: Bool) { put(at2(h, 0), y, add) }
@inline(never) func put3(_ h: Heap, _ y: Out, _ add: Bool) { put(at3(h, 0), y, add) }
@inline(never) func put4(_ h: Heap, _ y: Out, _ add: Bool) { put(at4(h, 0), y, add) }
@inline(never) func put5(_ h: Heap, _ y: Out, _ add: Bool) { put(at5(h, 0), y, add) }
@inline(never) func put6(_ h: Heap, _ y: Out, _ add: Bool) { put(at6(h, 0), y, add) }

@inline(__always) func put(_ v: V, _ y: Out, _ add: Bool) { store(y, 0, add ? load(UnsafePointer(y), 0) + v : v) }

@inline(__always) func put(_ h: Heap, depth: Int32, _ y: Out, add: Bool) {
    switch depth {
    case 1: put1(h, y, add)
    case 2: put2(h, y, add)
    case 3: put3(h, y, add)
    case 4: put4(h, y, add)
    case 5: put5(h, y, add)
    default: put6(h, y, add)
    }
}

/// Leaves are numbered on from the heap's last inner node.
@inline(__always) func heap(_ f: Forest, _ tree: Int, _ rows: In) -> Heap {
    let at = Int(f.pointee.shallow[tree])
    let inner = (1 &<< Int(f.pointee.depths[tree])) &- 1
    return (
        f.pointee.shallowThresholds + at, f.pointee.shallowSlots + at, f.pointee.shallowLeaves + (at &- inner), rows
    )
}

/// Blocks of sixteen rows, the last one filled up with its last row; every block goes through a tree while it is at hand.
/// Scratch: 16 words, the sums [blocks, outputs, 16], then the slots [blocks, slots, 16].
@inline(__always) func sixteenRows<S: BinaryFloatingPoint>(
    _ f: Forest, _ m: Int, _ x: In, _ ldx: Int, _ y: UnsafeMutablePointer<S>, _ ldy: Int,
    _ scratch: UnsafeMutableRawPointer, direct: Bool
) {
    let t = f.pointee
    let sums = (scratch + 128).assumingMemoryBound(to: S.self)
    let slots = (scratch + (128 &+ t.blocks &* t.outputs &* 128)).assumingMemoryBound(to: Float.self)
    let blockSums = t.outputs &* 16, blockSlots = t.slots &* 16
    var row = 0
    while row < m {
        let count = min(t.blocks &* 16, m &- row)
        let blocks = (count &+ 15) &>> 4
        var r = 0
        while r < blocks &* 16 {
            let from = row &+ min(r, count &- 1)
            fill(f, x + from &* ldx, slots + ((r &>> 4) &* blockSlots &+ (r & 15)), 16)
            var o = 0
            while o < t.outputs {
                sums[(r &>> 4) &* blockSums &+ o &* 16 &+ (r & 15)] = y[from &* ldy &+ o]
                o &+= 1
            }
            r &+= 1
        }
        var tree = 0
        while tree < t.trees {
            var b = 0
            while b < blocks {
                addTree(f, tree, UnsafePointer(slots + b &* blockSlots), sums + b &* blockSums, scratch, direct: direct)
                b &+= 1
            }
            tree &+= 1
        }
        r = 0
        while r < count {
            var o = 0
            while o < t.outputs {
                y[(row &+ r) &* ldy &+ o] = sums[(r &>> 4) &* blockSums &+ o &* 16 &+ (r & 15)]
                o &+= 1
            }
            r &+= 1
        }
        row &+= count
    }
}

/// A tree's leaves of sixteen rows.
@inline(__always) func addTree<S: BinaryFloatingPoint>(
    _ f: Forest, _ tree: Int, _ rows: In, _ sums: UnsafeMutablePointer<S>, _ scratch: UnsafeMutableRawPointer, direct: Bool
) {
    let values = f.pointee.values.assumingMemoryBound(to: S.self)
    let found = scratch.assumingMemoryBound(to: Int.self)
    let depth = f.pointee.depths[tree]
    var r = 0
    if f.pointee.shallow[tree] >= 0 {
        let h = heap(f, tree, rows)
        if direct {
            let sum = UnsafeMutableRawPointer(sums + Int(f.pointee.targets[tree]) &* 16)
            put(h, depth: depth, sum.assumingMemoryBound(to: Float.self), add: true)
            return
        }
        let numbers = scratch.assumingMemoryBound(to: Float.self)
        put(h, depth: depth, numbers, add: false)
        while r < 16 {
            addLeaf(f, tree, Int(truncatingIfNeeded: numbers[r].bitPattern), values, sums + r, 16)
            r &+= 1
        }
        return
    }
    let nodes = f.pointee.nodes, roots = f.pointee.roots + tree
    walk(nodes, roots, 0, Int(depth), rows, 16, across: 1, found)
    walk(nodes, roots, 0, Int(depth), rows + 8, 16, across: 1, found + 8)
    while r < 16 {
        addLeaf(f, tree, found[r], values, sums + r, 16)
        r &+= 1
    }
}

/// Blocks of sixteen rows pay from this many rows on.
let fewRows = 4

@inline(never) func forestFloat(
    _ f: Forest, _ m: Int, _ x: In, _ ldx: Int, _ y: Out, _ ldy: Int, _ scratch: UnsafeMutableRawPointer
) {
    if let bytes = f.pointee.bytes { return byteForest(bytes, m, x, ldx, y, ldy, scratch) }
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
