import SeptumIR
import SeptumOperators
import SeptumTensor

/// Gives a booster its meaning as a graph.
struct Importer {
    let booster: Booster

    func model(named name: String) throws(ModelError) -> Model {
        let objective = try Objective(booster.objective)
        var graph = Graph(name: "lightgbm")
        let input = try graph.addInput("X", .tensor(.float64, ["batch", .fixed(booster.featureCount)]))
        let scores = try sums(input, &graph)
        let margin = try flattened(scores, &graph)
        let means = try averaged(scores, &graph)
        try graph.addOutput(try flattened(try linked(objective.link, means, &graph), &graph), name: "prediction")
        try graph.addOutput(margin, name: "margin")
        var model = Model(graph: graph, contract: contract(named: name))
        if let objective = booster.objective { model.metadata["objective"] = objective }
        if let categories = booster.pandasCategories { model.metadata["pandas_categorical"] = categories }
        return model
    }

    private func sums(_ input: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> Graph.ValueID {
        let forest = try forest()
        guard booster.trees.contains(where: { $0.linear != nil }) else {
            return try graph.apply(forest, name: "forest", input)
        }
        let bound = try graph.addConstant(try Tensor([], [Importer.zeroBound]))
        let nothing = try graph.addConstant(try Tensor([], [0.0]))
        let size = try graph.apply(Op.Abs(), name: "size", input)
        let isZero = try graph.apply(Op.LessOrEqual(), name: "is_zero", size, bound)
        let table = try graph.apply(Op.Where(), name: "table", isZero, nothing, input)
        let leaves = try graph.append(forest, name: "forest", inputs: [table], outputs: [nil, "leaves"])
        return try graph.apply(try linearLeaves(), name: "linear", table, leaves.first)
    }

    /// Predictions of random forests are means over the iterations; raw scores remain sums.
    private func averaged(_ scores: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> Graph.ValueID {
        guard booster.averages else { return scores }
        let count = try graph.addConstant(try Tensor([], [Double(max(1, booster.trees.count / booster.outputCount))]))
        return try graph.apply(Op.Div(), name: "mean", scores, count)
    }

    /// One output is a vector, as `Booster.predict` gives it.
    private func flattened(_ scores: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> Graph.ValueID {
        guard booster.outputCount == 1 else { return scores }
        let axis = try graph.addConstant(try Tensor([1], [Int64(1)]))
        return try graph.apply(Op.Squeeze(), name: "flatten", scores, axis)
    }

    /// Names that the library made up are none.
    private func contract(named name: String) -> InputContract? {
        guard booster.featureNames != booster.featureNames.indices.map({ "Column_\($0)" }) else { return nil }
        let features = booster.featureNames.map { InputContract.Feature(name: $0, missing: .keep) }
        return InputContract(name: name, inputs: [InputContract.Input(tensor: "X", features: features)])
    }
}

// MARK: Trees

extension Importer {
    /// `x <= threshold` goes left; what is missing is each split's own; listed categories go left; sums are float64.
    ///
    /// Source: https://github.com/microsoft/LightGBM/blob/v4.6.0/include/LightGBM/tree.h (NumericalDecision, CategoricalDecision),
    /// https://github.com/microsoft/LightGBM/blob/v4.6.0/src/boosting/gbdt_prediction.cpp (PredictRaw, Predict)
    private func forest() throws(ModelError) -> Op.Forest {
        var builder = ForestBuilder(
            rules: Op.Forest.Rules(
                comparison: .lessOrEqual, featureType: .float64, accumulationType: .float64, categoryRule: .truncate),
            thresholdType: .float64, featureCount: booster.featureCount, outputCount: booster.outputCount)
        for (index, tree) in booster.trees.enumerated() {
            for split in tree.left.indices { try add(split, of: tree, &builder) }
            for (leaf, value) in tree.leaves.enumerated() { try builder.addLeaf(~leaf, value, label: leaf) }
            try builder.endTree(root: tree.leaves.count == 1 ? ~0 : 0, output: index % booster.outputCount)
        }
        return try builder.forest()
    }

    /// 1e-35 in float32; the library takes values up to it for zeros before they reach a tree.
    ///
    /// Source: https://github.com/microsoft/LightGBM/blob/v4.6.0/include/LightGBM/meta.h (kZeroThreshold),
    /// https://github.com/microsoft/LightGBM/blob/v4.6.0/src/c_api.cpp (RowPairFunctionFromDenseMatric)
    private static let zeroBound = Double(Float(1e-35))

    /// The threshold that decides for every value as the given one does when values within the bound are zero.
    private static func threshold(_ value: Double) -> Double {
        guard abs(value) <= zeroBound else { return value }
        return value >= 0 ? zeroBound : (-zeroBound).nextDown
    }

    private func linearLeaves() throws(ModelError) -> Op.LinearLeaves {
        var (leafStart, termStart): ([Int32], [Int32]) = ([0], [0])
        var (constants, fallbacks, coefficients): ([Double], [Double], [Double]) = ([], [], [])
        var features: [Int32] = []
        for tree in booster.trees {
            for (leaf, value) in tree.leaves.enumerated() {
                constants.append(tree.linear?.constants[leaf] ?? value)
                fallbacks.append(value)
                features += (tree.linear?.features[leaf] ?? []).map { Int32(clamping: $0) }
                coefficients += tree.linear?.coefficients[leaf] ?? []
                termStart.append(Int32(clamping: features.count))
            }
            leafStart.append(Int32(clamping: constants.count))
        }
        return try Op.LinearLeaves(
            featureCount: booster.featureCount, outputCount: booster.outputCount,
            leafStart: try Tensor([leafStart.count], leafStart), constant: try Tensor([constants.count], constants),
            fallback: try Tensor([fallbacks.count], fallbacks), termStart: try Tensor([termStart.count], termStart),
            feature: try Tensor([features.count], features), coefficient: try Tensor([coefficients.count], coefficients))
    }

    private func add(_ split: Int, of tree: BoosterTree, _ builder: inout ForestBuilder) throws(ModelError) {
        let decision = tree.decision[split]
        var (test, missing): (ForestBuilder.Test, ForestBuilder.Missing)
        if decision.isCategorical {
            guard let set = Int(exactly: tree.threshold[split]), tree.categorySets.indices.contains(set) else {
                throw ModelError(
                    .malformed,
                    "tree \(builder.treeCount), node \(split): found set \(tree.threshold[split]) of categories, "
                        + "there are \(tree.categorySets.count)")
            }
            (test, missing) = (.categoriesLeft(tree.categorySets[set]), .nan(goesLeft: false))
        } else {
            test = .threshold(Importer.threshold(tree.threshold[split]))
            missing =
                switch decision.missing {
                case .nothing: .nothing
                case .zero: .nanAndZero(goesLeft: decision.missingGoesLeft)
                case .nan: .nan(goesLeft: decision.missingGoesLeft)
                }
        }
        try builder.addSplit(
            split, feature: tree.feature[split], test: test, missing: missing, left: tree.left[split], right: tree.right[split])
    }
}

// MARK: Predictions

extension Importer {
    private func linked(
        _ link: Objective.Link, _ scores: Graph.ValueID, _ graph: inout Graph
    ) throws(ModelError) -> Graph.ValueID {
        func number(_ value: Double) throws(ModelError) -> Graph.ValueID { try graph.addConstant(try Tensor([], [value])) }
        switch link {
        case .identity: return try graph.apply(Op.Identity(), name: "link", scores)
        case .signedSquare:
            let size = try graph.apply(Op.Mul(), name: "size", try graph.apply(Op.Sign(), name: "sign", scores), scores)
            return try graph.apply(Op.Mul(), name: "link", size, scores)
        case .exponential: return try graph.apply(Op.Exp(), name: "link", scores)
        case .sigmoid(let steepness):
            let falling = try graph.apply(Op.Mul(), name: "steepness", scores, try number(-steepness))
            let power = try graph.apply(Op.Exp(), name: "power", falling)
            let sum = try graph.apply(Op.Add(), name: "sum", power, try number(1))
            return try graph.apply(Op.Div(), name: "link", try number(1), sum)
        case .softplus: return try graph.apply(Op.Softplus(), name: "link", scores)
        case .softmax: return try graph.apply(Op.Softmax(axis: 1), name: "link", scores)
        }
    }
}
