internal import CSeptumCPU
internal import SeptumKernelTable

// One row through a forest of bytes, sixteen trees at a time; their leaves are added in the order of the trees.

/// Adds the leaves found for trees [tree, tree + count). Exits that add directly are numbered through all trees.
@inline(__always) func addFound<S: BinaryFloatingPoint>(
    _ t: ByteForest, _ tree: Int, _ count: Int, _ found: Integers, _ table: UnsafePointer<S>, _ y: UnsafeMutablePointer<S>
) {
    if t.leafWidth == 1 && t.outputs == 1 {
        var sum = y[0]
        var i = 0
        while i &+ 4 <= count {
            sum = fourth(sum, found + i, table)
            i &+= 4
        }
        while i < count {
            sum += table[Int(found[i])]
            i &+= 1
        }
        y[0] = sum
        return
    }
    var i = 0
    while i < count {
        addVector(table + Int(found[i]) &* t.leafWidth, t.leafWidth, y + Int(t.targets[tree &+ i]))
        i &+= 1
    }
}

@inline(__always) func fourth<S: BinaryFloatingPoint>(_ sum: S, _ found: Integers, _ table: UnsafePointer<S>) -> S {
    var sum = sum + table[Int(found[0])]
    sum += table[Int(found[1])]
    sum += table[Int(found[2])]
    sum += table[Int(found[3])]
    return sum
}

/// Sixteen trees from words on, `depth` steps down, into `found`.
@inline(__always) func walkWords(_ t: ByteForest, _ tree: Int, _ first: I, _ depth: Int, _ bytes: Bytes, _ found: Scratch) {
    let base = septum_load_i16(t.bases + tree)
    var word = first
    var level = 0
    while level < depth {
        word = septum_descend(word, base, t.words, bytes, every(0), 0, 0)
        level &+= 1
    }
    septum_store_i16(found, word & every(Int32.max))
}

/// The exits of sixteen oblivious trees, one comparison after another.
@inline(__always) func obliviousExits(_ t: ByteForest, _ tree: Int, _ bytes: Bytes, _ found: UnsafeMutablePointer<Int32>) {
    var i = 0
    while i < 16 {
        let at = (tree &+ i) &* 8
        var index: Int32 = 0
        var level = t.levels
        while level > 0 {
            level &-= 1
            index = index &* 2 &+ (bytes[Int(t.laneSlots[at &+ level])] > t.laneThresholds[at &+ level] ? 1 : 0)
        }
        found[i] = Int32(truncatingIfNeeded: (tree &+ i) &<< t.levels) &+ index
        i &+= 1
    }
}

/// Sixteen trees from words on, one after another: what there is without gathers.
@inline(__always) func walkOneByOne(
    _ t: ByteForest, _ tree: Int, _ count: Int, _ bytes: Bytes, _ found: UnsafeMutablePointer<Int32>
) {
    var i = 0
    while i < count {
        found[i] = lastWord(t.words + Int(t.bases[tree &+ i]), t.roots[tree &+ i], bytes, 1) & Int32.max
        i &+= 1
    }
}

