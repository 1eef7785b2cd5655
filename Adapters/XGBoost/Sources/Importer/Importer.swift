import SeptumIR
import SeptumOperators
import SeptumTensor

/// Gives a booster its meaning as a graph.
struct Importer {
    let booster: Booster
    /// The classes of a scikit-learn classifier, whose methods are then the outputs.
    var labels: Tensor?
    /// Whether the prediction is what the scikit-learn wrapper calls `predict`.
    var isWrapped = false

    func model(named name: String) throws(ModelError) -> Model {
        let objective = try Objective(booster.objective, booster.version)
        guard (objective.link != .softmax && objective.link != .mostLikelyClass) || booster.classCount > 0 else {
            throw ModelError(.malformed, "found no classes for \(booster.objective)", attribute: "learner.learner_model_param")
        }
        var base: [Float] = []
        for score in booster.baseScore { base.append(try objective.margin(score, booster.version)) }
        var graph = Graph(name: "xgboost")
        let input = try graph.addInput("X", .tensor(.float32, ["batch", .fixed(booster.featureCount)]))
        let scores =
            switch booster.kind {
            case .trees(let trees, let weights): try graph.apply(try forest(trees, weights, base), name: "forest", input)
            case .linear(let weights): try linear(weights, base, input, &graph)
            }
        let margin = try flattened(scores, &graph)
        if let labels, labels.count != max(2, booster.outputCount) {
            throw ModelError(.malformed, "found \(labels.count) classes for \(booster.outputCount) outputs")
        }
        try addPrediction(objective.link, margin, scores, &graph)
        try graph.addOutput(margin, name: "margin")
        var model = Model(graph: graph, contract: contract(named: name))
        for (name, value) in booster.attributes { model.metadata[name] = value }
        model.metadata["objective"] = booster.objective
        if !booster.featureTypes.isEmpty { model.metadata["feature_types"] = booster.featureTypes.joined(separator: ",") }
        return model
    }

    /// One output is a vector, as `Booster.predict` gives it.
    private func flattened(_ scores: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> Graph.ValueID {
        guard booster.outputCount == 1 else { return scores }
        let axis = try graph.addConstant(try Tensor([1], [Int64(1)]), name: "axis")
        return try graph.apply(Op.Squeeze(), name: "flatten", scores, axis)
    }

    private func contract(named name: String) -> InputContract? {
        guard !booster.featureNames.isEmpty else { return nil }
        let features = booster.featureNames.map { InputContract.Feature(name: $0, missing: .keep) }
        return InputContract(name: name, inputs: [InputContract.Input(tensor: "X", features: features)])
    }
}

// MARK: Trees

extension Importer {
    /// `x < threshold` goes left, NaN follows the split, listed categories go right, everything in float32.
    ///
    /// Sums start from the base score and take the trees in their order, since 1.3; before, the base score came last. The
    /// weights of dart multiply each leaf.
    ///
    /// Source: https://github.com/dmlc/xgboost/blob/v3.2.0/src/predictor/predict_fn.h#L15-L38,
    /// https://github.com/dmlc/xgboost/blob/v3.2.0/src/common/categorical.h#L50-L66,
    /// https://github.com/dmlc/xgboost/blob/v3.2.0/src/predictor/predictor.cc#L56-L107,
    /// https://github.com/dmlc/xgboost/blob/v3.2.0/src/gbm/gbtree.cc#L737-L792 (dart),
    /// https://github.com/dmlc/xgboost/blob/v1.2.1/src/predictor/cpu_predictor.cc (PredValue)
    private func forest(_ trees: [BoosterTree], _ weights: [Float]?, _ base: [Float]) throws(ModelError) -> Op.Forest {
        let width = trees.first?.leafVectors?.width ?? 1
        let isOld = booster.version < Booster.Version(major: 1, minor: 3, patch: 0)
        var builder = ForestBuilder(
            rules: Op.Forest.Rules(
                comparison: .less, featureType: .float32, accumulationType: .float32, categoryRule: .refuseNegative,
                baseScoreOrder: isOld ? .afterTrees : .beforeTrees),
            thresholdType: .float32, featureCount: booster.featureCount, outputCount: booster.outputCount, leafWidth: width)
        for (index, tree) in trees.enumerated() {
            try add(tree, width, &builder)
            try builder.endTree(output: tree.group, weight: weights.map { Double($0[index]) } ?? 1)
        }
        return try builder.forest(baseScore: base.map(Double.init))
    }

