/// Turns trees into `ForestTables`' arrays: every comparison strictly less, every missing direction a view of the feature.
struct ForestPacking {
    var slotFeatures: [Int32] = []
    var slotViews: [UInt8] = []
    /// Two words a node.
    var words: [UInt64] = []
    var roots: [Int32] = []
    var depths: [Int32] = []
    var shallow: [Int32] = []
    var shallowThresholds: [Float] = []
    var shallowSlots: [Int32] = []
    var shallowLeaves: [Float] = []

    private let source: ForestNodes
    private let comparison: ForestNodes.Comparison
    private let narrow: Bool
    private var slots: [UInt64: Int32] = [:]

    /// A comparison `value(slot) < threshold`.
    private struct Split {
        var slot: Int32
        var threshold: Double
    }

    /// Trees up to this depth also become complete trees.
    static let shallowDepth: Int32 = 6

    init?(
        _ nodes: ForestNodes, comparison: ForestNodes.Comparison, roots: [Int32], targets: [Int32], outputs: Int, leaves: Int,
        leafWidth: Int, narrow: Bool, direct: [Double]?
    ) {
        source = nodes
        self.comparison = comparison
        self.narrow = narrow
        let count = nodes.feature.count
        guard
            [nodes.threshold.count, nodes.left.count, nodes.right.count, nodes.missing.count, nodes.leaf.count]
                .allSatisfy({ $0 == count }), count < 1 << 30, targets.count == roots.count, leafWidth > 0, outputs > 0,
            targets.allSatisfy({ $0 >= 0 && Int($0) + leafWidth <= outputs })
        else { return nil }
        var splits: [Split?] = []
        for i in 0..<count {
            if nodes.feature[i] < 0 {
                guard nodes.leaf[i] >= 0, Int(nodes.leaf[i]) < leaves else { return nil }
                splits.append(nil)
            } else {
                guard let split = strict(i) else { return nil }
                splits.append(split)
            }
        }
        let sentinel = Int32(slotFeatures.count)
        for root in roots {
            guard let order = layOut(root, splits, sentinel) else { return nil }
            addShallow(root, depth: order, splits, sentinel, direct)
        }
    }

    /// Node i's comparison as a strict one of some view; nil for a zero-missing node with an infinite threshold.
    private mutating func strict(_ i: Int) -> Split? {
        var t = source.threshold[i]
        let missing = source.missing[i]
        if narrow {
            // For float32 values, x < t is x < t rounded up, and x <= t is x <= t rounded down.
            let near = Float(t)
            let rounded: Float
            switch comparison {
            case .less: rounded = Double(near) < t ? near.nextUp : near
            case .lessOrEqual: rounded = Double(near) > t ? near.nextDown : near
            }
            t = Double(comparison == .lessOrEqual && rounded < .infinity ? rounded.nextUp : rounded)
        } else if comparison == .lessOrEqual && t < .infinity {
            t = t.nextUp
        }
        let everyValueLeft = comparison == .lessOrEqual && source.threshold[i] == .infinity
        if everyValueLeft || t == -.infinity {
            let view: UInt8
            switch (missing, everyValueLeft) {
            case (.nanRight, true): view = 5
            case (.nanLeft, true), (.nanIsZero, true): view = 6
            case (.nanLeft, false): view = 7
            case (.nanRight, false), (.nanIsZero, false): view = 0
            default: return nil
            }
            return Split(slot: slot(source.feature[i], view), threshold: view == 0 ? -.infinity : 0)
        }
        return Split(slot: slot(source.feature[i], missing.rawValue), threshold: t)
    }

    private mutating func slot(_ feature: Int32, _ view: UInt8) -> Int32 {
        let key = UInt64(UInt32(bitPattern: feature)) << 8 | UInt64(view)
        if let known = slots[key] { return known }
        let new = Int32(slotFeatures.count)
        slotFeatures.append(feature)
        slotViews.append(view)
        slots[key] = new
        return new
    }

    /// Appends a tree breadth first, children side by side; returns its depth, or nil if it is not a tree.
    private mutating func layOut(_ root: Int32, _ splits: [Split?], _ sentinel: Int32) -> Int32? {
        let start = words.count / 2
        var queue: [(node: Int32, depth: Int32)] = [(root, 0)]
        var next = 0
        var deepest: Int32 = 0
        while next < queue.count {
            let (node, depth) = queue[next]
            guard node >= 0, Int(node) < splits.count, queue.count <= splits.count, start + queue.count < 1 << 30 else {
                return nil
            }
            let here = Int32(start + next)
            deepest = max(deepest, depth)
            if let split = splits[Int(node)] {
                append(bits(split.threshold), split.slot, Int32(start + queue.count))
                queue.append((source.left[Int(node)], depth + 1))
                queue.append((source.right[Int(node)], depth + 1))
            } else {
                append(UInt64(UInt32(bitPattern: source.leaf[Int(node)])), sentinel, here)
            }
            next += 1
        }
        roots.append(Int32(start))
        depths.append(deepest)
        return deepest
    }

    private func bits(_ threshold: Double) -> UInt64 {
        narrow ? UInt64(Float(threshold).bitPattern) : threshold.bitPattern
    }

    private mutating func append(_ threshold: UInt64, _ slot: Int32, _ left: Int32) {
        words.append(threshold)
        words.append(UInt64(UInt32(bitPattern: slot)) | UInt64(UInt32(bitPattern: left)) << 32)
    }

    /// Appends a complete tree when it is shallow and float32: a leaf above the bottom fills both sides below it.
    private mutating func addShallow(
        _ root: Int32, depth: Int32, _ splits: [Split?], _ sentinel: Int32, _ direct: [Double]?
    ) {
        guard narrow, depth > 0, depth <= Self.shallowDepth, shallowThresholds.count < 1 << 30 else {
            shallow.append(-1)
            return
        }
        shallow.append(Int32(shallowThresholds.count))
        var level = [root]
        for _ in 0..<depth {
            var below: [Int32] = []
            for node in level {
                let split = splits[Int(node)]
                shallowThresholds.append(Float(split?.threshold ?? 0))
                shallowSlots.append(split?.slot ?? sentinel)
                below.append(split == nil ? node : source.left[Int(node)])
                below.append(split == nil ? node : source.right[Int(node)])
            }
            level = below
        }
        // As many entries as leaves.
        shallowThresholds.append(0)
        shallowSlots.append(sentinel)
        for node in level {
            let number = source.leaf[Int(node)]
            shallowLeaves.append(direct.map { Float($0[Int(number)]) } ?? Float(bitPattern: UInt32(bitPattern: number)))
        }
    }
}
