import SeptumIR
import SeptumOperators
import SeptumTensor

/// Trees as the operators of `ai.onnx.ml` list them, checked and on their way into a forest.
struct TreeEnsemble {
    struct Node {
        enum Mode: Int {
            case lessOrEqual = 0
            case less, greaterOrEqual, greater, equal, notEqual, member
        }
        var mode: Mode
        var feature: Int
        var threshold: Double
        /// Indices of nodes, or complements `~index` of leaves.
        var whenTrue: Int
        var whenFalse: Int
        var missingIsTrue: Bool
        /// What a `member` node compares with.
        var members: [Double] = []
    }

    /// Outputs and what a leaf adds to them.
    typealias Leaf = [(output: Int, weight: Double)]

    var nodes: [Node] = []
    var leaves: [Leaf] = []
    /// First nodes of the trees, as references like those of the nodes.
    var roots: [Int] = []
    var outputCount = 0
    /// The type of thresholds, weights and sums.
    var type = ElementType.float32
    var baseValues: [Double] = []
    var aggregation = "SUM"

    /// Membership tests become chains, which copy what follows; this bounds the copies.
    private static let nodeLimit = 1 << 20
    private static let valueLimit = 1 << 26

    /// Adds the forest to a graph and returns scores, float32 or float64 `[batch, outputs]`.
    ///
    /// A feature is compared in the type of the table. ONNX Runtime adds trees in their order, the base value last.
    ///
    /// Source: https://github.com/microsoft/onnxruntime/blob/v1.32.0/onnxruntime/core/providers/cpu/ml/tree_ensemble_common.h
    func scores(_ form: NodeForm, _ builder: inout GraphBuilder) throws(ModelError) -> Graph.ValueID {
        var table = try form.requiredInput(0)
        if builder.rank(table) == 1 {
            table = try builder.apply("Unsqueeze", name: form.name, [table, try builder.constant([0])])
        }
        if builder.elementType(table) != .float32 && builder.elementType(table) != .float64 {
            table = try builder.apply("Cast", ["to": .int(Int(ElementType.float32.rawValue))], name: form.name, [table])
        }
        let needed = (nodes.map(\.feature).max() ?? 0) + 1
        let known = builder.graph.type(table).tensor?.shape.flatMap { $0.count == 2 ? $0[1].number : nil }
        if let known, known < needed {
            throw ModelError(.invalidModel, "a node tests feature \(needed - 1), the table has \(known) columns")
        }
        if known == nil {
            let bounds = [try builder.constant([0]), try builder.constant([needed]), try builder.constant([1])]
            table = try builder.apply("Slice", name: form.name, [table] + bounds)
        }
        let isDouble = builder.elementType(table) == .float64 || type == .float64
        let forest = try forest(
            features: known ?? needed, featureType: builder.elementType(table) ?? .float32,
            sumType: isDouble ? .float64 : .float32)
        let attributes = Dictionary(uniqueKeysWithValues: forest.attributes.map { ($0.name, $0.value) })
        return try builder.apply("Forest", attributes, name: form.name, [table])
    }

    private func forest(
        features: Int, featureType: ElementType, sumType: ElementType
    ) throws(ModelError) -> Op.Forest {
        let aggregations: [String: Op.Forest.Aggregation] = ["SUM": .sum, "AVERAGE": .sum, "MIN": .minimum, "MAX": .maximum]
        guard let kind = aggregations[aggregation] else {
            throw ModelError(
                .invalidModel, "found '\(aggregation)', expected SUM, AVERAGE, MIN or MAX", attribute: "aggregate_function")
        }
        let isStrict = nodes.allSatisfy { $0.mode != .lessOrEqual && $0.mode != .greater }
        let rules = Op.Forest.Rules(
            comparison: isStrict ? .less : .lessOrEqual, featureType: featureType, accumulationType: sumType,
            aggregation: kind, divisor: aggregation == "AVERAGE" ? max(1, roots.count) : 1, baseScoreOrder: .afterTrees)
        guard outputCount >= 1, outputCount <= 1 << 24 else {
            throw ModelError(.invalidModel, "found \(outputCount) outputs, expected 1 to \(1 << 24)")
        }
        let width = leaves.contains { $0.count > 1 } || treesMixOutputs() ? outputCount : 1
        guard width <= TreeEnsemble.valueLimit / max(1, leaves.count) else {
            throw ModelError(.limit, "\(leaves.count) leaves add to \(width) outputs each, which are too many numbers")
        }
        var door = ForestBuilder(
            rules: rules, thresholdType: sumType, featureCount: features, outputCount: outputCount, leafWidth: width)
        var budget = TreeEnsemble.nodeLimit
        for root in roots { try add(root, to: &door, width: width, isStrict: isStrict, featureType, &budget) }
        return try door.forest(baseScore: baseValues.isEmpty ? nil : baseValues)
    }

