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
    var sets: [UInt32] = []
    var sought: [Double] = []
    var soughtStarts: [Int32] = []

    private let source: ForestNodes
    private let splits: [ForestNodes.Split?]
    private let narrow: Bool
    private let direct: [Double]?
    private var slots: [UInt64: Int32] = [:]
    /// The values that equality tests seek in each slot, ascending.
    private var values: [Int32: [Double]] = [:]
    /// Where each set's bits start, by direction of missing values, test and threshold, and how many there are.
    private var places: [SetKey: (start: Int32, count: Int32)] = [:]

    private struct SetKey: Hashable {
        var test: ForestNodes.Test
        var missingLeft: Bool
        var code: Int
    }

    /// Trees up to this depth also become complete trees.
    static let shallowDepth: Int32 = 6

    /// nil when the nodes are not trees, or sets are too large.
    init?(
        _ nodes: ForestNodes, _ splits: [ForestNodes.Split?], roots: [Int32], narrow: Bool, direct: [Double]?
    ) {
        source = nodes
        self.splits = splits
        self.narrow = narrow
        self.direct = direct
        for case let split? in splits {
            let slot = slot(split)
            if split.test == .equality { values[slot, default: []].append(split.threshold) }
        }
        for slot in values.keys { values[slot] = Array(Set(values[slot] ?? [])).sorted() }
        for slot in slotFeatures.indices {
            soughtStarts.append(Int32(sought.count))
            sought += values[Int32(slot)] ?? []
        }
        soughtStarts.append(Int32(sought.count))
        let sentinel = Int32(slotFeatures.count)
        for root in roots {
            guard let order = nodes.breadthFirst(root), layOut(order, sentinel) else { return nil }
            addShallow(root, depth: order.last?.depth ?? 0, sentinel)
        }
    }

    private static func view(_ split: ForestNodes.Split, truncates: Bool) -> UInt8 {
        switch split.test {
        case .category: return 10 + (truncates ? 3 : 0) + split.missing.kind
        case .equality: return 16 + split.missing.kind
        case .comparison: break
        }
        if split.takesAll {
            return switch split.missing {
            case .nanRight: 5
            case .nanLeft, .nanIsZero, .zeroLeft: 6
            case .zeroRight: 8
            }
        }
        if split.threshold == -.infinity {
            return switch split.missing {
            case .nanLeft: 7
            case .zeroLeft: 9
            case .nanRight, .nanIsZero, .zeroRight: 0
            }
        }
        return split.missing.rawValue
    }

    /// What the view is compared with.
    static func threshold(_ split: ForestNodes.Split) -> Double {
        let isFixed = split.takesAll || split.threshold == -.infinity && split.missing.goesLeft
        return isFixed ? 0 : split.threshold
    }

    mutating func slot(_ split: ForestNodes.Split) -> Int32 {
        let view = ForestPacking.view(split, truncates: source.truncatesCategories)
        let key = UInt64(UInt32(bitPattern: split.feature)) << 8 | UInt64(view)
        if let known = slots[key] { return known }
        let new = Int32(slotFeatures.count)
        slotFeatures.append(split.feature)
        slotViews.append(view)
        slots[key] = new
        return new
    }

    /// Appends a tree breadth first, children side by side; false if it is too large.
    private mutating func layOut(_ order: [(node: Int32, depth: Int32)], _ sentinel: Int32) -> Bool {
        let start = words.count / 2
        guard start + order.count < 1 << 30 else { return false }
        var child = Int32(start + 1)
        for (index, (node, _)) in order.enumerated() {
            if let split = splits[Int(node)] {
                let slot = slot(split)
                if split.test == .comparison {
                    append(bits(ForestPacking.threshold(split)), slot, child)
                } else {
                    guard let place = set(split, slot) else { return false }
                    append(UInt64(UInt32(place.start)) | UInt64(UInt32(place.count)) << 32, ~slot, child)
                }
                child += 2
            } else {
                append(UInt64(UInt32(bitPattern: source.leaf[Int(node)])), sentinel, Int32(start + index))
            }
        }
        roots.append(Int32(start))
        depths.append(order.last?.depth ?? 0)
        return true
    }

    /// Where the codes stand that go left at a node; see `code` in the kernels.
    private mutating func set(_ split: ForestNodes.Split, _ slot: Int32) -> (start: Int32, count: Int32)? {
        let index = values[slot]?.firstIndex { $0 >= split.threshold } ?? 0
        let key = SetKey(test: split.test, missingLeft: split.missing.goesLeft, code: split.test == .equality ? index : 0)
        if let known = places[key] { return known }
        var words: [UInt32] = [split.missing.goesLeft ? 1 : 0]
        var count = 2
        if case .category(let set, let outsideLeft) = split.test {
            if outsideLeft { words[0] |= 2 }
            let own = source.setWords[Int(source.setStarts[Int(set)])..<Int(source.setStarts[Int(set) + 1])]
            guard own.count < 1 << 24 else { return nil }
            for word in own {
                words[words.count - 1] |= word << 2
                words.append(word >> 30)
            }
            count += own.count * 32
        } else {
            let bit = 2 + index
            words += [UInt32](repeating: 0, count: bit / 32)
            words[bit / 32] |= 1 << UInt32(bit % 32)
            count = bit + 1
        }
        guard sets.count + words.count < 1 << 30 else { return nil }
        let place = (start: Int32(sets.count), count: Int32(count))
        sets += words
        places[key] = place
        return place
    }

    private func bits(_ threshold: Double) -> UInt64 {
        narrow ? UInt64(Float(threshold).bitPattern) : threshold.bitPattern
    }

    private mutating func append(_ threshold: UInt64, _ slot: Int32, _ left: Int32) {
        words.append(threshold)
        words.append(UInt64(UInt32(bitPattern: slot)) | UInt64(UInt32(bitPattern: left)) << 32)
    }

    /// Appends a complete tree when it is shallow and float32: a leaf above the bottom fills both sides below it.
    private mutating func addShallow(_ root: Int32, depth: Int32, _ sentinel: Int32) {
        guard narrow, sets.isEmpty, depth > 0, depth <= Self.shallowDepth, shallowThresholds.count < 1 << 30 else {
            shallow.append(-1)
            return
        }
        shallow.append(Int32(shallowThresholds.count))
        var level = [root]
        for _ in 0..<depth {
            var below: [Int32] = []
            for node in level {
                let split = splits[Int(node)]
                shallowThresholds.append(split.map { Float(ForestPacking.threshold($0)) } ?? 0)
                shallowSlots.append(split.map { slot($0) } ?? sentinel)
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
