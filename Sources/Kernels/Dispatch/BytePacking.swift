import SeptumKernelTable

/// Turns trees into `ByteForest`'s arrays.
struct BytePacking {
    var features: [Int32] = []
    var kinds: [UInt8] = []
    var starts: [Int32] = []
    var counts: [Int32] = []
    var lowSlots: [Int32] = []
    var highSlots: [Int32] = []
    var thresholds: [Double] = []
    var slots = 0
    var classEnds: [Int32] = []

    var levels = 1
    var isOblivious = false
    var laneLevels = 3
    var topThresholds: [Int32] = []
    var topPlaces: [Int32] = []
    var laneThresholds: [UInt8] = []
    var laneSlots: [UInt8] = []
    /// Words, or rows of `values` where trees end at the exits.
    var exits: [Int32] = []
    var endsAtExits = false
    var words: [Int32] = []
    var bases: [Int32] = []
    var roots: [Int32] = []
    var depths: [Int32] = []

    private let source: ForestNodes
    /// A comparison of a byte, nil for leaves.
    private var nodes: [Node?] = []

    private struct Node: Equatable {
        var slot: UInt8
        var threshold: UInt8
        /// Never goes right.
        static let left = Node(slot: 0, threshold: 255)
    }

    /// Thresholds of one column; a value of 255 stays for missing ones.
    static let thresholdLimit = 254
    static let slotLimit = 256
    /// Features whose thresholds are told apart by a table.
    static let featureLimit = 1 << 20
    /// Nodes of a tree, whose places are 15 bits.
    static let treeLimit = 1 << 15
    static let deepestOblivious = 8

    /// nil when the nodes are not trees, do more than compare, or have too many thresholds or nodes.
    init?(_ nodes: ForestNodes, _ splits: [ForestNodes.Split?], roots: [Int32]) {
        source = nodes
        guard !splits.contains(where: { $0 != nil && $0?.test != .comparison }), makeColumns(splits) else { return nil }
        var orders: [[(node: Int32, depth: Int32)]] = []
        orders.reserveCapacity(roots.count)
        var count = 0
        for root in roots {
            guard let order = nodes.breadthFirst(root), order.count < Self.treeLimit else { return nil }
            orders.append(order)
            count += order.count
        }
        guard count < 1 << 30 else { return nil }
        let deepest = orders.map { Int($0.last?.depth ?? 0) }.max() ?? 0
        let comparisons = deepest <= Self.deepestOblivious ? oblivious(orders, deepest) : nil
        isOblivious = comparisons != nil
        levels = max(1, isOblivious ? deepest : min(deepest, ByteForest.deepestTop))
        // A few deep trees among many small ones would fill the memory with complete trees.
        guard roots.count << levels <= 8 * count + 4096 else { return nil }
        endsAtExits = deepest <= levels
        for order in orders { layOut(order) }
        for (index, order) in orders.enumerated() {
            if let comparisons { addOblivious(comparisons[index]) } else { addTop(roots[index]) }
            addExits(roots[index], bases[index])
            if index % 16 == 0 { depths.append(0) }
            depths[index / 16] = max(depths[index / 16], order.last?.depth ?? 0)
        }
        fillUp(roots.count)
    }

    // MARK: Columns

    private struct Column {
        var feature: Int32
        /// One of three.
        var kind: UInt8

        var place: Int { 3 * Int(feature) + Int(kind) }
    }