    private func add(_ tree: BoosterTree, _ width: Int, _ builder: inout ForestBuilder) throws(ModelError) {
        func malformed(_ node: Int, _ message: String) -> ModelError {
            ModelError(.malformed, "tree \(builder.treeCount), node \(node): \(message)")
        }
        if let leaves = tree.leafVectors {
            let count = tree.left.indices.count { tree.left[$0] == -1 && !tree.isDeleted($0) }
            guard count <= leaves.values.count / leaves.width else {
                throw malformed(0, "found \(count) leaves, their list holds \(leaves.values.count / leaves.width)")
            }
        }
        for node in 0..<tree.nodeCount where !tree.isDeleted(node) {
            guard tree.left[node] == -1 else {
                guard tree.defaultLeft[node] == 0 || tree.defaultLeft[node] == 1 else {
                    throw malformed(node, "found default_left \(tree.defaultLeft[node]), expected 0 or 1")
                }
                try builder.addSplit(
                    node, feature: tree.feature[node],
                    test: tree.categories[node].map { .categoriesRight($0) } ?? .threshold(Double(tree.condition[node])),
                    missing: .nan(goesLeft: tree.defaultLeft[node] == 1), left: tree.left[node], right: tree.right[node])
                continue
            }
            if let leaves = tree.leafVectors {
                let (start, overflow) = leaves.place[node].multipliedReportingOverflow(by: leaves.width)
                guard !overflow, start >= 0, start <= leaves.values.count &- leaves.width else {
                    throw malformed(node, "its values are beyond the end of the list")
                }
                try builder.addLeaf(node, leaves.values[start..<start + leaves.width].map(Double.init))
            } else {
                try builder.addLeaf(node, Double(tree.condition[node]))
            }
        }
    }
}

// MARK: Predictions

extension Importer {
    private func addPrediction(
        _ link: Objective.Link, _ margin: Graph.ValueID, _ scores: Graph.ValueID, _ graph: inout Graph
    ) throws(ModelError) {
        func scalar(_ value: Float, _ name: String) throws(ModelError) -> Graph.ValueID {
            try graph.addConstant(try Tensor([], [value]), name: name)
        }
        let prediction: Graph.ValueID
        switch link {
        case .identity: prediction = try graph.apply(Op.Identity(), name: "link", margin)
        case .exponential: prediction = try exponential(margin, name: "link", &graph)
        case .sigmoid:
            var falling = try graph.apply(Op.Neg(), name: "falling", margin)
            if reachesSigmoidBound {
                falling = try graph.apply(Op.Min(), name: "bound", falling, try scalar(88.7, "link.highest"))
            }
            let one = try scalar(1, "link.one")
            let sum = try graph.apply(Op.Add(), name: "sum", try exponential(falling, name: "power", &graph), one)
            prediction = try graph.apply(Op.Div(), name: "link", one, sum)
        case .step:
            let isPositive = try graph.apply(Op.Greater(), name: "sign", margin, try scalar(0, "zero"))
            prediction = try graph.apply(Op.Cast(to: .float32), name: "link", isPositive)
        case .softmax: prediction = try flattened(try softmax(scores, &graph), &graph)
        case .mostLikelyClass:
            let index = try graph.apply(Op.ArgMax(axis: 1, keepdims: false), name: "largest", scores)
            prediction = try graph.apply(Op.Cast(to: .float32), name: "link", index)
        }
        guard let labels else { return try graph.addOutput(prediction, name: isWrapped ? "predict" : "prediction") }
        try addClasses(labels, link, prediction, &graph)
    }

    /// `expf` with the rounding of a float64 exponential, which is the C library's but for rare ties.
    private func exponential(
        _ power: Graph.ValueID, name: String, _ graph: inout Graph
    ) throws(ModelError) -> Graph.ValueID {
        let wide = try graph.apply(Op.Exp(), name: name, try graph.apply(Op.Cast(to: .float64), name: name + ".wide", power))
        return try graph.apply(Op.Cast(to: .float32), name: name + ".narrow", wide)
    }

    /// Each class by itself in float32, their sum in float64.
    ///
    /// Source: https://github.com/dmlc/xgboost/blob/v3.2.0/src/common/math.h (Softmax)
    private func softmax(_ scores: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> Graph.ValueID {
        let axis = try graph.addConstant(try Tensor([1], [Int64(1)]), name: "link.axis")
        let largest = try graph.apply(Op.ReduceMax(), name: "largest", scores, axis)
        let powers = try exponential(try graph.apply(Op.Sub(), name: "distance", scores, largest), name: "powers", &graph)
        let wide = try graph.apply(Op.Cast(to: .float64), name: "terms", powers)
        let sum = try graph.apply(Op.ReduceSum(), name: "sum", wide, axis)
        return try graph.apply(Op.Div(), name: "link", powers, try graph.apply(Op.Cast(to: .float32), name: "total", sum))
    }

    /// Since 1.6 the library's sigmoid keeps `exp(-margin)` finite, so that predictions stop falling at -88.7.
    ///
    /// Source: https://github.com/dmlc/xgboost/blob/v3.2.0/src/common/math.h (Sigmoid)
    private var reachesSigmoidBound: Bool {
        guard booster.version >= Booster.Version(major: 1, minor: 6, patch: 0) else { return false }
        guard case .trees(let trees, let weights) = booster.kind else { return true }
        var lowest: Float = -10
        for (index, tree) in trees.enumerated() where tree.leafVectors == nil {
            let leaves = tree.left.indices.lazy.filter { tree.left[$0] == -1 && !tree.isDeleted($0) }.map { tree.condition[$0] }
            lowest += min(0, (leaves.min() ?? 0) * (weights?[index] ?? 1))
        }
        return !(lowest > -88) || trees.contains { $0.leafVectors != nil } || booster.baseScore.contains { $0 < 1e-4 }
    }
}
