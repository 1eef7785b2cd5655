internal import CSeptumCPU
internal import SeptumKernelTable

// Deep trees, four vectors of sixteen walks at once, so that their loads overlap: sixteen rows of one tree, or sixteen trees of
// one row. Leaves are added in the order of the trees.

typealias Deep = UnsafePointer<DeepForest>

/// What four vectors walk through: a tree each, and the slots of sixteen rows each.
typealias Walks = (trees: (Int, Int, Int, Int), rows: (In, In, In, In))

/// Scratch: sixty-four found leaves, then sixteen exits of a tree's top, then sums and slots.
let topPlace = 256, deepPlace = 512

/// Where sixteen rows leave the top of a tree.
@inline(__always) func top(_ f: Forest, _ tree: Int, _ rows: In, _ scratch: Scratch) -> I {
    guard f.pointee.shallow[tree] >= 0 else { return every(-1) }
    let out = (scratch + topPlace).assumingMemoryBound(to: Float.self)
    put(heap(f, tree, rows), depth: f.pointee.depths[tree], out, add: false)
    return septum_load_i16(out)
}

#if SEPTUM_V3 || SEPTUM_V4
    typealias FourVectors = (a: I, b: I, c: I, d: I)

    @inline(__always) func walking(_ k: FourVectors) -> Bool { septum_all_negative(k.a & k.b & k.c & k.d) == 0 }

    /// Puts the rows of values of ~leaves there.
    @inline(__always) func find(_ leaves: Integers, _ k: I, _ base: I, _ found: Scratch) {
        septum_store_i16(found, septum_gather_where(leaves, (k ^ every(-1)) &+ base, every(0)))
    }
#else
    /// One walk to its ~leaf, as `septum_deepen` goes.
    @inline(__always) func lastLeaf(_ from: Int32, _ nodes: UnsafePointer<UInt64>, _ slots: In, _ step: Int) -> Int {
        var k = Int(from)
        while k >= 0 {
            let node = nodes[k]
            let link = UInt32(truncatingIfNeeded: node &>> 32)
            let isLeft = slots[Int(link & 1023) &* step] < Float(bitPattern: UInt32(truncatingIfNeeded: node))
            let inner = Int(link &>> 10 & 0xfffff) &+ (isLeft || link &>> 31 == 1 ? 0 : 1)
            let ends = link &>> (isLeft ? 31 : 30) & 1 == 1
            k = ends ? inner &- 2 &* k &- (isLeft ? 2 : 3) : inner
        }
        return k
    }

    /// Puts the rows of values that sixteen rows end in there.
    @inline(__always) func walkRows(_ f: Forest, _ d: Deep, _ tree: Int, _ rows: In, _ scratch: Scratch, _ place: Int) {
        let nodes = d.pointee.nodes + Int(d.pointee.bases[tree]), leaves = d.pointee.leaves + Int(d.pointee.leafBases[tree])
        let found = (scratch + place).assumingMemoryBound(to: Int32.self)
        septum_store_i16(found, top(f, tree, rows, scratch))
        var r = 0
        while r < 16 {
            found[r] = leaves[~lastLeaf(found[r], nodes, rows + r, 16)]
            r &+= 1
        }
    }
#endif

/// Puts the rows of values that four vectors of rows end in into scratch.
@inline(__always) func walkRows(_ f: Forest, _ d: Deep, _ w: Walks, _ scratch: Scratch) {
    #if SEPTUM_V3 || SEPTUM_V4
        let bases = d.pointee.bases, nodes = d.pointee.nodes
        let n0 = nodes + Int(bases[w.trees.0]), n1 = nodes + Int(bases[w.trees.1])
        let n2 = nodes + Int(bases[w.trees.2]), n3 = nodes + Int(bases[w.trees.3])
        let lane = I(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), none = every(0)
        var k: FourVectors = (
            top(f, w.trees.0, w.rows.0, scratch), top(f, w.trees.1, w.rows.1, scratch), top(f, w.trees.2, w.rows.2, scratch),
            top(f, w.trees.3, w.rows.3, scratch)
        )
        while walking(k) {
            k.a = septum_deepen(k.a, n0, none, w.rows.0, 4, lane)
            k.b = septum_deepen(k.b, n1, none, w.rows.1, 4, lane)
            k.c = septum_deepen(k.c, n2, none, w.rows.2, 4, lane)
            k.d = septum_deepen(k.d, n3, none, w.rows.3, 4, lane)
        }
        let leaves = d.pointee.leaves, leafBases = d.pointee.leafBases
        find(leaves + Int(leafBases[w.trees.0]), k.a, none, scratch)
        find(leaves + Int(leafBases[w.trees.1]), k.b, none, scratch + 64)
        find(leaves + Int(leafBases[w.trees.2]), k.c, none, scratch + 128)
        find(leaves + Int(leafBases[w.trees.3]), k.d, none, scratch + 192)
    #else
        walkRows(f, d, w.trees.0, w.rows.0, scratch, 0)
        walkRows(f, d, w.trees.1, w.rows.1, scratch, 64)
        walkRows(f, d, w.trees.2, w.rows.2, scratch, 128)
        walkRows(f, d, w.trees.3, w.rows.3, scratch, 192)
    #endif
}

