internal import CSeptumCPU
internal import SeptumKernelTable

// One row through a forest of bytes, many trees at a time; their leaves are added in the order of the trees.

/// Adds the leaves found for trees [tree, tree + count). Exits that add directly are numbered through all trees.
@inline(__always) func addFound<S: BinaryFloatingPoint>(
    _ t: ByteForest, _ tree: Int, _ count: Int, _ found: Integers, _ table: UnsafePointer<S>, _ y: UnsafeMutablePointer<S>
) {
    var i = 0
    if t.leafWidth == 1 && t.outputs == 1 {
        var sum = y[0]
        while i &+ 4 <= count {
            sum = addFour(sum, found + i, table)
            i &+= 4
        }
        while i < count {
            sum += table[Int(found[i])]
            i &+= 1
        }
        y[0] = sum
        return
    }
    while i < count {
        addVector(table + Int(found[i]) &* t.leafWidth, t.leafWidth, y + Int(t.targets[tree &+ i]))
        i &+= 1
    }
}

@inline(__always) func addFour<S: BinaryFloatingPoint>(_ sum: S, _ found: Integers, _ table: UnsafePointer<S>) -> S {
    var sum = sum + table[Int(found[0])]
    sum += table[Int(found[1])]
    sum += table[Int(found[2])]
    sum += table[Int(found[3])]
    return sum
}

/// Where exits that add directly find the leaves of the first tree, and how its exits are numbered.
@inline(__always) func directLeaves<S: BinaryFloatingPoint>(_ t: ByteForest) -> UnsafePointer<S> {
    // Records start with sixteen bytes of comparisons.
    (t.hasRecords ? t.records + 16 : t.exits).assumingMemoryBound(to: S.self)
}

