import SeptumIR
import SeptumOperators
import SeptumTensor

/// A forest as the lists of attributes of `ai.onnx.ml`.
struct ForestLists {
    private struct Node {
        var tree: Int
        var mode: String
        var feature: Int
        var threshold: Double
        var left: Int
        var right: Int
        var missingIsTrue: Bool
    }

    private let forest: Op.Forest
    /// All nodes, splits and leaves, tree after tree in pre-order; children are numbers within the tree.
    private var nodes: [Node] = []
    private var numbers: [Int] = []
    private var weights: [(tree: Int, node: Int, output: Int, weight: Double)] = []
    private let outputCount: Int
    private var treeCount = 0

    /// Lists all trees; where leaves may add to one output only, a tree with wider leaves is listed once for each output.
    init(_ forest: Op.Forest, singleOutputLeaves: Bool) throws(ModelError) {
        self.forest = forest
        outputCount = forest.outputCount
        let layout = forest.layout
        let feature = try layout.feature.array(of: Int32.self)
        let threshold = try ForestLists.doubles(layout.threshold)
        let (left, right) = (try layout.left.array(of: Int32.self), try layout.right.array(of: Int32.self))
        let flags = try layout.flags.array(of: UInt8.self).map(Op.Forest.Flags.init(rawValue:))
        let (roots, outputs) = (try layout.root.array(of: Int32.self), try layout.output.array(of: Int32.self))
        let treeWeights = try layout.weight.map { tensor throws(ModelError) in try ForestLists.doubles(tensor) }
        let values = try ForestLists.doubles(layout.leafValue)
        if let base = forest.baseScore, forest.rules.baseScoreOrder == .beforeTrees {
            addBase(try ForestLists.doubles(base), singleOutputLeaves)
        }
        let width = layout.leafWidth
        let parts = singleOutputLeaves ? (0..<width).map { $0..<$0 + 1 } : [0..<width]
        for (tree, root) in roots.enumerated() {
            let treeWeight = treeWeights.map { $0[tree] }
            for part in parts {
                var pending = [(reference: root, parent: -1, isLeft: false)]
                let start = nodes.count
                while let (reference, parent, isLeft) = pending.popLast() {
                    let number = nodes.count - start
                    if parent >= 0 {
                        if isLeft { nodes[start + parent].left = number } else { nodes[start + parent].right = number }
                    }
                    numbers.append(number)
                    guard reference >= 0 else {
                        let leaf = Int(~reference)
                        nodes.append(ForestLists.leaf(treeCount))
                        for index in part {
                            let value = values[leaf * width + index]
                            let weighted = treeWeight.map { forest.rules.accumulationType.product($0, value) } ?? value
                            weights.append((treeCount, number, Int(outputs[tree]) + index, weighted))
                        }
                        continue
                    }
                    let split = Int(reference)
                    nodes.append(
                        try node(flags[split], feature: Int(feature[split]), threshold: threshold[split]))
                    pending.append((right[split], number, false))
                    pending.append((left[split], number, true))
                }
                treeCount += 1
            }
        }
    }

    private func node(_ flags: Op.Forest.Flags, feature: Int, threshold: Double) throws(ModelError) -> Node {
        guard flags.isDisjoint(with: [.category, .zeroIsMissing, .nothingIsMissing]) else {
            throw ModelError(
                .unsupported, "ONNX has no splits on sets of categories, and NaN is all that can be missing",
                remedy: "keep the model as .septum")
        }
        let isEqual = flags.contains(.equality)
        return Node(
            tree: treeCount, mode: isEqual ? "BRANCH_EQ" : ForestLists.mode(forest.rules.comparison), feature: feature,
            threshold: isEqual ? threshold : ForestLists.rounded(threshold, forest.rules), left: 0, right: 0,
            missingIsTrue: flags.contains(.missingGoesLeft))
    }

    /// A tree of one leaf, so that sums start from the base score.
    private mutating func addBase(_ base: [Double], _ singleOutputLeaves: Bool) {
        for part in singleOutputLeaves ? base.indices.map({ $0..<$0 + 1 }) : [base.indices] {
            nodes.append(ForestLists.leaf(treeCount))
            numbers.append(0)
            for output in part { weights.append((treeCount, 0, output, base[output])) }
            treeCount += 1
        }
    }

    private static func leaf(_ tree: Int) -> Node {
        Node(tree: tree, mode: "LEAF", feature: 0, threshold: 0, left: 0, right: 0, missingIsTrue: false)
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

    private static func doubles(_ tensor: Tensor) throws(ModelError) -> [Double] {
        if tensor.elementType == .float64 { return try tensor.array() }
        return try tensor.array(of: Float.self).map(Double.init)
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

/// The lists of `TreeEnsemble`.
private struct EnsembleLists {
    var modes: [UInt8] = []
    var features: [Int] = []
    var splits: [Double] = []
    var missing: [Int] = []
    var roots: [Int] = []
    private var accepted: [Int] = []
    private var rejected: [Int] = []
    private var acceptedIsLeaf: [Int] = []
    private var rejectedIsLeaf: [Int] = []

    mutating func add(_ place: Int, isLeaf: Bool, isLeft: Bool) {
        if isLeft {
            accepted.append(place)
            acceptedIsLeaf.append(isLeaf ? 1 : 0)
        } else {
            rejected.append(place)
            rejectedIsLeaf.append(isLeaf ? 1 : 0)
        }
    }

    func attributes(
        outputs: Int, aggregation: Int, targets: [Int], weights: [Double]
    ) throws(ModelError) -> [AttributeRecord] {
        func tensor(_ values: [Double]) throws(ModelError) -> TensorRecord {
            try TensorRecord(name: "", try Tensor([values.count], values))
        }
        return [
            .init("n_targets", .int(outputs)), .init("aggregate_function", .int(aggregation)), .init("post_transform", .int(0)),
            .init("tree_roots", .ints(roots)), .init("nodes_featureids", .ints(features)),
            .init("nodes_modes", .tensor(try TensorRecord(name: "", try Tensor([modes.count], modes)))),
            .init("nodes_splits", .tensor(try tensor(splits))), .init("nodes_truenodeids", .ints(accepted)),
            .init("nodes_trueleafs", .ints(acceptedIsLeaf)), .init("nodes_falsenodeids", .ints(rejected)),
            .init("nodes_falseleafs", .ints(rejectedIsLeaf)), .init("nodes_missing_value_tracks_true", .ints(missing)),
            .init("leaf_targetids", .ints(targets)), .init("leaf_weights", .tensor(try tensor(weights))),
        ]
    }
}

extension ElementType {
    /// A product rounded to this type.
    fileprivate func product(_ a: Double, _ b: Double) -> Double {
        self == .float64 ? a * b : Double(Float(a) * Float(b))
    }
}