/// Puts the rows of values that one row's trees [tree, tree + 64) end in into scratch.
@inline(__always) func walkTrees(_ f: Forest, _ d: Deep, _ tree: Int, _ row: In, _ scratch: Scratch) {
    let nodes = d.pointee.nodes, leaves = d.pointee.leaves
    let bases = d.pointee.bases + tree, roots = d.pointee.roots + tree, leafBases = d.pointee.leafBases + tree
    #if SEPTUM_V3 || SEPTUM_V4
        let n: FourVectors = (
            septum_load_i16(bases), septum_load_i16(bases + 16), septum_load_i16(bases + 32), septum_load_i16(bases + 48)
        )
        var k: FourVectors = (
            septum_load_i16(roots), septum_load_i16(roots + 16), septum_load_i16(roots + 32), septum_load_i16(roots + 48)
        )
        #if SEPTUM_V4
            let isFew = f.pointee.slots <= 32
            if isFew {
                let low = load(row, 0), high = load(row, 16)
                while walking(k) {
                    k.a = septum_deepen_few(k.a, nodes, n.a, low, high)
                    k.b = septum_deepen_few(k.b, nodes, n.b, low, high)
                    k.c = septum_deepen_few(k.c, nodes, n.c, low, high)
                    k.d = septum_deepen_few(k.d, nodes, n.d, low, high)
                }
            }
        #endif
        let none = every(0)
        while walking(k) {
            k.a = septum_deepen(k.a, nodes, n.a, row, 0, none)
            k.b = septum_deepen(k.b, nodes, n.b, row, 0, none)
            k.c = septum_deepen(k.c, nodes, n.c, row, 0, none)
            k.d = septum_deepen(k.d, nodes, n.d, row, 0, none)
        }
        find(leaves, k.a, septum_load_i16(leafBases), scratch)
        find(leaves, k.b, septum_load_i16(leafBases + 16), scratch + 64)
        find(leaves, k.c, septum_load_i16(leafBases + 32), scratch + 128)
        find(leaves, k.d, septum_load_i16(leafBases + 48), scratch + 192)
    #else
        let found = scratch.assumingMemoryBound(to: Int32.self)
        var i = 0
        while i < 64 {
            found[i] = leaves[Int(leafBases[i]) &+ ~lastLeaf(roots[i], nodes + Int(bases[i]), row, 1)]
            i &+= 1
        }
    #endif
}

/// Adds sixteen rows' leaves of a tree to their sums, or to y where leaves have several outputs.
@inline(__always) func addFound<S: BinaryFloatingPoint>(
    _ f: Forest, _ tree: Int, _ rows: Int, _ found: Integers, _ sums: UnsafeMutablePointer<S>, _ y: UnsafeMutablePointer<S>,
    _ ldy: Int
) {
    let values = f.pointee.values.assumingMemoryBound(to: S.self)
    let width = f.pointee.leafWidth
    var r = 0
    if f.pointee.aggregation != 0 {
        while r < 16 {
            addLeaf(f, tree, Int(found[r]), values, sums + r, 16)
            r &+= 1
        }
    } else if width == 1 {
        let sum = sums + Int(f.pointee.targets[tree]) &* 16
        while r < 16 {
            sum[r] += values[Int(found[r])]
            r &+= 1
        }
    } else {
        let y = y + Int(f.pointee.targets[tree])
        if width == 3 { return addThrees(values, rows, found, y, ldy) }
        while r < rows {
            addVector(values + Int(found[r]) &* width, width, y + r &* ldy)
            r &+= 1
        }
    }
}

/// Adds leaves of three outputs to rows.
@inline(__always) func addThrees<S: BinaryFloatingPoint>(
    _ values: UnsafePointer<S>, _ rows: Int, _ found: Integers, _ y: UnsafeMutablePointer<S>, _ ldy: Int
) {
    var r = 0
    while r < rows {
        let own = values + Int(found[r]) &* 3, sum = y + r &* ldy
        let (a, b, c) = (sum[0] + own[0], sum[1] + own[1], sum[2] + own[2])
        sum[0] = a
        sum[1] = b
        sum[2] = c
        r &+= 1
    }
}