#if SEPTUM_V3 || SEPTUM_V4
    /// The masks of sixteen trees.
    @inline(__always) func overMasks(
        _ t: ByteForest, _ group: Int, _ table: Bytes, wide: Bool, _ masks: Scratch
    ) {
        let bytes = 16 &<< t.laneLevels
        let slots = t.laneSlots + group &* bytes, thresholds = t.laneThresholds + group &* bytes
        #if SEPTUM_V4
            let out = masks.assumingMemoryBound(to: UInt64.self)
            let low = septum_load_i16(table), high = wide ? septum_load_i16(table + 64) : low
            var i = 0
            while i < bytes {
                out[i &>> 6] =
                    wide
                    ? septum_over_128(low, high, slots + i, thresholds + i) : septum_over_64(low, slots + i, thresholds + i)
                i &+= 64
            }
        #else
            septum_over_parts(
                table, (t.slots &+ 15) &>> 4, slots, thresholds, bytes, masks.assumingMemoryBound(to: UInt32.self))
        #endif
    }

    /// Where sixteen trees leave their tops.
    @inline(__always) func maskedExits(_ t: ByteForest, _ group: Int, _ masks: Scratch) -> I {
        let lanes = I(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
        var exit = t.isOblivious ? septum_widen_bytes(masks) : septum_exits(masks, t.laneLevels)
        if !t.isOblivious && t.laneLevels > t.levels { exit = exit &>> Int32(truncatingIfNeeded: t.laneLevels &- t.levels) }
        return ((lanes &+ every(Int32(truncatingIfNeeded: group &* 16))) &<< Int32(truncatingIfNeeded: t.levels)) &+ exit
    }

    /// The words where sixteen trees leave their tops.
    @inline(__always) func maskedWords(_ t: ByteForest, _ group: Int, _ bytes: Bytes, wide: Bool, _ masks: Scratch) -> I {
        overMasks(t, group, bytes, wide: wide, masks)
        return septum_gather_where(t.exits.assumingMemoryBound(to: Int32.self), maskedExits(t, group, masks), every(0))
    }

    /// All trees by masks, then word by word, sixty-four at once, so that their loads overlap.
    @inline(__always) func maskedWalk<S: BinaryFloatingPoint>(
        _ t: ByteForest, _ bytes: Bytes, wide: Bool, _ y: UnsafeMutablePointer<S>, _ scratch: Scratch
    ) {
        let last = ((t.trees &+ 15) &>> 4) &- 1
        let masks = scratch + maskPlace, found = scratch + belowPlace
        let values = t.values.assumingMemoryBound(to: S.self)
        let none = every(0), mask = every(Int32.max)
        var group = 0
        while group <= last {
            let (second, third, fourth) = (min(group &+ 1, last), min(group &+ 2, last), min(group &+ 3, last))
            var a = maskedWords(t, group, bytes, wide: wide, masks)
            var b = maskedWords(t, second, bytes, wide: wide, masks + 128)
            var c = maskedWords(t, third, bytes, wide: wide, masks + 256)
            var d = maskedWords(t, fourth, bytes, wide: wide, masks + 384)
            let bases = t.bases
            let baseA = septum_load_i16(bases + group &* 16), baseB = septum_load_i16(bases + second &* 16)
            let baseC = septum_load_i16(bases + third &* 16), baseD = septum_load_i16(bases + fourth &* 16)
            while septum_all_negative(a & b & c & d) == 0 {
                a = septum_descend(a, baseA, t.words, bytes, none, 0, 0)
                b = septum_descend(b, baseB, t.words, bytes, none, 0, 0)
                c = septum_descend(c, baseC, t.words, bytes, none, 0, 0)
                d = septum_descend(d, baseD, t.words, bytes, none, 0, 0)
            }
            septum_store_i16(found, a & mask)
            septum_store_i16(found + 64, b & mask)
            septum_store_i16(found + 128, c & mask)
            septum_store_i16(found + 192, d & mask)
            let tree = group &* 16
            let own = Integers(found.assumingMemoryBound(to: Int32.self))
            addFound(t, tree, min(64, t.trees &- tree), own, values, y)
            group &+= 4
        }
    }

    /// All trees by masks. Those of a group are made while the leaves of the fourth group before it are added.
    @inline(__always) func maskedRow<S: BinaryFloatingPoint>(
        _ t: ByteForest, _ bytes: Bytes, wide: Bool, _ y: UnsafeMutablePointer<S>, _ scratch: Scratch
    ) {
        if !t.addsDirectly { return maskedWalk(t, bytes, wide: wide, y, scratch) }
        let groups = (t.trees &+ 15) &>> 4
        let found = scratch.assumingMemoryBound(to: Int32.self)
        let masks = scratch + maskPlace
        var group = 0
        while group < groups &+ 4 {
            if group < groups { overMasks(t, group, bytes, wide: wide, masks + (group & 7) &* 128) }
            if group >= 4 {
                let own = masks + ((group &- 4) & 7) &* 128
                let tree = (group &- 4) &* 16
                septum_store_i16(found, maskedExits(t, group &- 4, own))
                let count = min(16, t.trees &- tree)
                addFound(t, tree, count, Integers(found), t.exits.assumingMemoryBound(to: S.self), y)
            }
            group &+= 1
        }
    }
#endif

/// One row.
@inline(__always) func byteRow<T: BinaryFloatingPoint, S: BinaryFloatingPoint>(
    _ f: Trees, _ x: UnsafePointer<T>, _ y: UnsafeMutablePointer<S>, _ scratch: Scratch
) {
    let t = f.pointee
    let filled = (scratch + bytesPlace).assumingMemoryBound(to: UInt8.self)
    fillBytes(f, 1, x, 0, filled, 1)
    let bytes = Bytes(filled)
    #if SEPTUM_V4
        if t.permutesBytes && t.slots <= 64 { return maskedRow(t, bytes, wide: false, y, scratch) }
        if t.permutesBytes && t.slots <= 128 { return maskedRow(t, bytes, wide: true, y, scratch) }
    #elseif SEPTUM_V3
        if t.slots <= 64 { return maskedRow(t, bytes, wide: false, y, scratch) }
    #endif
    let found = scratch.assumingMemoryBound(to: Int32.self)
    var tree = 0
    while tree < t.trees {
        let count = min(16, t.trees &- tree)
        if t.isOblivious {
            obliviousExits(t, tree, bytes, found)
        } else {
            #if SEPTUM_V3 || SEPTUM_V4
                walkWords(t, tree, septum_load_i16(t.roots + tree), Int(t.depths[tree &>> 4]), bytes, scratch)
            #else
                walkOneByOne(t, tree, count, bytes, found)
            #endif
        }
        if t.isOblivious && t.addsDirectly {
            addFound(t, tree, count, Integers(found), t.exits.assumingMemoryBound(to: S.self), y)
        } else {
            if t.isOblivious {
                let words = t.exits.assumingMemoryBound(to: Int32.self)
                var i = 0
                while i < 16 {
                    found[i] = words[Int(found[i])] & Int32.max
                    i &+= 1
                }
            }
            addFound(t, tree, count, Integers(found), t.values.assumingMemoryBound(to: S.self), y)
        }
        tree &+= 16
    }
}
