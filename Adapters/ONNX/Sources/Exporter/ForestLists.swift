import SeptumIR
import SeptumOperators
import SeptumTensor

/// A forest as the lists of attributes of `ai.onnx.ml`.
struct ForestLists {
    /// What leaves give.
    enum Content {
        /// What they add to the outputs, the base score in front where it comes before the trees.
        case scores
        /// Their label, each tree to an output of its own.
        case labels
    }

    private struct Node {
        var tree: Int
        var mode: String
        var feature = 0
        var threshold = 0.0
        var left = 0
        var right = 0
        var missingIsTrue = false
    }

    private let forest: Op.Forest
    /// All nodes, splits and leaves, tree after tree in pre-order; children are numbers within the tree.
    private var nodes: [Node] = []
    private var numbers: [Int] = []
    private var weights: [(tree: Int, node: Int, output: Int, weight: Double)] = []
    private let outputCount: Int
    private var treeCount = 0

    /// Lists all trees; where leaves may add to one output only, a tree with wider leaves is listed once for each output.
    ///
    /// - Throws: `unsupported` when a leaf's label has more digits than the sums' type.
    init(
        _ forest: Op.Forest, _ content: Content, singleOutputLeaves: Bool, _ columns: inout ForestTable
    ) throws(ModelError) {
        self.forest = forest
        outputCount = content == .labels ? forest.layout.treeCount : forest.outputCount
        if content == .scores, let base = forest.baseScore, forest.rules.baseScoreOrder == .beforeTrees {
            addBase(try base.realNumbers(), singleOutputLeaves)
        }
        let width = content == .labels ? 1 : forest.layout.leafWidth
        let parts = singleOutputLeaves ? (0..<width).map { $0..<$0 + 1 } : [0..<width]
        for tree in try ForestTrees(forest) {
            for part in parts {
                for (number, node) in tree.nodes.enumerated() {
                    numbers.append(number)
                    switch node {
                    case .split(let split): nodes.append(list(split, &columns))
                    case .leaf(let leaf):
                        nodes.append(Node(tree: treeCount, mode: "LEAF"))
                        if content == .labels {
                            weights.append((treeCount, number, treeCount, try exact(leaf.label)))
                            continue
                        }
                        for output in part.map({ tree.output + $0 }) {
                            weights.append((treeCount, number, output, tree.leafValue(leaf, output: output, in: forest) ?? 0))
                        }
                    }
                }
                treeCount += 1
            }
        }
    }

    private func list(_ split: ForestTree.Split, _ columns: inout ForestTable) -> Node {
        let test = columns.test(split)
        var node = Node(tree: treeCount, mode: ForestLists.mode(forest.rules.comparison))
        (node.feature, node.left, node.right) = (test.column, split.left, split.right)
        node.missingIsTrue = test.missingGoesLeft
        if test.isEquality {
            (node.mode, node.threshold) = ("BRANCH_EQ", test.value)
        } else {
            node.threshold = ForestLists.rounded(test.value, forest.rules)
        }
        return node
    }

    private func exact(_ label: Int) throws(ModelError) -> Double {
        let isHeld = forest.rules.accumulationType == .float64 || Int(exactly: Float(label)) == label
        guard isHeld else {
            throw ModelError(.unsupported, "the leaf \(label) has more digits than ONNX's trees of float32 give")
        }
        return Double(label)
    }

    /// A tree of one leaf, so that sums start from the base score.
    private mutating func addBase(_ base: [Double], _ singleOutputLeaves: Bool) {
        for part in singleOutputLeaves ? base.indices.map({ $0..<$0 + 1 }) : [base.indices] {
            nodes.append(Node(tree: treeCount, mode: "LEAF"))
            numbers.append(0)
            for output in part { weights.append((treeCount, 0, output, base[output])) }
            treeCount += 1
        }
    }

    private static func mode(_ comparison: Op.Forest.Comparison) -> String {
        comparison == .less ? "BRANCH_LT" : "BRANCH_LEQ"
    }

    /// For float32 features a threshold with more digits asks the same as a neighbouring float32 does.
    private static func rounded(_ threshold: Double, _ rules: Op.Forest.Rules) -> Double {
        guard rules.featureType == .float32, rules.accumulationType == .float32 else { return threshold }
        let nearest = Float(threshold)
        if rules.comparison == .less { return Double(Double(nearest) < threshold ? nearest.nextUp : nearest) }
        return Double(Double(nearest) > threshold ? nearest.nextDown : nearest)
    }

    private var aggregation: String {
        switch forest.rules.aggregation {
        case .sum: "SUM"
        case .minimum: "MIN"
        case .maximum: "MAX"
        }
    }

    /// The attributes of `TreeEnsembleRegressor`.
    func regressor() -> [AttributeRecord] {
        [
            .init("n_targets", .int(outputCount)), .init("aggregate_function", .string(aggregation)),
            .init("post_transform", .string("NONE")), .init("nodes_treeids", .ints(nodes.map(\.tree))),
            .init("nodes_nodeids", .ints(numbers)), .init("nodes_featureids", .ints(nodes.map(\.feature))),
            .init("nodes_modes", .strings(nodes.map(\.mode))), .init("nodes_values", .floats(nodes.map { Float($0.threshold) })),
            .init("nodes_truenodeids", .ints(nodes.map(\.left))), .init("nodes_falsenodeids", .ints(nodes.map(\.right))),
            .init("nodes_missing_value_tracks_true", .ints(nodes.map { $0.missingIsTrue ? 1 : 0 })),
            .init("target_treeids", .ints(weights.map(\.tree))), .init("target_nodeids", .ints(weights.map(\.node))),
            .init("target_ids", .ints(weights.map(\.output))), .init("target_weights", .floats(weights.map { Float($0.weight) })),
        ]
    }

    /// The attributes of `TreeEnsemble`, whose leaves stand apart and add to one output each.
    func ensemble() throws(ModelError) -> [AttributeRecord] {
        var places: [Int] = []
        var (splitCount, leafCount) = (0, 0)
        for node in nodes {
            places.append(node.mode == "LEAF" ? leafCount : splitCount)
            if node.mode == "LEAF" { leafCount += 1 } else { splitCount += 1 }
        }
        var lists = EnsembleLists()
        var lone: [Int] = []
        var start = 0
        for (index, node) in nodes.enumerated() {
            if numbers[index] == 0 {
                start = index
                if node.mode == "LEAF" {
                    // A lone leaf hangs on a split that leads to it either way.
                    lists.roots.append(splitCount)
                    splitCount += 1
                    lone.append(places[index])
                    continue
                }
                lists.roots.append(places[index])
            }
            guard node.mode != "LEAF" else { continue }
            lists.modes.append(UInt8(TreeEnsemble.modes[node.mode]?.rawValue ?? 0))
            lists.features.append(node.feature)
            lists.splits.append(node.threshold)
            lists.missing.append(node.missingIsTrue ? 1 : 0)
            for (child, isLeft) in [(start + node.left, true), (start + node.right, false)] {
                lists.add(places[child], isLeaf: nodes[child].mode == "LEAF", isLeft: isLeft)
            }
        }
        for leaf in lone {
            lists.modes.append(0)
            lists.features.append(0)
            lists.splits.append(0)
            lists.missing.append(0)
            for isLeft in [true, false] { lists.add(leaf, isLeaf: true, isLeft: isLeft) }
        }
        return try lists.attributes(
            outputs: outputCount, aggregation: ["SUM": 1, "MIN": 2, "MAX": 3][aggregation] ?? 1,
            targets: weights.map(\.output), weights: weights.map(\.weight))
    }
}