#if SEPTUM_V3 || SEPTUM_V4
    typealias Places = UnsafeMutablePointer<Int32>

    @inline(__always) func leave(_ f: Trees, _ group: Int, _ table: Bytes, _ places: Places, _ parts: Int, permutes: Bool) {
        let t = f.pointee
        septum_leave(
            table, parts, permutes, t.lanes + group &* t.laneBytes, t.laneLevels, t.isOblivious,
            Int32(truncatingIfNeeded: group &* 32), t.levels, places)
    }

    // One function for each size of the table of a row's bytes, so that each stays small.
    @inline(never) func leave1(_ f: Trees, _ g: Int, _ t: Bytes, _ p: Places) { leave(f, g, t, p, 1, permutes: false) }
    @inline(never) func leave2(_ f: Trees, _ g: Int, _ t: Bytes, _ p: Places) { leave(f, g, t, p, 2, permutes: false) }
    @inline(never) func leave4(_ f: Trees, _ g: Int, _ t: Bytes, _ p: Places) { leave(f, g, t, p, 4, permutes: false) }
    @inline(never) func leave8(_ f: Trees, _ g: Int, _ t: Bytes, _ p: Places) { leave(f, g, t, p, 8, permutes: false) }
    @inline(never) func leave16(_ f: Trees, _ g: Int, _ t: Bytes, _ p: Places) { leave(f, g, t, p, 16, permutes: false) }
    @inline(never) func permute2(_ f: Trees, _ g: Int, _ t: Bytes, _ p: Places) { leave(f, g, t, p, 2, permutes: true) }
    @inline(never) func permute4(_ f: Trees, _ g: Int, _ t: Bytes, _ p: Places) { leave(f, g, t, p, 4, permutes: true) }
    @inline(never) func permute8(_ f: Trees, _ g: Int, _ t: Bytes, _ p: Places) { leave(f, g, t, p, 8, permutes: true) }
    @inline(never) func permute16(_ f: Trees, _ g: Int, _ t: Bytes, _ p: Places) { leave(f, g, t, p, 16, permutes: true) }

    /// Where thirty-two trees leave their tops.
    @inline(__always) func leave(_ f: Trees, _ group: Int, _ table: Bytes, _ places: Places) {
        #if SEPTUM_V4
            if f.pointee.permutesBytes {
                switch f.pointee.parts {
                case 1, 2: return permute2(f, group, table, places)
                case 4: return permute4(f, group, table, places)
                case 8: return permute8(f, group, table, places)
                default: return permute16(f, group, table, places)
                }
            }
        #endif
        switch f.pointee.parts {
        case 1: leave1(f, group, table, places)
        case 2: leave2(f, group, table, places)
        case 4: leave4(f, group, table, places)
        case 8: leave8(f, group, table, places)
        default: leave16(f, group, table, places)
        }
    }

    /// All trees, whose exits are what they add.
    @inline(__always) func directRow<S: BinaryFloatingPoint>(
        _ f: Trees, _ table: Bytes, _ y: UnsafeMutablePointer<S>, _ scratch: Scratch
    ) {
        let trees = f.pointee.trees
        let groups = (trees &+ 31) &>> 5
        let places = (scratch + placesPlace).assumingMemoryBound(to: Int32.self)
        let leaves: UnsafePointer<S> = directLeaves(f.pointee)
        var group = 0
        while group <= groups {
            if group < groups { leave(f, group, table, places + (group & 1) &* 32) }
            if group > 0 {
                let tree = (group &- 1) &* 32
                let found = Integers(places + ((group &- 1) & 1) &* 32)
                addFound(f.pointee, tree, min(32, trees &- tree), found, leaves, y)
            }
            group &+= 1
        }
    }

    /// All trees, from their exits word by word, sixty-four at once.
    @inline(__always) func walkedRow<S: BinaryFloatingPoint>(
        _ f: Trees, _ bytes: Bytes, _ y: UnsafeMutablePointer<S>, _ scratch: Scratch
    ) {
        let t = f.pointee
        let last = ((t.trees &+ 31) &>> 5) &- 1
        let exits = t.exits.assumingMemoryBound(to: Int32.self), values = t.values.assumingMemoryBound(to: S.self)
        let places = (scratch + placesPlace).assumingMemoryBound(to: Int32.self), found = scratch + foundPlace
        let none = every(0), mask = every(Int32.max), bias = Int32(septum_row_bias())
        var group = 0
        while group <= last {
            let second = min(group &+ 1, last)
            leave(f, group, bytes, places)
            leave(f, second, bytes, places + 32)
            var a = septum_gather_where(exits, septum_load_i16(places), none)
            var b = septum_gather_where(exits, septum_load_i16(places + 16), none)
            var c = septum_gather_where(exits, septum_load_i16(places + 32), none)
            var d = septum_gather_where(exits, septum_load_i16(places + 48), none)
            if septum_all_negative(a & b & c & d) == 0 {
                let baseA = septum_load_i16(t.bases + group &* 32), baseB = septum_load_i16(t.bases + (group &* 32 &+ 16))
                let baseC = septum_load_i16(t.bases + second &* 32), baseD = septum_load_i16(t.bases + (second &* 32 &+ 16))
                repeat {
                    a = septum_descend(a, baseA, t.words, bytes, none, 0, bias)
                    b = septum_descend(b, baseB, t.words, bytes, none, 0, bias)
                    c = septum_descend(c, baseC, t.words, bytes, none, 0, bias)
                    d = septum_descend(d, baseD, t.words, bytes, none, 0, bias)
                } while septum_all_negative(a & b & c & d) == 0
            }
            septum_store_i16(found, a & mask)
            septum_store_i16(found + 64, b & mask)
            septum_store_i16(found + 128, c & mask)
            septum_store_i16(found + 192, d & mask)
            let tree = group &* 32
            let leaves = Integers(found.assumingMemoryBound(to: Int32.self))
            addFound(t, tree, min(64, t.trees &- tree), leaves, values, y)
            group &+= 2
        }
    }
