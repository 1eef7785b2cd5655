import SeptumTensor

/// The nodes of one tree, in lists of equal length.
struct CheckpointTree {
    /// How a split compares: the numbers are those of the file.
    enum Comparison: Int8 {
        case none, equal, less, lessOrEqual, greater, greaterOrEqual
    }

    enum Kind {
        case leaf, numerical, categorical
    }

    let kinds: [Kind]
    let left: [Int32]
    let right: [Int32]
    let features: [Int32]
    let defaultsLeft: [Bool]
    /// Leaf values and thresholds.
    let values: [Double]
    let thresholds: [Double]
    let comparisons: [Comparison]
    let listsGoRight: [Bool]
    let leafVectors: [Double]
    let leafRanges: [Range<Int>]
    let categories: [UInt32]
    let categoryRanges: [Range<Int>]

    init(_ reader: inout ByteReader, isDouble: Bool) throws(ModelError) {
        let count = try CheckpointTree.nodeCount(&reader)
        var kinds: [Kind] = []
        for kind in try reader.integers("the node types", count: count, Int8.self) {
            switch kind {
            case 0: kinds.append(.leaf)
            case 1: kinds.append(.numerical)
            case 2: kinds.append(.categorical)
            default: throw ModelError(.malformed, "found a node of type \(kind), expected 0 to 2")
            }
        }
        self.kinds = kinds
        left = try reader.integers("the left children", count: count)
        right = try reader.integers("the right children", count: count)
        features = try reader.integers("the features", count: count)
        defaultsLeft = try reader.flags("the default directions", count: count)
        values = try reader.numbers("the leaf values", isDouble: isDouble, count: count)
        thresholds = try reader.numbers("the thresholds", isDouble: isDouble, count: count)
        comparisons = try CheckpointTree.comparisons(try reader.integers("the comparisons", count: count, Int8.self))
        listsGoRight = try reader.flags("the sides of categories", count: count)
        leafVectors = try reader.numbers("the leaf vectors", isDouble: isDouble)
        leafRanges = try CheckpointTree.ranges(
            try reader.integers("the starts of leaf vectors"), try reader.integers("the ends of leaf vectors"), leafVectors.count,
            count)
        categories = try reader.integers("the categories")
        categoryRanges = try CheckpointTree.ranges(
            try reader.integers("the starts of categories"), try reader.integers("the ends of categories"), categories.count,
            count)
        _ = try reader.array("the data counts", 8, nil)
        _ = try reader.array("the flags of data counts", 1, nil)
        _ = try reader.array("the sums of Hessians", 8, nil)
        _ = try reader.array("the flags of sums", 1, nil)
        _ = try reader.array("the gains", 8, nil)
        _ = try reader.array("the flags of gains", 1, nil)
        try CheckpointTree.refuseExtensions(&reader)
    }

    /// Nodes are structures as the C compiler lays them out: 48 bytes with float32, 56 with float64.
    ///
    /// Source: https://github.com/dmlc/treelite/blob/4.4.1/src/serializer.cc (NodeV3, DeserializeTreeV3)
    init(ofVersion3 reader: inout ByteReader, isDouble: Bool) throws(ModelError) {
        let count = try CheckpointTree.nodeCount(&reader)
        let size = isDouble ? 56 : 48
        let nodes = try reader.array("the nodes", size, count)
        var (kinds, left, right, features): ([Kind], [Int32], [Int32], [Int32]) = ([], [], [], [])
        var (defaults, sides, numbers, codes): ([Bool], [Bool], [Double], [Int8]) = ([], [], [], [])
        for start in stride(from: 0, to: nodes.count, by: size) {
            func load<T: FixedWidthInteger>(_ offset: Int, _ type: T.Type) -> T {
                T(littleEndian: nodes.loadUnaligned(fromByteOffset: start + offset, as: T.self))
            }
            left.append(load(0, Int32.self))
            right.append(load(4, Int32.self))
            let index = load(8, UInt32.self)
            features.append(Int32(truncatingIfNeeded: index & 0x7fff_ffff))
            defaults.append(index >> 31 == 1)
            numbers.append(
                isDouble
                    ? Double(bitPattern: load(16, UInt64.self)) : Double(Float(bitPattern: load(12, UInt32.self))))
            // After the value and three statistics of 8 bytes: split type, comparison, three flags, side of categories.
            let rest = isDouble ? 48 : 40
            let kind = load(rest, Int8.self)
            codes.append(load(rest + 1, Int8.self))
            sides.append(load(rest + 5, UInt8.self) != 0)
            kinds.append(left.last == -1 ? .leaf : kind == 1 ? .numerical : .categorical)
        }
        (self.kinds, self.left, self.right, self.features) = (kinds, left, right, features)
        (defaultsLeft, listsGoRight, values, thresholds) = (defaults, sides, numbers, numbers)
        comparisons = try CheckpointTree.comparisons(codes)
        leafVectors = try reader.numbers("the leaf vectors", isDouble: isDouble)
        leafRanges = try CheckpointTree.ranges(
            try reader.integers("the starts of leaf vectors"), try reader.integers("the ends of leaf vectors"), leafVectors.count,
            count)
        categories = try reader.integers("the categories")
        let starts = try reader.integers("the starts of categories", count: count + 1, UInt64.self)
        categoryRanges = try CheckpointTree.ranges(Array(starts.dropLast()), Array(starts.dropFirst()), categories.count, count)
        try CheckpointTree.refuseExtensions(&reader)
    }

    private static func nodeCount(_ reader: inout ByteReader) throws(ModelError) -> Int {
        let count: Int32 = try reader.integer("the number of nodes")
        _ = try reader.flag("whether there are categories")
        guard count > 0, Int(count) <= reader.bytes.count else { throw ModelError(.malformed, "found \(count) nodes") }
        return Int(count)
    }

    private static func comparisons(_ codes: [Int8]) throws(ModelError) -> [Comparison] {
        var result: [Comparison] = []
        for code in codes {
            guard let comparison = Comparison(rawValue: code) else {
                throw ModelError(.malformed, "found the comparison \(code), expected 0 to 5")
            }
            result.append(comparison)
        }
        return result
    }

    /// Ranges of a list for each node; a file without vectors or categories may hold no ranges at all.
    private static func ranges(
        _ starts: [UInt64], _ ends: [UInt64], _ size: Int, _ count: Int
    ) throws(ModelError) -> [Range<Int>] {
        guard starts.count == ends.count, starts.isEmpty || starts.count == count else {
            throw ModelError(.malformed, "found \(starts.count) starts and \(ends.count) ends for \(count) nodes")
        }
        guard !starts.isEmpty else { return Array(repeating: 0..<0, count: count) }
        var result: [Range<Int>] = []
        var used: UInt64 = 0
        for (start, end) in zip(starts, ends) {
            guard start <= end, end <= UInt64(size) else {
                throw ModelError(.malformed, "found the range from \(start) to \(end) of a list of \(size)")
            }
            used += end - start
            guard used <= UInt64(size) else {
                throw ModelError(.malformed, "found the range from \(start) to \(end), parts of which other nodes have")
            }
            result.append(Int(start)..<Int(end))
        }
        return result
    }

    private static func refuseExtensions(_ reader: inout ByteReader) throws(ModelError) {
        for what in ["of the tree", "of nodes"] {
            let count: Int32 = try reader.integer("the number of optional fields \(what)")
            guard count == 0 else {
                throw ModelError(.unsupported, "found \(count) optional fields \(what), whose meaning is not known")
            }
        }
    }
}