    /// Gives every comparison a slot and a byte; false when there are too many slots.
    private mutating func makeColumns(_ splits: [ForestNodes.Split?]) -> Bool {
        // Columns by feature and what is missing in it: a table of places is quick, and features beyond it have no 256 slots.
        var last = -1
        for case let split? in splits { last = max(last, Int(split.feature)) }
        guard last < Self.featureLimit else { return false }
        var places = [Int32](repeating: -1, count: 3 * (last + 1))
        var found: [(column: Column, first: Int, thresholds: [Double])] = []
        for case let split? in splits {
            let column = Column(feature: split.feature, kind: split.missing.kind)
            if places[column.place] < 0 {
                guard found.count < Self.slotLimit else { return false }
                places[column.place] = Int32(found.count)
                found.append((column, 0, []))
            }
            if !split.takesAll { found[Int(places[column.place])].thresholds.append(split.threshold) }
        }
        for own in places.lazy.filter({ $0 >= 0 }).map(Int.init) {
            let column = found[own].column
            var ascending: [Double] = []
            for value in found[own].thresholds.sorted() where value != ascending.last { ascending.append(value) }
            (found[own].first, found[own].thresholds) = (features.count, ascending)
            var start = 0
            repeat {
                addColumn(column, ascending[start..<min(start + Self.thresholdLimit, ascending.count)])
                start += Self.thresholdLimit
            } while start < ascending.count
            guard features.count <= Self.slotLimit else { return false }
        }
        nodes.reserveCapacity(splits.count)
        for split in splits {
            guard let split else {
                nodes.append(nil)
                continue
            }
            let own = Int(places[Column(feature: split.feature, kind: split.missing.kind).place])
            var place = split.takesAll ? 0 : lowerBound(found[own].thresholds, split.threshold)
            let column = found[own].first + place / Self.thresholdLimit
            place %= Self.thresholdLimit
            guard let slot = slot(column, low: split.missing.goesLeft) else { return false }
            nodes.append(Node(slot: slot, threshold: split.takesAll ? 254 : UInt8(place)))
        }
        sortColumns()
        return true
    }

    /// Columns that the kernels fill alike come together.
    private mutating func sortColumns() {
        let classes = features.indices.map { c in
            kinds[c] != 0 || lowSlots[c] >= 0 && highSlots[c] >= 0
                ? 4 : (counts[c] > 16 ? 1 : 0) + (lowSlots[c] >= 0 ? 2 : 0)
        }
        let order = features.indices.sorted { (classes[$0], $0) < (classes[$1], $1) }
        features = order.map { features[$0] }
        kinds = order.map { kinds[$0] }
        starts = order.map { starts[$0] }
        counts = order.map { counts[$0] }
        lowSlots = order.map { lowSlots[$0] }
        highSlots = order.map { highSlots[$0] }
        classEnds = (0..<4).map { last in Int32(classes.count { $0 <= last }) }
    }

