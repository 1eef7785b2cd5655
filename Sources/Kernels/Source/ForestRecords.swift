internal import CSeptumCPU
internal import SeptumKernelTable

// One row through a forest of bytes whose last three levels are records beside their leaves.

#if SEPTUM_V3 || SEPTUM_V4
    /// What a row's steps have in common. Places and leaves of two groups of thirty-two trees are at hand.
    struct RecordRow<S: BinaryFloatingPoint> {
        let forest: ByteForest
        let table: Bytes
        let places: Places
        let found: Places
        let leaves: UnsafePointer<S>
        let y: UnsafeMutablePointer<S>

        @inline(__always) init(_ f: Trees, _ table: Bytes, _ y: UnsafeMutablePointer<S>, _ scratch: Scratch) {
            forest = f.pointee
            self.table = table
            places = (scratch + placesPlace).assumingMemoryBound(to: Int32.self)
            found = (scratch + foundPlace).assumingMemoryBound(to: Int32.self)
            leaves = directLeaves(f.pointee)
            self.y = y
        }

        /// Where a group's own places and leaves start.
        @inline(__always) func start(_ group: Int) -> Int { (group & 1) &* 32 }
        @inline(__always) func nodes(_ group: Int) -> Bytes { forest.lanes + group &* forest.laneBytes }

        /// Finishes eight trees of a group from its tree `i` on, and adds the leaves of those eight of the group before.
        @inline(__always) func finish(_ group: Int, _ i: Int, _ sum: inout S, _ parts: Int, permutes: Bool) {
            let at = places + (start(group) &+ i), records = forest.records, size = MemoryLayout<S>.size
            let a = septum_two_heads(records, size, at), b = septum_two_heads(records, size, at + 1)
            let c = septum_two_heads(records, size, at + 2), d = septum_two_heads(records, size, at + 3)
            if group > 0 {
                let before = Integers(found + (start(group &- 1) &+ i))
                if forest.outputs == 1 {
                    sum = addFour(addFour(sum, before, leaves), before + 4, leaves)
                } else {
                    add((group &- 1) &* 32 &+ i, 8, before, &sum)
                }
            }
            septum_finish(table, parts, permutes, a, b, c, d, at, found + (start(group) &+ i))
        }

        /// Adds one by one, to the sum or to the outputs.
        @inline(__always) func add(_ tree: Int, _ count: Int, _ found: Integers, _ sum: inout S) {
            var i = 0
            while i < count {
                let leaf = leaves[Int(found[i])]
                if forest.outputs == 1 { sum += leaf } else { y[Int(forest.targets[tree &+ i])] += leaf }
                i &+= 1
            }
        }

        /// All trees. While those of a group are finished, eight at a time, those of the group before are added and those of the
        /// group behind find their records, so that no unit of the processor waits for another.
        @inline(__always) func run(_ parts: Int, permutes: Bool) {
            let groups = (forest.trees &+ 31) &>> 5, levels = forest.laneLevels
            var sum = y[0]
            var exit = septum_find_left(table, parts, permutes, nodes(0))
            if levels == 3 { exit = septum_find_both(table, parts, permutes, nodes(0), exit) }
            septum_store_records(exit, 0, levels, places)
            var group = 0
            while group < groups {
                let next = min(group &+ 1, groups &- 1)
                exit = septum_find_left(table, parts, permutes, nodes(next))
                finish(group, 0, &sum, parts, permutes: permutes)
                if levels == 3 { exit = septum_find_both(table, parts, permutes, nodes(next), exit) }
                finish(group, 8, &sum, parts, permutes: permutes)
                septum_store_records(exit, Int32(truncatingIfNeeded: next &* 32), levels, places + start(group &+ 1))
                finish(group, 16, &sum, parts, permutes: permutes)
                finish(group, 24, &sum, parts, permutes: permutes)
                group &+= 1
            }
            let tree = (groups &- 1) &* 32
            add(tree, forest.trees &- tree, Integers(found + start(groups &- 1)), &sum)
            if forest.outputs == 1 { y[0] = sum }
        }

        // One function for each size of the table of a row's bytes, so that each stays small.
        @inline(never) func run1() { run(1, permutes: false) }
        @inline(never) func run2() { run(2, permutes: false) }
        @inline(never) func run4() { run(4, permutes: false) }
        @inline(never) func run8() { run(8, permutes: false) }
        @inline(never) func run16() { run(16, permutes: false) }
        #if SEPTUM_V4
            @inline(never) func permute2() { run(2, permutes: true) }
            @inline(never) func permute4() { run(4, permutes: true) }
            @inline(never) func permute8() { run(8, permutes: true) }
            @inline(never) func permute16() { run(16, permutes: true) }
        #endif

        @inline(__always) func run() {
            #if SEPTUM_V4
                if forest.permutesBytes {
                    switch forest.parts {
                    case 1, 2: return permute2()
                    case 4: return permute4()
                    case 8: return permute8()
                    default: return permute16()
                    }
                }
            #endif
            switch forest.parts {
            case 1: run1()
            case 2: run2()
            case 4: run4()
            case 8: run8()
            default: run16()
            }
        }
    }
#endif
