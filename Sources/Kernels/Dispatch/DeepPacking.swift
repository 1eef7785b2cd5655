import SeptumKernelTable

/// Turns trees into `DeepForest`'s arrays.
struct DeepPacking {
    var nodes: [UInt64] = []
    var bases: [Int32] = []
    var leafBases: [Int32] = []
    var roots: [Int32] = []
    var leaves: [Int32] = []

    /// nil when something does not fit its bits, or no tree is deep. `packing` has the slots and gets the trees' tops.
    init?(_ source: ForestNodes, _ splits: [ForestNodes.Split?], roots trees: [Int32], _ packing: inout ForestPacking) {
        guard packing.slotFeatures.count < DeepForest.slotLimit, splits.allSatisfy({ $0?.test ?? .comparison == .comparison })
        else { return nil }
        var deepest: Int32 = 0
        for tree in trees {
            guard let order = source.breadthFirst(tree), let depth = order.last?.depth else { return nil }
            deepest = max(deepest, depth)
            guard add(order.map { splits[Int($0.node)] }, order.map { source.leaf[Int($0.node)] }, depth, &packing) else {
                return nil
            }
        }
        guard deepest > ForestPacking.shallowDepth else { return nil }
        let missing = (DeepForest.treesAtOnce - trees.count % DeepForest.treesAtOnce) % DeepForest.treesAtOnce
        bases += [Int32](repeating: 0, count: missing)
        leafBases += [Int32](repeating: 0, count: missing)
        roots += [Int32](repeating: -1, count: missing)
        // What lanes without a tree may read.
        nodes.append(0)
    }

    /// Appends a tree, given breadth first; false if it is too large.
    private mutating func add(
        _ splits: [ForestNodes.Split?], _ numbers: [Int32], _ depth: Int32, _ packing: inout ForestPacking
    ) -> Bool {
        // How many inner nodes come before each.
        var before: [Int] = []
        before.reserveCapacity(splits.count)
        var inner = 0
        for split in splits {
            before.append(inner)
            if split != nil { inner += 1 }
        }
        guard inner < DeepForest.nodeLimit, nodes.count + leaves.count + splits.count < 1 << 30 else { return false }
        bases.append(Int32(nodes.count))
        leafBases.append(Int32(leaves.count))
        roots.append(inner > 0 ? 0 : -1)
        for (place, split) in splits.enumerated() {
            guard let split else {
                leaves.append(numbers[place])
                continue
            }
            let left = 2 * before[place] + 1
            let ends = UInt32(splits[left] == nil ? 2 : 0) | UInt32(splits[left + 1] == nil ? 1 : 0)
            let link = ends << 30 | UInt32(before[left]) << 10 | UInt32(packing.slot(split))
            nodes.append(UInt64(Float(ForestPacking.threshold(split)).bitPattern) | UInt64(link) << 32)
        }
        return packing.addTop(splits, before, levels: min(depth, DeepForest.topLevels))
    }
}

/// Rows of values without repetition: leaves of several outputs are often the same.
struct DistinctRows {
    var values: [Double] = []
    /// The place of each row.
    var places: [Int32] = []

    init(_ values: [Double], _ width: Int) {
        var known: [[UInt64]: Int32] = [:]
        for start in stride(from: 0, to: values.count, by: width) {
            let row = values[start..<min(start + width, values.count)]
            let bits = row.map(\.bitPattern)
            if let place = known[bits] {
                places.append(place)
            } else {
                places.append(Int32(known.count))
                known[bits] = Int32(known.count)
                self.values += row
            }
        }
    }
}

extension ForestPacking {
    /// Appends the upper levels of a tree as a complete one, from which walks go on at inner nodes, or end at ~leaves.
    fileprivate mutating func addTop(_ splits: [ForestNodes.Split?], _ before: [Int], levels: Int32) -> Bool {
        guard shallowThresholds.count < 1 << 30 else { return false }
        depths.append(levels)
        shallow.append(levels > 0 ? Int32(shallowThresholds.count) : -1)
        guard levels > 0 else { return true }
        var level = [0]
        for _ in 0..<levels {
            var below: [Int] = []
            for place in level {
                if let split = splits[place] {
                    shallowThresholds.append(Float(ForestPacking.threshold(split)))
                    shallowSlots.append(slot(split))
                    below += [2 * before[place] + 1, 2 * before[place] + 2]
                } else {
                    // A leaf above the bottom fills both sides below it.
                    shallowThresholds.append(0)
                    shallowSlots.append(Int32(slotFeatures.count))
                    below += [place, place]
                }
            }
            level = below
        }
        // As many entries as exits.
        shallowThresholds.append(0)
        shallowSlots.append(Int32(slotFeatures.count))
        for place in level {
            let exit = splits[place] == nil ? ~(place - before[place]) : before[place]
            shallowLeaves.append(Float(bitPattern: UInt32(truncatingIfNeeded: exit)))
        }
        return true
    }
}
