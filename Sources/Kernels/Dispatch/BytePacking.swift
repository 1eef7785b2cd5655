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
    var endsAtExits = false
    var topThresholds: [Int32] = []
    var topPlaces: [Int32] = []
    /// Words, or rows of `values` where trees end at the exits.
    var exits: [Int32] = []
    var laneLevels = 3
    var laneBytes = 0
    var lanes: [UInt8] = []
    /// The comparisons of each record, sixteen bytes; none without records.
    var heads: [UInt8] = []
    var words: [Int32] = []
    var bases: [Int32] = []

    private let source: ForestNodes
    /// A comparison of a byte, nil for leaves.
    private var nodes: [Node?] = []
    /// A tree's nodes.
    private var queue: [Int32] = []
    /// The place of each node in its tree's words, if it has any.
    private var places: [Int32] = []
    private var laneOrder: [Int] = []

    private struct Node: Equatable {
        var slot: UInt8
        var threshold: UInt8
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
    ///
    /// `addsNumbers` tells that every leaf adds one number.
    init?(_ nodes: ForestNodes, _ splits: [ForestNodes.Split?], roots: [Int32], addsNumbers: Bool) {
        source = nodes
        guard !splits.contains(where: { $0 != nil && $0?.test != .comparison }), makeColumns(splits) else { return nil }
        var deepest = 0, count = 0
        for root in roots {
            guard let depth = nodes.breadthFirst(root, &queue), queue.count < Self.treeLimit else { return nil }
            deepest = max(deepest, depth)
            count += queue.count
        }
        guard count < 1 << 30 else { return nil }
        let comparisons = deepest <= Self.deepestOblivious ? oblivious(roots, deepest) : nil
        isOblivious = comparisons != nil
        levels = max(1, isOblivious ? deepest : min(deepest, ByteForest.deepestTop))
        // A few deep trees among many small ones would fill the memory with complete trees.
        guard roots.count << levels <= 8 * count + 4096, roots.count << levels < 1 << 29 else { return nil }
        endsAtExits = deepest <= levels
        // Records are there for thirty-two trees each, which would be most of the memory of a few.
        let hasRecords =
            addsNumbers && endsAtExits && !isOblivious && levels >= 5 && roots.count >= 8 && roots.count << levels <= 2 * count
        laneLevels = isOblivious ? levels : hasRecords ? levels - 3 : max(3, levels)
        if !endsAtExits { layOut(roots, count) }
        makeRoom(roots.count, hasRecords: hasRecords)
        for (tree, root) in roots.enumerated() {
            if let comparisons {
                addOblivious(tree, root, comparisons[tree])
            } else {
                addTop(tree, root)
            }
        }
    }

    // MARK: Columns

    private struct Column {
        var feature: Int32
        /// One of three.
        var kind: UInt8

        var place: Int { 3 * Int(feature) + Int(kind) }
    }

    /// Thresholds of columns, each once.
    private struct DistinctThresholds {
        private(set) var columns: [Int32] = []
        private(set) var values: [Double] = []
        /// Entries where their hashes send them or behind; -1 where there is none. Half of them at least.
        private var table = [Int32](repeating: -1, count: 1024)
        /// Drawn anew for each forest, so that no file can make all thresholds meet at one place.
        private let factor = UInt64.random(in: .min ... .max) | 1

        mutating func entry(_ column: Int32, _ given: Double) -> Int32 {
            // Both zeros are one threshold.
            let value = given + 0
            var at = start(column, value)
            while table[at] >= 0 {
                let entry = Int(table[at])
                if values[entry] == value && columns[entry] == column { return table[at] }
                at = (at + 1) & (table.count - 1)
            }
            table[at] = Int32(values.count)
            columns.append(column)
            values.append(value)
            if 2 * values.count > table.count { grow() }
            return Int32(values.count - 1)
        }

        private func start(_ column: Int32, _ value: Double) -> Int {
            let mixed = (value.bitPattern ^ UInt64(column) &<< 20) &* factor
            return Int(truncatingIfNeeded: mixed &>> UInt64(table.count.leadingZeroBitCount + 1))
        }

        private mutating func grow() {
            table = [Int32](repeating: -1, count: 2 * table.count)
            for entry in values.indices {
                var at = start(columns[entry], values[entry])
                while table[at] >= 0 { at = (at + 1) & (table.count - 1) }
                table[at] = Int32(entry)
            }
        }
    }

    /// Gives every comparison a slot and a byte; false when there are too many slots.
    private mutating func makeColumns(_ splits: [ForestNodes.Split?]) -> Bool {
        // Columns by feature and what is missing in it: a table of places is quick, and features beyond it have no 256 slots.
        var last = -1
        for case let split? in splits { last = max(last, Int(split.feature)) }
        guard last < Self.featureLimit else { return false }
        var places = [Int32](repeating: -1, count: 3 * (last + 1))
        var columns: [Column] = []
        var distinct = DistinctThresholds()
        var entries: [Int32] = []
        entries.reserveCapacity(splits.count)
        for split in splits {
            guard let split else {
                entries.append(-1)
                continue
            }
            let column = Column(feature: split.feature, kind: split.missing.kind)
            if places[column.place] < 0 {
                guard columns.count < Self.slotLimit else { return false }
                places[column.place] = Int32(columns.count)
                columns.append(column)
            }
            entries.append(split.takesAll ? -1 : distinct.entry(places[column.place], split.threshold))
            // No more could be told apart by all the slots.
            guard distinct.values.count <= Self.slotLimit * Self.thresholdLimit else { return false }
        }
        var (firsts, ranks) = ([Int](repeating: 0, count: columns.count), [Int](repeating: 0, count: distinct.values.count))
        var own = [[Int32]](repeating: [], count: columns.count)
        for (entry, column) in distinct.columns.enumerated() { own[Int(column)].append(Int32(entry)) }
        for place in places where place >= 0 {
            let ascending = own[Int(place)].sorted { distinct.values[Int($0)] < distinct.values[Int($1)] }
            for (rank, entry) in ascending.enumerated() { ranks[Int(entry)] = rank }
            firsts[Int(place)] = features.count
            let values = ascending.map { distinct.values[Int($0)] }
            var start = 0
            repeat {
                addColumn(columns[Int(place)], values[start..<min(start + Self.thresholdLimit, values.count)])
                start += Self.thresholdLimit
            } while start < values.count
            guard features.count <= Self.slotLimit else { return false }
        }
        nodes.reserveCapacity(splits.count)
        for (split, entry) in zip(splits, entries) {
            guard let split else {
                nodes.append(nil)
                continue
            }
            let rank = entry < 0 ? 0 : ranks[Int(entry)]
            let place = Int(places[Column(feature: split.feature, kind: split.missing.kind).place])
            let column = firsts[place] + rank / Self.thresholdLimit
            guard let slot = slot(column, low: split.missing.goesLeft) else { return false }
            nodes.append(Node(slot: slot, threshold: split.takesAll ? 254 : UInt8(rank % Self.thresholdLimit)))
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

    /// Whole trees as words, children side by side.
    private mutating func layOut(_ roots: [Int32], _ count: Int) {
        words.reserveCapacity(count)
        bases.reserveCapacity(roots.count + 31)
        places = [Int32](repeating: 0, count: nodes.count)
        for root in roots {
            _ = source.breadthFirst(root, &queue)
            bases.append(Int32(words.count))
            var child: Int32 = 1
            for (place, node) in queue.enumerated() {
                places[Int(node)] = Int32(place)
                if let own = nodes[Int(node)] {
                    words.append(child << 16 | Int32(own.slot) << 8 | Int32(own.threshold))
                    child += 2
                } else {
                    words.append(Int32.min | source.leaf[Int(node)])
                }
            }
        }
        // Sixteen trees are walked at once.
        bases += [Int32](repeating: bases.last ?? 0, count: 31)
    }

    /// The comparisons of each tree by level, if every level makes one.
    private mutating func oblivious(_ roots: [Int32], _ deepest: Int) -> [[Node]]? {
        var all: [[Node]] = []
        for root in roots {
            _ = source.breadthFirst(root, &queue)
            var levels: [Node] = []
            var (next, end) = (0, 1)
            while let own = nodes[Int(queue[next])] {
                // Every node of a level compares alike; a leaf is on the last level, with all others.
                guard queue[next..<end].allSatisfy({ nodes[Int($0)] == own }) else { return nil }
                levels.append(own)
                (next, end) = (end, end + 2 * (end - next))
            }
            guard end == queue.count else { return nil }
            all.append(levels)
        }
        return all
    }

    /// Room for every tree, whose comparisons never go right unless they are set.
    private mutating func makeRoom(_ trees: Int, hasRecords: Bool) {
        let perTree = isOblivious ? levels : 1 << levels
        topThresholds = [Int32](repeating: -1, count: trees * perTree)
        topPlaces = [Int32](repeating: 0, count: trees * perTree)
        // Thirty-two trees leave at once, and lookups read sixteen entries at least.
        let groups = (trees + 31) / 32
        exits = [Int32](repeating: Int32.min, count: groups << (levels + 5) + 16)
        laneBytes = 64 * (isOblivious ? levels : 1 << laneLevels - 1)
        lanes = [UInt8](repeating: 0, count: groups * laneBytes)
        for node in 0..<lanes.count / 64 {
            for i in 32..<64 { lanes[64 * node + i] = 127 }
        }
        // A slot's byte is never over 255.
        heads = [UInt8](repeating: 255, count: hasRecords ? groups << (laneLevels + 9) : 0)
        if !isOblivious { orderLanes() }
    }

    /// Where each node of a heap stands among the lanes.
    private mutating func orderLanes() {
        laneOrder = [Int](repeating: 0, count: 1 << laneLevels)
        guard laneLevels > 2 else {
            laneOrder = [0, 2, 0, 1]
            return
        }
        var next = 0
        func put(_ node: Int) {
            laneOrder[node] = next
            next += 1
        }
        var count = 1 << (laneLevels - 3)
        for root in count..<2 * count {
            for node in [4 * root, 4 * root + 1, 2 * root, 4 * root + 2, 4 * root + 3, 2 * root + 1, root] { put(node) }
        }
        while count > 1 {
            count /= 2
            for node in count..<2 * count { put(node) }
        }
    }

    private mutating func setLane(_ tree: Int, _ node: Int, _ own: Node) {
        let at = tree / 32 * laneBytes + 64 * node + tree % 32
        lanes[at] = own.slot
        lanes[at + 32] = own.threshold ^ 128
    }

    /// A shallower tree gets comparisons that never go right in front, so that its leaves are the first exits.
    private mutating func addOblivious(_ tree: Int, _ root: Int32, _ comparisons: [Node]) {
        for (level, node) in comparisons.enumerated() {
            let place = levels - comparisons.count + level
            topThresholds[tree * levels + place] = Int32(node.threshold) &* 0x0101_0101
            topPlaces[tree * levels + place] = Int32(node.slot) * 64
            setLane(tree, place, node)
        }
        // The leaves are the last of the nodes, from left to right.
        _ = source.breadthFirst(root, &queue)
        for (index, node) in queue.suffix(1 << comparisons.count).enumerated() {
            exits[tree << levels + index] = Int32.min | source.leaf[Int(node)]
        }
    }

    /// The upper levels as complete trees: a leaf above the bottom sends everything to the left, and is there several times.
    private mutating func addTop(_ tree: Int, _ root: Int32) {
        let size = 1 << levels, top = tree << levels
        // Node h of the heap has its children at 2h and 2h + 1.
        queue.removeAll(keepingCapacity: true)
        queue += [root, root]
        for place in 1..<size {
            let node = queue[place]
            guard let own = nodes[Int(node)] else {
                queue.append(node)
                queue.append(node)
                continue
            }
            queue.append(source.left[Int(node)])
            queue.append(source.right[Int(node)])
            topThresholds[top + place] = Int32(own.threshold) &* 0x0101_0101
            topPlaces[top + place] = Int32(own.slot) * 64
            let level = place.bitWidth - 1 - place.leadingZeroBitCount
            if heads.isEmpty || level < laneLevels {
                // Fewer levels than lanes have at least are the leftmost of these.
                setLane(tree, laneOrder[place + ((1 << max(0, laneLevels - levels)) - 1) << level], own)
            } else {
                // A record's levels start at 0, 1 and 4.
                let below = level - laneLevels
                let record = tree << laneLevels + place >> below - 1 << laneLevels
                let at = 16 * record + (below == 2 ? 4 : below) + place & (1 << below - 1)
                heads[at] = own.slot
                heads[at + 8] = own.threshold
            }
        }
        for (exit, node) in queue.suffix(size).enumerated() {
            exits[top + exit] =
                endsAtExits ? Int32.min | source.leaf[Int(node)] : words[Int(bases[tree] + places[Int(node)])]
        }
    }
}
