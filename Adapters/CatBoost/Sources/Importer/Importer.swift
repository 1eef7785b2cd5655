import SeptumIR
import SeptumOperators
import SeptumTensor

/// Gives an ensemble its meaning as a graph.
struct Importer {
    let ensemble: Ensemble
    /// The type of categories in the input, string or int64.
    let categoryType: ElementType
    let numberCount: Int
    let categoryCount: Int

    /// - Throws: `malformed` when columns are out of range or given twice.
    init(_ ensemble: Ensemble, categoryType: ElementType = .string) throws(ModelError) {
        self.ensemble = ensemble
        self.categoryType = categoryType
        numberCount = try Importer.columnCount(ensemble.numbers.map(\.index), "numerical")
        categoryCount = try Importer.columnCount(ensemble.categories.map(\.index), "categorical")
        let flat = ensemble.numbers.map(\.flatIndex) + ensemble.categories.map(\.flatIndex)
        _ = try Importer.columnCount(flat, "flat")
        guard numberCount + categoryCount > 0 else { throw ModelError(.malformed, "the model has no features") }
    }

    private static func columnCount(_ indices: [Int], _ kind: String) throws(ModelError) -> Int {
        guard Set(indices).count == indices.count, indices.allSatisfy({ (0..<Ensemble.featureLimit).contains($0) }) else {
            throw ModelError(.malformed, "the \(kind) indices of features are not all different and in range")
        }
        return (indices.max() ?? -1) + 1
    }

    func model(named name: String) throws(ModelError) -> Model {
        let loss = try Loss(ensemble.information)
        var graph = Graph(name: "catboost")
        var table: Graph.ValueID?
        if numberCount > 0 { table = try graph.addInput("X", .tensor(.float32, ["batch", .fixed(numberCount)])) }
        let columns = try ForestColumns(self)
        if categoryCount > 0 {
            let categories = try graph.addInput("categories", .tensor(categoryType, ["batch", .fixed(categoryCount)]))
            let inputs = numberCount > 0 ? [categories, table] : [categories]
            let found = try graph.append(
                try columns.categoryTable(), name: "categories_table", inputs: inputs, outputs: ["statistics"])
            table =
                try table.map { (table) throws(ModelError) in
                    try graph.apply(Op.Concat(axis: 1), name: "table", table, found.first ?? table)
                } ?? found.first
        }
        guard let table else { throw ModelError(.malformed, "the model has no features") }
        var scores = try graph.apply(try forest(columns), name: "forest", table)
        if ensemble.scale != 1 {
            scores = try graph.apply(
                Op.Mul(), name: "scale", scores, try graph.addConstant(try Tensor([], [ensemble.scale])))
            if let bias = try bias { scores = try graph.apply(Op.Add(), name: "bias", scores, try graph.addConstant(bias)) }
        }
        let prediction = try linked(loss, scores, &graph)
        try graph.addOutput(try flattened(prediction, "prediction", &graph), name: "prediction")
        try graph.addOutput(try flattened(scores, "margin", &graph), name: "margin")
        var model = Model(graph: graph, contract: categoryCount == 0 ? contract(named: name) : nil)
        if !loss.name.isEmpty { model.metadata["loss_function"] = loss.name }
        if let classes = ensemble.information["class_params"], !classes.isEmpty { model.metadata["class_params"] = classes }
        let names = ensemble.categories.sorted { $0.index < $1.index }.map { $0.name.isEmpty ? "\($0.flatIndex)" : $0.name }
        if !names.isEmpty { model.metadata["categorical_features"] = JSON.array(names.map { .string($0) }).description }
        return model
    }

    /// One output is a vector, as CatBoost gives it.
    private func flattened(_ scores: Graph.ValueID, _ name: String, _ graph: inout Graph) throws(ModelError) -> Graph.ValueID {
        guard ensemble.outputCount == 1 else {
            return graph.outputs.contains(scores) ? try graph.apply(Op.Identity(), name: name, scores) : scores
        }
        let axis = try graph.addConstant(try Tensor([1], [Int64(1)]))
        return try graph.apply(Op.Squeeze(), name: name, scores, axis)
    }

    private func contract(named name: String) -> InputContract? {
        let named = ensemble.numbers.contains { !$0.name.isEmpty && $0.name != "\($0.flatIndex)" }
        guard named, ensemble.numbers.count == numberCount else { return nil }
        let features = ensemble.numbers.sorted { $0.index < $1.index }.map {
            InputContract.Feature(name: $0.name.isEmpty ? "\($0.flatIndex)" : $0.name, missing: .keep)
        }
        guard Set(features.map(\.name)).count == features.count else { return nil }
        return InputContract(name: name, inputs: [InputContract.Input(tensor: "X", features: features)])
    }

    // MARK: Trees

    /// Nil when there is none to add.
    private var bias: Tensor? {
        get throws(ModelError) {
            guard ensemble.bias.contains(where: { $0 != 0 }) else { return nil }
            guard ensemble.bias.count == ensemble.outputCount else {
                throw ModelError(
                    .malformed, "found \(ensemble.bias.count) biases for \(ensemble.outputCount) outputs", attribute: "bias")
            }
            return try Tensor([ensemble.outputCount], ensemble.bias)
        }
    }

