import SeptumIR
import SeptumOperators
import SeptumTensor

/// Gives a checkpoint its meaning as a graph.
///
/// Source: https://github.com/dmlc/treelite/blob/4.4.1/src/gtil/predict.cc (PredictRaw), postprocessor.cc
struct Importer {
    let checkpoint: Checkpoint

    private var type: ElementType { checkpoint.isDouble ? .float64 : .float32 }
    private var outputCount: Int { checkpoint.targetCount * checkpoint.classCount }

    func model() throws(ModelError) -> Model {
        var graph = Graph(name: "treelite")
        let input = try graph.addInput("X", .tensor(type, ["batch", .fixed(checkpoint.featureCount)]))
        let (forest, isShifted) = try forest()
        var scores = try graph.apply(forest, name: "forest", input)
        if !isShifted { scores = try shifted(scores, &graph) }
        let shape = try graph.addConstant(
            try Tensor([3], [0, Int64(checkpoint.targetCount), Int64(checkpoint.classCount)]))
        let margin = try graph.apply(Op.Reshape(), name: "scores", scores, shape)
        try graph.addOutput(try processed(margin, &graph), name: "prediction")
        try graph.addOutput(margin, name: "margin")
        var model = Model(graph: graph)
        model.metadata["postprocessor"] = checkpoint.postprocessor
        if !checkpoint.attributes.isEmpty, checkpoint.attributes != "{}" { model.metadata["attributes"] = checkpoint.attributes }
        return model
    }

