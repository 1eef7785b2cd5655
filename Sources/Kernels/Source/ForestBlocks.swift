internal import SeptumKernelTable

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

/// Rows into slots [blocks, slots, 16]; the last block is filled up with its last row.
@inline(__always) func fillBlocks(_ f: Forest, _ rows: Int, _ x: In, _ ldx: Int, _ slots: Out) {
    let blockSlots = f.pointee.slots &* 16
    var r = 0
    while r < (rows &+ 15) & ~15 {
        fill(f, x + min(r, rows &- 1) &* ldx, slots + ((r &>> 4) &* blockSlots &+ (r & 15)), 16)
        r &+= 1
    }
}

/// What sums [blocks, outputs, 16] start from.
@inline(__always) func startSums<S: BinaryFloatingPoint>(
    _ outputs: Int, _ rows: Int, _ y: UnsafePointer<S>, _ ldy: Int, _ sums: UnsafeMutablePointer<S>
) {
    var r = 0
    while r < (rows &+ 15) & ~15 {
        let from = min(r, rows &- 1)
        var o = 0
        while o < outputs {
            sums[((r &>> 4) &* outputs &+ o) &* 16 &+ (r & 15)] = y[from &* ldy &+ o]
            o &+= 1
        }
        r &+= 1
    }
}

/// Puts sums into rows.
@inline(__always) func endSums<S: BinaryFloatingPoint>(
    _ outputs: Int, _ rows: Int, _ y: UnsafeMutablePointer<S>, _ ldy: Int, _ sums: UnsafePointer<S>
) {
    var r = 0
    while r < rows {
        var o = 0
        while o < outputs {
            y[r &* ldy &+ o] = sums[((r &>> 4) &* outputs &+ o) &* 16 &+ (r & 15)]
            o &+= 1
        }
        r &+= 1
    }
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
        fillBlocks(f, count, x + row &* ldx, ldx, slots)
        startSums(t.outputs, count, y + row &* ldy, ldy, sums)
        var tree = 0
        while tree < t.trees {
            var b = 0
            while b < blocks {
                addTree(f, tree, UnsafePointer(slots + b &* blockSlots), sums + b &* blockSums, scratch, direct: direct)
                b &+= 1
            }
            tree &+= 1
        }
        endSums(t.outputs, count, y + row &* ldy, ldy, sums)
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