    /// `x > border` goes right, in float32; trees are added in float64, one after another, then the bias.
    ///
    /// Source: https://github.com/catboost/catboost/blob/v1.2.10/catboost/libs/model/cpu/quantization.h (BinarizeFloats),
    /// https://github.com/catboost/catboost/blob/v1.2.10/catboost/libs/model/cpu/evaluator_impl.cpp (CalcTreesBlockedImpl),
    /// https://github.com/catboost/catboost/blob/v1.2.10/catboost/libs/model/scale_and_bias.cpp (ApplyScaleAndBias)
    private func forest(_ columns: ForestColumns) throws(ModelError) -> Op.Forest {
        guard ensemble.scale.isFinite, ensemble.bias.allSatisfy(\.isFinite) else {
            throw ModelError(.malformed, "found the scale \(ensemble.scale) and biases that are not all finite")
        }
        var builder = ForestBuilder(
            rules: Op.Forest.Rules(
                comparison: .lessOrEqual, featureType: .float32, accumulationType: .float64, baseScoreOrder: .afterTrees),
            thresholdType: .float32, featureCount: columns.count, outputCount: ensemble.outputCount,
            leafWidth: ensemble.outputCount)
        for tree in ensemble.trees {
            switch tree {
            case .oblivious(let splits, let leaves): try add(splits, leaves, columns, &builder)
            case .general(let root, let splits, let leaves):
                for split in splits {
                    try columns.add(split.id, split.split, failing: split.left, passing: split.right, &builder)
                }
                for leaf in leaves { try addLeaf(leaf.id, leaf.label, leaf.values, &builder) }
                try builder.endTree(root: root)
            }
        }
        let base = ensemble.scale == 1 ? try bias : nil
        return try builder.forest(baseScore: try base?.array())
    }

    /// The last test is the root, so that leaves stand in the order of their places: bit i is the outcome of test i.
    private func add(
        _ splits: [Int], _ leaves: [Double], _ columns: ForestColumns, _ builder: inout ForestBuilder
    ) throws(ModelError) {
        let (depth, width) = (splits.count, ensemble.outputCount)
        guard depth < 32, leaves.count == width << depth else {
            throw ModelError(.malformed, "tree \(builder.treeCount): found \(leaves.count) leaf values at depth \(depth)")
        }
        // Nodes count as in a heap, from 1; the children of n are 2n and 2n + 1, leaves come last.
        for node in 1..<1 << depth {
            let level = Int.bitWidth - 1 - node.leadingZeroBitCount
            try columns.add(node, splits[depth - 1 - level], failing: 2 * node, passing: 2 * node + 1, &builder)
        }
        for leaf in 0..<1 << depth {
            try addLeaf(1 << depth + leaf, leaf, leaves[leaf * width..<(leaf + 1) * width], &builder)
        }
        try builder.endTree(root: 1)
    }

    private func addLeaf(
        _ id: Int, _ label: Int, _ values: some Collection<Double>, _ builder: inout ForestBuilder
    ) throws(ModelError) {
        guard values.allSatisfy(\.isFinite) else {
            throw ModelError(.malformed, "tree \(builder.treeCount), leaf \(label): found a value that is not finite")
        }
        try builder.addLeaf(id, values, label: label)
    }

    // MARK: Predictions

    private func linked(
        _ loss: Loss, _ scores: Graph.ValueID, _ graph: inout Graph
    ) throws(ModelError) -> Graph.ValueID {
        switch loss.link {
        case .identity: return try graph.apply(Op.Identity(), name: "link", scores)
        case .exponential: return try graph.apply(Op.Exp(), name: "link", scores)
        case .softmax where ensemble.outputCount > 1: return try graph.apply(Op.Softmax(axis: 1), name: "link", scores)
        case .sigmoid, .softmax:
            let one = try graph.addConstant(try Tensor([], [1.0]))
            let power = try graph.apply(Op.Exp(), name: "power", try graph.apply(Op.Neg(), name: "falling", scores))
            return try graph.apply(Op.Div(), name: "link", one, try graph.apply(Op.Add(), name: "sum", power, one))
        case .meanAndVariance:
            guard ensemble.outputCount == 2 else {
                throw ModelError(.malformed, "found \(ensemble.outputCount) outputs of RMSEWithUncertainty, expected 2")
            }
            let (first, second) = (try Tensor([1], [Int64(0)]), try Tensor([1], [Int64(1)]))
            let mean = try graph.apply(Op.Gather(axis: 1), name: "mean", scores, try graph.addConstant(first))
            let width = try graph.apply(Op.Gather(axis: 1), name: "width", scores, try graph.addConstant(second))
            let two = try graph.addConstant(try Tensor([], [2.0]))
            let variance = try graph.apply(Op.Exp(), name: "variance", try graph.apply(Op.Mul(), name: "doubled", width, two))
            return try graph.apply(Op.Concat(axis: 1), name: "link", mean, variance)
        }
    }
}