    private func lowerBound(_ ascending: [Double], _ value: Double) -> Int {
        var (low, high) = (0, ascending.count)
        while low < high {
            let middle = (low + high) / 2
            if ascending[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private mutating func addColumn(_ column: Column, _ values: ArraySlice<Double>) {
        features.append(column.feature)
        kinds.append(column.kind)
        counts.append(Int32(values.count))
        starts.append(Int32(thresholds.count))
        lowSlots.append(-1)
        highSlots.append(-1)
        let filled = Array(values) + [Double](repeating: .nan, count: max(1, (values.count + 15) / 16) * 16 - values.count)
        if values.count > 16 {
            let blocks = stride(from: 0, to: filled.count, by: 16).map { filled[$0] }
            thresholds += blocks + [Double](repeating: .nan, count: 16 - blocks.count)
        }
        thresholds += filled
    }

    private mutating func slot(_ column: Int, low: Bool) -> UInt8? {
        let known = low ? lowSlots[column] : highSlots[column]
        if known >= 0 { return UInt8(known) }
        guard slots < Self.slotLimit else { return nil }
        if low { lowSlots[column] = Int32(slots) } else { highSlots[column] = Int32(slots) }
        slots += 1
        return UInt8(slots - 1)
    }

    // MARK: Trees

    private func word(_ node: Int32, _ left: Int) -> Int32 {
        guard let own = nodes[Int(node)] else { return Int32.min | source.leaf[Int(node)] }
        return Int32(left) << 16 | Int32(own.slot) << 8 | Int32(own.threshold)
    }

    /// The whole tree as words, children side by side. Oblivious trees have none.
    private mutating func layOut(_ order: [(node: Int32, depth: Int32)]) {
        bases.append(Int32(words.count))
        if isOblivious {
            roots.append(Int32.min)
            return
        }
        var child = 1
        for (node, _) in order {
            words.append(word(node, child))
            if nodes[Int(node)] != nil { child += 2 }
        }
        roots.append(words[Int(bases[bases.count - 1])])
    }

    /// The comparisons of each tree by level, if every level makes one.
    private func oblivious(_ orders: [[(node: Int32, depth: Int32)]], _ deepest: Int) -> [[Node]]? {
        var all: [[Node]] = []
        for order in orders {
            var levels: [Node] = []
            var leafDepth: Int32 = -1
            for (node, depth) in order {
                guard let own = nodes[Int(node)] else {
                    guard leafDepth < 0 || leafDepth == depth else { return nil }
                    leafDepth = depth
                    continue
                }
                if Int(depth) == levels.count { levels.append(own) }
                guard levels[Int(depth)] == own else { return nil }
            }
            all.append(levels)
        }
        return all
    }

    /// A shallower tree gets comparisons that never go right in front, so that its leaves are the first exits.
    private mutating func addOblivious(_ comparisons: [Node]) {
        let full = [Node](repeating: .left, count: levels - comparisons.count) + comparisons
        for node in full {
            topThresholds.append(Int32(node.threshold) &* 0x0101_0101)
            topPlaces.append(Int32(node.slot) * 64)
        }
        for node in full.reversed() + [Node](repeating: .left, count: 8 - levels) {
            laneThresholds.append(node.threshold)
            laneSlots.append(node.slot)
        }
    }

    /// The upper levels as complete trees: a leaf above the bottom sends everything to the left.
    private mutating func addTop(_ root: Int32) {
        laneLevels = max(3, levels)
        let size = 1 << laneLevels
        // Node h of the heap has its children at 2h and 2h + 1.
        var heap = [root, root]
        heap.reserveCapacity(2 * size)
        for place in 1..<size {
            let node = Int(heap[place])
            let own = nodes[node]
            heap.append(own == nil ? heap[place] : source.left[node])
            heap.append(own == nil ? heap[place] : source.right[node])
        }
        for place in 0..<size {
            let own = place == 0 ? .left : nodes[Int(heap[place])] ?? .left
            laneThresholds.append(own.threshold)
            laneSlots.append(own.slot)
            guard place < 1 << levels else { continue }
            topThresholds.append(Int32(own.threshold) &* 0x0101_0101)
            topPlaces.append(Int32(own.slot) * 64)
        }
    }

    /// What lies below the top, from left to right; a leaf above the bottom is there several times.
    private mutating func addExits(_ root: Int32, _ base: Int32) {
        // With each node its place in the tree's words, where its children follow in the order of `layOut`.
        var level = [(node: root, place: 0)]
        var depth = levels
        if isOblivious {
            // Exits of a shallower tree are its leaves, then fillers.
            depth = 0
            var node = root
            while nodes[Int(node)] != nil {
                depth += 1
                node = source.left[Int(node)]
            }
        }
        for _ in 0..<depth {
            var below: [(node: Int32, place: Int)] = []
            for (node, place) in level {
                guard nodes[Int(node)] != nil else {
                    below += [(node, place), (node, place)]
                    continue
                }
                let left = isOblivious ? 0 : Int(words[Int(base) + place] >> 16)
                below += [(source.left[Int(node)], left), (source.right[Int(node)], left + 1)]
            }
            level = below
        }
        for (node, place) in level { exits.append(isOblivious ? word(node, 0) : words[Int(base) + place]) }
        exits += [Int32](repeating: Int32.min, count: (1 << levels) - level.count)
    }

    /// Sixteen trees are walked at once.
    private mutating func fillUp(_ trees: Int) {
        let missing = (16 - trees % 16) % 16
        bases += [Int32](repeating: 0, count: missing)
        roots += [Int32](repeating: Int32.min, count: missing)
        laneThresholds += [UInt8](repeating: 255, count: missing << laneLevels)
        laneSlots += [UInt8](repeating: 0, count: missing << laneLevels)
        // Lookups read sixteen entries at least.
        exits += [Int32](repeating: Int32.min, count: missing << levels + 16)
    }
}
