internal import CSeptumCPU
internal import SeptumKernelTable

// One row through a forest of bytes whose last three levels are records beside their leaves.

#if SEPTUM_V3 || SEPTUM_V4
    /// What the steps of a row have in common. Places and leaves of two groups of thirty-two trees are at hand.
    typealias RecordRow<S> = (
        trees: Trees, table: Bytes, places: Places, found: Places, leaves: UnsafePointer<S>, y: UnsafeMutablePointer<S>
    )

    /// Where a group's own places and leaves start.
    @inline(__always) func start(_ group: Int) -> Int { (group & 1) &* 32 }

    /// Adds leaves one by one, to the sum or to the outputs.
    @inline(__always) func addEach<S: BinaryFloatingPoint>(
        _ row: RecordRow<S>, _ tree: Int, _ count: Int, _ found: Integers, _ sum: inout S
    ) {
        var i = 0
        while i < count {
            let leaf = row.leaves[Int(found[i])]
            if row.trees.pointee.outputs == 1 { sum += leaf } else { row.y[Int(row.trees.pointee.targets[tree &+ i])] += leaf }
            i &+= 1
        }
    }

    /// Finishes eight trees of a group from its tree `i` on, and adds the leaves of those eight of the group before.
    @inline(__always) func finish<S: BinaryFloatingPoint>(
        _ row: RecordRow<S>, _ group: Int, _ i: Int, _ sum: inout S, _ parts: Int, permutes: Bool
    ) {
        let at = row.places + (start(group) &+ i), records = row.trees.pointee.records, size = MemoryLayout<S>.size
        let a = septum_two_heads(records, size, at), b = septum_two_heads(records, size, at + 1)
        let c = septum_two_heads(records, size, at + 2), d = septum_two_heads(records, size, at + 3)
        if group > 0 {
            let before = Integers(row.found + (start(group &- 1) &+ i))
            if row.trees.pointee.outputs == 1 {
                sum = addFour(addFour(sum, before, row.leaves), before + 4, row.leaves)
            } else {
                addEach(row, (group &- 1) &* 32 &+ i, 8, before, &sum)
            }
        }
        septum_finish(row.table, parts, permutes, a, b, c, d, at, row.found + (start(group) &+ i))
    }

    /// All trees. While those of a group are finished, eight at a time, those of the group before are added and those of the
    /// group behind find their records, so that no unit of the processor waits for another.
    @inline(__always) func records<S: BinaryFloatingPoint>(_ row: RecordRow<S>, _ parts: Int, permutes: Bool) {
        let t = row.trees.pointee
        let groups = (t.trees &+ 31) &>> 5, levels = t.laneLevels
        var sum = row.y[0]
        var exit = septum_find_left(row.table, parts, permutes, t.lanes)
        if levels == 3 { exit = septum_find_both(row.table, parts, permutes, t.lanes, exit) }
        septum_store_records(exit, 0, levels, row.places)
        var group = 0
        while group < groups {
            let next = min(group &+ 1, groups &- 1)
            let nodes = t.lanes + next &* t.laneBytes
            exit = septum_find_left(row.table, parts, permutes, nodes)
            finish(row, group, 0, &sum, parts, permutes: permutes)
            if levels == 3 { exit = septum_find_both(row.table, parts, permutes, nodes, exit) }
            finish(row, group, 8, &sum, parts, permutes: permutes)
            septum_store_records(exit, Int32(truncatingIfNeeded: next &* 32), levels, row.places + start(group &+ 1))
            finish(row, group, 16, &sum, parts, permutes: permutes)
            finish(row, group, 24, &sum, parts, permutes: permutes)
            group &+= 1
        }
        let tree = (groups &- 1) &* 32
        addEach(row, tree, t.trees &- tree, Integers(row.found + start(groups &- 1)), &sum)
        if t.outputs == 1 { row.y[0] = sum }
    }

    // One function for each size of the table of a row's bytes, so that each stays small.
    @inline(never) func records1<S: BinaryFloatingPoint>(_ row: RecordRow<S>) { records(row, 1, permutes: false) }
    @inline(never) func records2<S: BinaryFloatingPoint>(_ row: RecordRow<S>) { records(row, 2, permutes: false) }
    @inline(never) func records4<S: BinaryFloatingPoint>(_ row: RecordRow<S>) { records(row, 4, permutes: false) }
    @inline(never) func records8<S: BinaryFloatingPoint>(_ row: RecordRow<S>) { records(row, 8, permutes: false) }
    @inline(never) func records16<S: BinaryFloatingPoint>(_ row: RecordRow<S>) { records(row, 16, permutes: false) }
    #if SEPTUM_V4
        @inline(never) func permuted2<S: BinaryFloatingPoint>(_ row: RecordRow<S>) { records(row, 2, permutes: true) }
        @inline(never) func permuted4<S: BinaryFloatingPoint>(_ row: RecordRow<S>) { records(row, 4, permutes: true) }
        @inline(never) func permuted8<S: BinaryFloatingPoint>(_ row: RecordRow<S>) { records(row, 8, permutes: true) }
        @inline(never) func permuted16<S: BinaryFloatingPoint>(_ row: RecordRow<S>) { records(row, 16, permutes: true) }
    #endif

    @inline(__always) func recordRow<S: BinaryFloatingPoint>(
        _ f: Trees, _ table: Bytes, _ y: UnsafeMutablePointer<S>, _ scratch: Scratch
    ) {
        let row: RecordRow<S> = (
            f, table, (scratch + placesPlace).assumingMemoryBound(to: Int32.self),
            (scratch + foundPlace).assumingMemoryBound(to: Int32.self), directLeaves(f.pointee), y
        )
        #if SEPTUM_V4
            if f.pointee.permutesBytes {
                switch f.pointee.parts {
                case 1, 2: return permuted2(row)
                case 4: return permuted4(row)
                case 8: return permuted8(row)
                default: return permuted16(row)
                }
            }
        #endif
        switch f.pointee.parts {
        case 1: records1(row)
        case 2: records2(row)
        case 4: records4(row)
        case 8: records8(row)
        default: records16(row)
        }
    }
#endif