    /// Base scores are float64, and added to float32 scores in float64.
    private func shifted(_ scores: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> Graph.ValueID {
        let base = try graph.addConstant(try Tensor([1, outputCount], checkpoint.baseScores))
        let wide = try graph.apply(Op.Cast(to: .float64), name: "wide", scores)
        return try graph.apply(Op.Cast(to: type), name: "shifted", try graph.apply(Op.Add(), name: "sum", wide, base))
    }

    private func number(_ value: Double, _ graph: inout Graph) throws(ModelError) -> Graph.ValueID {
        try graph.addConstant(checkpoint.isDouble ? try Tensor([], [value]) : try Tensor([], [Float(value)]))
    }

    private func processed(_ margin: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> Graph.ValueID {
        let single: Set = [
            "signed_square", "hinge", "sigmoid", "exponential", "exponential_standard_ratio", "logarithm_one_plus_exp",
        ]
        guard checkpoint.classCount == 1 || !single.contains(checkpoint.postprocessor) else {
            throw ModelError(
                .unsupported, "found the postprocessor '\(checkpoint.postprocessor)' with \(checkpoint.classCount) classes",
                remedy: "treelite applies it to the first class only")
        }
        switch checkpoint.postprocessor {
        case "identity", "identity_multiclass": return try graph.apply(Op.Identity(), name: "link", margin)
        case "sigmoid", "multiclass_ova":
            let falling = try graph.apply(
                Op.Mul(), name: "falling", margin, try number(-Double(checkpoint.sigmoidAlpha), &graph))
            let sum = try graph.apply(
                Op.Add(), name: "sum", try number(1, &graph), try graph.apply(Op.Exp(), name: "power", falling))
            return try graph.apply(Op.Div(), name: "link", try number(1, &graph), sum)
        case "exponential": return try graph.apply(Op.Exp(), name: "link", margin)
        case "exponential_standard_ratio":
            guard checkpoint.ratioC != 0 else { throw ModelError(.malformed, "found the ratio_c 0") }
            let ratio = try graph.apply(
                Op.Div(), name: "ratio", try graph.apply(Op.Neg(), name: "falling", margin),
                try number(Double(checkpoint.ratioC), &graph))
            return try graph.apply(Op.Pow(), name: "link", try number(2, &graph), ratio)
        case "logarithm_one_plus_exp": return try graph.apply(Op.Softplus(), name: "link", margin)
        case "signed_square":
            return try graph.apply(
                Op.Mul(), name: "link", margin, try graph.apply(Op.Abs(), name: "size", margin))
        case "hinge":
            let isPositive = try graph.apply(Op.Greater(), name: "is_positive", margin, try number(0, &graph))
            return try graph.apply(Op.Cast(to: type), name: "link", isPositive)
        case "softmax": return try graph.apply(Op.Softmax(axis: 2), name: "link", margin)
        case let name:
            throw ModelError(.unsupported, "found the postprocessor '\(name.prefix(40))'")
        }
    }
}

// MARK: Trees

extension Importer {
    /// The sums, from zero, tree after tree, in the type of the leaves; divided by the number of trees when they are averaged;
    /// with the base scores, where that type holds them.
    private func forest() throws(ModelError) -> (Op.Forest, isShifted: Bool) {
        let count = checkpoint.trees.count
        let divisor = checkpoint.averages ? try treesOfEachOutput() : 1
        // Without `<=` and `>` every split is `<`, as XGBoost's are.
        let isStrict = !checkpoint.trees.contains { $0.comparisons.contains { $0 == .lessOrEqual || $0 == .greater } }
        let width = checkpoint.leafShape == [1, 1] ? 1 : checkpoint.leafShape[0] == 1 ? checkpoint.classCount : outputCount
        try checkSize(width)
        var builder = ForestBuilder(
            rules: Op.Forest.Rules(
                comparison: isStrict ? .less : .lessOrEqual, featureType: type, accumulationType: type,
                categoryRule: .refuseNegative, divisor: divisor, baseScoreOrder: .afterTrees),
            thresholdType: type, featureCount: checkpoint.featureCount, outputCount: outputCount, leafWidth: width)
        for index in 0..<count {
            let tree = checkpoint.trees[index]
            let place = (target: checkpoint.targets[index], class: checkpoint.classes[index])
            var pending = [Int32(0)]
            while let node = pending.popLast().map(Int.init) {
                guard tree.kinds.indices.contains(node) else {
                    throw ModelError(.malformed, "tree \(index): found node \(node), the tree has \(tree.kinds.count)")
                }
                if tree.kinds[node] == .leaf {
                    try builder.addLeaf(node, try leaf(node, of: tree, place, width))
                } else {
                    try addSplit(node, of: tree, isStrict, &builder)
                    pending += [tree.right[node], tree.left[node]]
                }
            }
            let first = width == 1 || checkpoint.leafShape[0] == 1
            let output = first ? max(0, place.target) * checkpoint.classCount + (width == 1 ? max(0, place.class) : 0) : 0
            try builder.endTree(root: 0, output: output)
        }
        let isShifted = checkpoint.isDouble || checkpoint.baseScores.allSatisfy { Double(Float($0)) == $0 }
        let base: [Double]? = isShifted && checkpoint.baseScores.contains { $0 != 0 } ? checkpoint.baseScores : nil
        return (try builder.forest(baseScore: base), isShifted)
    }

    /// Leaves of one class are widened to all classes: a small file could fill the memory.
    private func checkSize(_ width: Int) throws(ModelError) {
        let (leaves, given) = checkpoint.trees.reduce((0, 0)) { sum, tree in
            (sum.0 + tree.kinds.count { $0 == .leaf }, sum.1 + tree.leafVectors.count)
        }
        guard width == 1 || leaves <= (16 * given + 1 << 24) / width else {
            throw ModelError(.limit, "\(leaves) leaves of \(width) values are too many for a file that holds \(given) of them")
        }
    }

    private func treesOfEachOutput() throws(ModelError) -> Int {
        var counts = [Int](repeating: 0, count: outputCount)
        for (tree, (target, label)) in zip(checkpoint.targets, checkpoint.classes).enumerated() {
            let size = (target < 0 ? checkpoint.targetCount : 1) * (label < 0 ? checkpoint.classCount : 1)
            guard size == 1 || size <= checkpoint.trees[tree].leafVectors.count else {
                throw ModelError(.malformed, "tree \(tree): its leaves hold no \(size) values")
            }
            for row in target < 0 ? Array(0..<checkpoint.targetCount) : [target] {
                for column in label < 0 ? Array(0..<checkpoint.classCount) : [label] {
                    counts[row * checkpoint.classCount + column] += 1
                }
            }
        }
        guard let count = counts.first, count > 0, counts.allSatisfy({ $0 == count }) else {
            throw ModelError(.unsupported, "averages unequal numbers of trees: \(counts.prefix(8))")
        }
        return count
    }

    /// The numbers that a leaf adds to the outputs of its tree.
    private func leaf(
        _ node: Int, of tree: CheckpointTree, _ place: (target: Int, class: Int), _ width: Int
    ) throws(ModelError) -> [Double] {
        let vector = Array(tree.leafVectors[tree.leafRanges[node]])
        let isForAll = place.target == -1 || place.class == -1
        guard
            checkpoint.leafShape == [
                place.target == -1 ? checkpoint.targetCount : 1, place.class == -1 ? checkpoint.classCount : 1,
            ]
        else {
            throw ModelError(
                .malformed,
                "node \(node): leaves have shape \(checkpoint.leafShape), the tree is for target \(place.target), "
                    + "class \(place.class)")
        }
        guard !vector.isEmpty else {
            guard !isForAll else { throw ModelError(.malformed, "node \(node): the leaf has no vector") }
            return [tree.values[node]]
        }
        let size = checkpoint.leafShape[0] * checkpoint.leafShape[1]
        guard vector.count == size else {
            throw ModelError(.malformed, "node \(node): the leaf has \(vector.count) values, expected \(size)")
        }
        guard vector.count != width else { return vector }
        // One class of all targets.
        var values = [Double](repeating: 0, count: width)
        for (target, value) in vector.enumerated() { values[target * checkpoint.classCount + max(0, place.class)] = value }
        return values
    }

    /// NaN goes the default way; listed categories go to the side the node says, negative and unlisted ones to the other.
    ///
    /// Source: https://github.com/dmlc/treelite/blob/4.4.1/src/gtil/predict.cc (NextNode, NextNodeCategorical, EvaluateTree)
    private func addSplit(
        _ node: Int, of tree: CheckpointTree, _ isStrict: Bool, _ builder: inout ForestBuilder
    ) throws(ModelError) {
        var (left, right) = (Int(tree.left[node]), Int(tree.right[node]))
        var missingLeft = tree.defaultsLeft[node]
        let test: ForestBuilder.Test
        if tree.kinds[node] == .categorical {
            let list = tree.categories[tree.categoryRanges[node]].map(Int.init)
            test = tree.listsGoRight[node] ? .categoriesRight(list) : .categoriesLeft(list)
        } else {
            let threshold = tree.thresholds[node]
            guard threshold.isFinite else {
                throw ModelError(.malformed, "node \(node): found the threshold \(threshold)")
            }
            switch tree.comparisons[node] {
            case .none: throw ModelError(.malformed, "node \(node): the split has no comparison")
            case .equal: test = .equals(threshold)
            case .less, .greaterOrEqual: test = .threshold(isStrict ? threshold : below(threshold))
            case .lessOrEqual, .greater: test = .threshold(threshold)
            }
            if [.greater, .greaterOrEqual].contains(tree.comparisons[node]) {
                (left, right) = (right, left)
                missingLeft.toggle()
            }
        }
        try builder.addSplit(
            node, feature: Int(tree.features[node]), test: test, missing: .nan(goesLeft: missingLeft), left: left, right: right)
    }

    /// The number below, in the type of the features: `x < t` where `x <= below(t)`.
    private func below(_ threshold: Double) -> Double {
        checkpoint.isDouble ? threshold.nextDown : Double(Float(threshold).nextDown)
    }
}