#else
    /// 1 where the byte of a node's slot is over its own, without a branch.
    @inline(__always) func over(_ place: Int32, _ threshold: Int32, _ bytes: Bytes) -> Int {
        (Int(threshold & 255) &- Int(bytes[Int(place) &>> 6])) &>> 63 & 1
    }

    /// Where sixteen trees leave their tops, four at once; places beyond the last tree repeat it.
    @inline(__always) func exits(
        _ t: ByteForest, _ tree: Int, _ count: Int, _ bytes: Bytes, _ found: UnsafeMutablePointer<Int32>, isOblivious: Bool
    ) {
        let levels = t.levels
        let step = isOblivious ? levels : 1 &<< levels, first = isOblivious ? 0 : 1
        var i = 0
        while i < count {
            let at = (tree &+ i) &* step, last = count &- 1 &- i
            let (second, third, fourth) = (min(1, last) &* step, min(2, last) &* step, min(3, last) &* step)
            let places = t.topPlaces + at, thresholds = t.topThresholds + at
            var a = first, b = first, c = first, d = first
            var level = 0
            while level < levels {
                let (e, f) = (isOblivious ? level : a, second &+ (isOblivious ? level : b))
                let (g, h) = (third &+ (isOblivious ? level : c), fourth &+ (isOblivious ? level : d))
                a = a &* 2 &+ over(places[e], thresholds[e], bytes)
                b = b &* 2 &+ over(places[f], thresholds[f], bytes)
                c = c &* 2 &+ over(places[g], thresholds[g], bytes)
                d = d &* 2 &+ over(places[h], thresholds[h], bytes)
                level &+= 1
            }
            let start = isOblivious ? 0 : step
            found[i] = Int32(truncatingIfNeeded: a &- start)
            found[i &+ 1] = Int32(truncatingIfNeeded: b &- start)
            found[i &+ 2] = Int32(truncatingIfNeeded: c &- start)
            found[i &+ 3] = Int32(truncatingIfNeeded: d &- start)
            i &+= 4
        }
    }

    @inline(__always) func plainRow<S: BinaryFloatingPoint>(
        _ t: ByteForest, _ bytes: Bytes, _ y: UnsafeMutablePointer<S>, _ scratch: Scratch
    ) {
        let found = (scratch + foundPlace).assumingMemoryBound(to: Int32.self)
        let leaves: UnsafePointer<S> = t.addsDirectly ? directLeaves(t) : t.values.assumingMemoryBound(to: S.self)
        let words = t.exits.assumingMemoryBound(to: Int32.self)
        var tree = 0
        while tree < t.trees {
            let count = min(16, t.trees &- tree)
            if t.isOblivious {
                exits(t, tree, count, bytes, found, isOblivious: true)
            } else {
                exits(t, tree, count, bytes, found, isOblivious: false)
            }
            var i = 0
            while i < count {
                let own = Int(found[i])
                if t.hasRecords {
                    let record = (tree &+ i) &<< t.laneLevels &+ own &>> 3
                    found[i] = Int32(truncatingIfNeeded: record &* 16 &+ (own & 7))
                } else {
                    let place = (tree &+ i) &<< t.levels &+ own
                    found[i] =
                        t.addsDirectly
                        ? Int32(truncatingIfNeeded: place)
                        : lastWord(t.words + Int(t.bases[tree &+ i]), words[place], bytes, 1) & Int32.max
                }
                i &+= 1
            }
            addFound(t, tree, count, Integers(found), leaves, y)
            tree &+= 16
        }
    }
#endif

/// One row.
@inline(__always) func byteRow<T: BinaryFloatingPoint, S: BinaryFloatingPoint>(
    _ f: Trees, _ x: UnsafePointer<T>, _ y: UnsafeMutablePointer<S>, _ scratch: Scratch
) {
    let filled = (scratch + bytesPlace).assumingMemoryBound(to: UInt8.self)
    fillBytes(f, 1, x, 0, filled, 1, septum_row_bias())
    #if SEPTUM_V3 || SEPTUM_V4
        if f.pointee.hasRecords {
            recordRow(f, Bytes(filled), y, scratch)
        } else if f.pointee.addsDirectly {
            directRow(f, Bytes(filled), y, scratch)
        } else {
            walkedRow(f, Bytes(filled), y, scratch)
        }
    #else
        plainRow(f.pointee, Bytes(filled), y, scratch)
    #endif
}