/// Blocks of sixteen rows from `row` on, through all trees: four blocks through a tree, or where there are few, one through four
/// trees.
@inline(__always) func deepBlocks<S: BinaryFloatingPoint>(
    _ f: Forest, _ d: Deep, _ rows: Int, _ slots: In, _ sums: UnsafeMutablePointer<S>, _ y: UnsafeMutablePointer<S>, _ ldy: Int,
    _ scratch: Scratch
) {
    let trees = f.pointee.trees
    let blocks = (rows &+ 15) &>> 4
    let blockSums = f.pointee.outputs &* 16, blockSlots = f.pointee.slots &* 16
    let found = Integers(scratch.assumingMemoryBound(to: Int32.self))
    if blocks < 3 {
        var b = 0
        while b < blocks {
            let own = slots + b &* blockSlots
            var tree = 0
            while tree < trees {
                let last = trees &- 1
                let four = (tree, min(tree &+ 1, last), min(tree &+ 2, last), min(tree &+ 3, last))
                walkRows(f, d, (four, (own, own, own, own)), scratch)
                var i = 0
                while i < min(4, trees &- tree) {
                    addFound(
                        f, tree &+ i, rows &- b &* 16, found + i &* 16, sums + b &* blockSums, y + b &* 16 &* ldy, ldy)
                    i &+= 1
                }
                tree &+= 4
            }
            b &+= 1
        }
        return
    }
    let last = blocks &- 1
    var tree = 0
    while tree < trees {
        var b = 0
        while b < blocks {
            let own = (
                slots + b &* blockSlots, slots + min(b &+ 1, last) &* blockSlots, slots + min(b &+ 2, last) &* blockSlots,
                slots + min(b &+ 3, last) &* blockSlots
            )
            walkRows(f, d, ((tree, tree, tree, tree), own), scratch)
            var i = 0
            while i < min(4, blocks &- b) {
                let at = b &+ i
                addFound(
                    f, tree, min(16, rows &- at &* 16), found + i &* 16, sums + at &* blockSums, y + at &* 16 &* ldy, ldy)
                i &+= 1
            }
            b &+= 4
        }
        tree &+= 1
    }
}

/// One row, sixty-four trees at a time.
@inline(__always) func deepRow<S: BinaryFloatingPoint>(
    _ f: Forest, _ d: Deep, _ x: In, _ y: UnsafeMutablePointer<S>, _ scratch: Scratch
) {
    let slots = (scratch + deepPlace).assumingMemoryBound(to: Float.self)
    fill(f, x, slots, 1)
    let found = Integers(scratch.assumingMemoryBound(to: Int32.self))
    let values = f.pointee.values.assumingMemoryBound(to: S.self)
    let trees = f.pointee.trees, width = f.pointee.leafWidth
    var tree = 0
    while tree < trees {
        walkTrees(f, d, tree, In(slots), scratch)
        let count = min(64, trees &- tree)
        var i = 0
        if f.pointee.aggregation != 0 {
            while i < count {
                addLeaf(f, tree &+ i, Int(found[i]), values, y, 1)
                i &+= 1
            }
        } else {
            let targets = f.pointee.targets + tree
            while i < count {
                addVector(values + Int(found[i]) &* width, width, y + Int(targets[i]))
                i &+= 1
            }
        }
        tree &+= 64
    }
}

/// Rows alone through blocks of sixteen from this many on.
let fewDeepRows = 8

@inline(__always) func deepForest<S: BinaryFloatingPoint>(
    _ f: Forest, _ d: Deep, _ m: Int, _ x: In, _ ldx: Int, _ y: UnsafeMutablePointer<S>, _ ldy: Int, _ scratch: Scratch
) {
    let t = f.pointee
    let few = fewDeepRows
    let blocked = m < few ? 0 : m & 15 < few ? m & ~15 : m
    let sums = (scratch + deepPlace).assumingMemoryBound(to: S.self)
    let slots = (scratch + (deepPlace &+ t.blocks &* t.outputs &* 128)).assumingMemoryBound(to: Float.self)
    let hasSums = t.leafWidth == 1 || t.aggregation != 0
    var row = 0
    while row < blocked {
        let count = min(t.blocks &* 16, blocked &- row)
        let own = y + row &* ldy
        fillBlocks(f, count, x + row &* ldx, ldx, slots)
        if hasSums { startSums(t.outputs, count, UnsafePointer(own), ldy, sums) }
        deepBlocks(f, d, count, In(slots), sums, own, ldy, scratch)
        if hasSums { endSums(t.outputs, count, own, ldy, UnsafePointer(sums)) }
        row &+= count
    }
    while row < m {
        deepRow(f, d, x + row &* ldx, y + row &* ldy, scratch)
        row &+= 1
    }
}