    /// Adds one tree; the numbers of its nodes count from 0 in the order in which they are met.
    private func add(
        _ root: Int, to door: inout ForestBuilder, width: Int, isStrict: Bool, _ featureType: ElementType, _ budget: inout Int
    ) throws(ModelError) {
        var pending = [(reference: root, id: 0, member: 0)]
        var next = 1
        var output = 0
        while let (reference, id, member) = pending.popLast() {
            budget -= 1
            guard budget > 0 else { throw ModelError(.limit, "the trees have too many nodes") }
            guard reference >= 0 else {
                let leaf = leaves[~reference]
                var values = [Double](repeating: 0, count: width)
                for (target, weight) in leaf { values[width == 1 ? 0 : target] += weight }
                if width == 1, let target = leaf.first?.output { output = target }
                try door.addLeaf(id, values)
                continue
            }
            let node = nodes[reference]
            let (accepted, rejected) = (next, next + 1)
            next += 2
            let isLast = node.mode != .member || member + 1 >= node.members.count
            pending.append((isLast ? node.whenFalse : reference, rejected, isLast ? 0 : member + 1))
            pending.append((node.whenTrue, accepted, 0))
            let (test, isSwapped) = try self.test(node, member, isStrict, featureType)
            let missingGoesLeft = isSwapped ? !node.missingIsTrue && node.mode != .notEqual : node.missingIsTrue
            try door.addSplit(
                id, feature: node.feature, test: test, missing: .nan(goesLeft: missingGoesLeft),
                left: isSwapped ? rejected : accepted, right: isSwapped ? accepted : rejected)
        }
        try door.endTree(root: 0, output: output)
    }

    /// What a split asks, and whether its children change places.
    private func test(
        _ node: Node, _ member: Int, _ isStrict: Bool, _ featureType: ElementType
    ) throws(ModelError) -> (ForestBuilder.Test, isSwapped: Bool) {
        switch node.mode {
        case .lessOrEqual: return (.threshold(node.threshold), false)
        case .greater: return (.threshold(node.threshold), true)
        case .less: return (.threshold(try strict(node.threshold, isStrict, featureType)), false)
        case .greaterOrEqual: return (.threshold(try strict(node.threshold, isStrict, featureType)), true)
        case .equal: return (.equals(node.threshold), false)
        case .notEqual: return (.equals(node.threshold), true)
        case .member: return (.equals(node.members[member]), false)
        }
    }

    /// In a forest that compares with `<=`, `x < t` asks whether `x` is at most the number before `t`.
    private func strict(_ threshold: Double, _ isStrict: Bool, _ type: ElementType) throws(ModelError) -> Double {
        if isStrict { return threshold }
        guard threshold > -.infinity else {
            throw ModelError(.unsupported, "a node compares with minus infinity while others compare in another mode")
        }
        return type == .float64 ? threshold.nextDown : Double(Float(threshold).nextDown)
    }

    private func treesMixOutputs() -> Bool {
        for root in roots {
            var pending = [root]
            var output: Int?
            while let reference = pending.popLast() {
                if reference >= 0 {
                    pending.append(nodes[reference].whenTrue)
                    pending.append(nodes[reference].whenFalse)
                } else if let target = leaves[~reference].first?.output {
                    if let output, output != target { return true }
                    output = target
                }
            }
        }
        return false
    }

    /// Whether every row reaches, for each output, some leaf that adds to it.
    var alwaysScoresAll: Bool {
        var scored: Set<Int> = []
        for root in roots {
            var pending = [root]
            var common: Set<Int>?
            while let reference = pending.popLast() {
                if reference >= 0 {
                    pending.append(nodes[reference].whenTrue)
                    pending.append(nodes[reference].whenFalse)
                } else {
                    let outputs = Set(leaves[~reference].map(\.output))
                    common = common?.intersection(outputs) ?? outputs
                }
            }
            scored.formUnion(common ?? [])
        }
        return scored.count == outputCount
    }
}
