public import SeptumIR
public import SeptumTensor

/// One tree of a forest as nodes in pre-order, the root first: what writers of other formats read.
public struct ForestTree: Sendable {
    public enum Node: Sendable {
        case split(Split)
        case leaf(Leaf)
    }

    public struct Split: Sendable {
        public let feature: Int
        public let test: ForestBuilder.Test
        public let missing: ForestBuilder.Missing
        /// Where the child for values that pass the test stands in `nodes`.
        public internal(set) var left: Int
        public internal(set) var right: Int
    }

    public struct Leaf: Sendable {
        /// What is added to outputs `output..<output + values.count`, before it is multiplied with the tree's weight.
        public let values: [Double]
        /// What the source library calls the leaf.
        public let label: Int
    }

    public let nodes: [Node]
    /// The first output that leaves add to.
    public let output: Int
    public let weight: Double
}

/// Reads the trees of a forest one after another.
public struct ForestTrees: Sendable, Sequence, IteratorProtocol {
    private let forest: Op.Forest
    private let feature: [Int32]
    private let threshold: [Double]
    private let left: [Int32]
    private let right: [Int32]
    private let flags: [Op.Forest.Flags]
    private let roots: [Int32]
    private let outputs: [Int32]
    private let weights: [Double]?
    private let values: [Double]
    private let labels: [Int32]
    private let sets: [Int32]
    private let starts: [Int32]
    private let words: [UInt32]
    private var place = 0

    /// - Throws: nothing in practice; the forest was checked when it was made.
    public init(_ forest: Op.Forest) throws(ModelError) {
        let layout = forest.layout
        self.forest = forest
        feature = try layout.feature.array()
        threshold = try layout.threshold.realNumbers()
        left = try layout.left.array()
        right = try layout.right.array()
        flags = try layout.flags.array(of: UInt8.self).map(Op.Forest.Flags.init(rawValue:))
        roots = try layout.root.array()
        outputs = try layout.output.array()
        weights = try layout.weight?.realNumbers()
        values = try layout.leafValue.realNumbers()
        labels = try layout.leafLabel.array()
        sets = try layout.categorySet?.array() ?? []
        starts = try layout.categoryStart?.array() ?? []
        words = try layout.categoryWords?.array() ?? []
    }

    /// The next tree.
    public mutating func next() -> ForestTree? {
        guard place < roots.count else { return nil }
        defer { place += 1 }
        var nodes: [ForestTree.Node] = []
        var pending = [(reference: roots[place], parent: -1, isLeft: false)]
        while let (reference, parent, isLeft) = pending.popLast() {
            if parent >= 0, case .split(var split) = nodes[parent] {
                if isLeft { split.left = nodes.count } else { split.right = nodes.count }
                nodes[parent] = .split(split)
            }
            guard reference >= 0 else {
                nodes.append(.leaf(leaf(Int(~reference))))
                continue
            }
            let index = Int(reference)
            pending.append((right[index], nodes.count, false))
            pending.append((left[index], nodes.count, true))
            nodes.append(.split(split(index)))
        }
        return ForestTree(nodes: nodes, output: Int(outputs[place]), weight: weights?[place] ?? 1)
    }

    private func leaf(_ index: Int) -> ForestTree.Leaf {
        let width = forest.layout.leafWidth
        return ForestTree.Leaf(values: Array(values[index * width..<(index + 1) * width]), label: Int(labels[index]))
    }

    private func split(_ index: Int) -> ForestTree.Split {
        let flag = flags[index]
        let goesLeft = flag.contains(.missingGoesLeft)
        let missing: ForestBuilder.Missing =
            flag.contains(.zeroIsMissing)
            ? .nanAndZero(goesLeft: goesLeft) : flag.contains(.nothingIsMissing) ? .nothing : .nan(goesLeft: goesLeft)
        var test = flag.contains(.equality) ? ForestBuilder.Test.equals(threshold[index]) : .threshold(threshold[index])
        if flag.contains(.category) {
            let set = Int(sets[index])
            let isInverse = flag.contains(.outsideGoesLeft)
            var list: [Int] = []
            for (place, word) in words[Int(starts[set])..<Int(starts[set + 1])].enumerated() {
                for bit in 0..<32 where (word >> UInt32(bit) & 1 == 1) != isInverse { list.append(place * 32 + bit) }
            }
            test = isInverse ? .categoriesRight(list) : .categoriesLeft(list)
        }
        return ForestTree.Split(feature: Int(feature[index]), test: test, missing: missing, left: 0, right: 0)
    }
}

extension ForestTree {
    /// The tree's own part of one output, with its weight multiplied in as the forest's type rounds it; nil when it has none.
    public func leafValue(_ leaf: Leaf, output: Int, in forest: Op.Forest) -> Double? {
        let place = output - self.output
        guard leaf.values.indices.contains(place) else { return nil }
        guard forest.layout.weight != nil else { return leaf.values[place] }
        return forest.rules.accumulationType == .float64
            ? weight * leaf.values[place] : Double(Float(weight) * Float(leaf.values[place]))
    }
}

extension Tensor {
    /// float32 or float64 elements as float64.
    package func realNumbers() throws(ModelError) -> [Double] {
        elementType == .float64 ? try array() : try array(of: Float.self).map(Double.init)
    }
}
