import SeptumIR
import SeptumOperators
import SeptumTensor

/// Writes a forest in the library's text form v4.
struct Exporter {
    private let reading: ForestReading
    private let output: ForestReading.Output
    private let approximates: Bool
    private let metadata: [String: String]
    private var forest: Op.Forest { reading.forest }

    init(_ model: Model, _ options: ExportOptions) throws(ModelError) {
        reading = try ForestReading(model, outputs: options.outputs)
        output = try reading.singleOutput()
        approximates = options.approximates
        metadata = model.metadata
        try expectSums()
    }

    private func refuse(_ message: String, approximable: Bool = false) -> ModelError {
        ModelError(
            .unsupported, message, remedy: approximable ? "accept that with --approximate" : "convert it to .onnx or .septum")
    }

    /// Leaves are added in float64, iteration after iteration; a random forest's predictions are means.
    private func expectSums() throws(ModelError) {
        let rules = forest.rules
        guard rules.aggregation == .sum else {
            throw refuse("LightGBM adds trees up, the model takes their \(rules.aggregation)")
        }
        guard rules.accumulationType == .float64 || approximates else {
            throw refuse("LightGBM adds float64 leaves, the model float32 ones", approximable: true)
        }
        guard reading.inputType == .float64 || rules.featureType == .float32 else {
            throw refuse("LightGBM takes float64 values, the model rounds them to float32 first")
        }
        if rules.divisor != 1 || output.divisor != 1 {
            let trees = forest.outputCount == 0 ? 0 : forest.layout.treeCount * forest.layout.leafWidth / forest.outputCount
            guard rules.divisor == 1 || forest.baseScore == nil, Double(rules.divisor) * output.divisor == Double(max(1, trees))
            else {
                throw refuse("LightGBM's means are over all trees of an output, the model divides by another number")
            }
        }
    }

    private var averages: Bool { forest.rules.divisor != 1 || output.divisor != 1 }

    // MARK: Document

    func document() throws(ModelError) -> String {
        var trees = [[String]](repeating: [], count: forest.outputCount)
        var number = 0
        let leaves = try reading.linearLeaves.map { linear throws(ModelError) in try LinearTables(linear) }
        try addBase(&trees, .beforeTrees)
        for tree in try ForestTrees(forest) {
            for place in 0..<forest.layout.leafWidth {
                let output = tree.output + place
                let written = try ExportedTree(tree, output: output, number: number, reading, leaves, approximates)
                trees[output].append(written.text)
            }
            number += 1
        }
        try addBase(&trees, .afterTrees)
        // Iterations have one tree for each output.
        let rounds = trees.map(\.count).max() ?? 0
        for output in trees.indices {
            guard leaves == nil || trees[output].count == rounds else { throw refuse("outputs have different numbers of trees") }
            guard !averages || trees[output].count == rounds else { throw refuse("outputs have different numbers of trees") }
            while trees[output].count < rounds { trees[output].append(ExportedTree.leaf(0)) }
        }
        let count = forest.outputCount
        let names = try featureNames()
        var text = "tree\nversion=v4\nnum_class=\(count)\nnum_tree_per_iteration=\(count)\nlabel_index=0\n"
        text += "max_feature_idx=\(forest.featureCount - 1)\n"
        if let objective = try objective() { text += "objective=\(objective)\n" }
        if averages { text += "average_output\n" }
        text += "feature_names=\(names.joined(separator: " "))\n"
        text += "feature_infos=\(names.map { _ in "none" }.joined(separator: " "))\n\n"
        for round in 0..<rounds {
            for output in 0..<count { text += "Tree=\(round * count + output)\n\(trees[output][round])\n\n" }
        }
        text += "end of trees\n\nfeature_importances:\n\nparameters:\nend of parameters\n\n"
        return text + "pandas_categorical:\(metadata["pandas_categorical"] ?? "null")\n"
    }

    /// A base score is a tree of one leaf, before or after the others.
    private func addBase(_ trees: inout [[String]], _ order: Op.Forest.BaseScoreOrder) throws(ModelError) {
        guard let base = forest.baseScore, forest.rules.baseScoreOrder == order else { return }
        let values = try base.realNumbers()
        // Adding to -0 keeps the sign of a single leaf of zero, which a sum from 0 loses; their values are the same.
        guard !values.allSatisfy({ $0 == 0 }) else { return }
        guard !averages else { throw refuse("LightGBM has no base score beside a mean") }
        guard values.allSatisfy(\.isFinite) else { throw refuse("the base score is no number") }
        for (output, value) in values.enumerated() { trees[output].append(ExportedTree.leaf(value)) }
    }

    /// Blanks become underscores, as the library has it; what it refuses is refused.
    private func featureNames() throws(ModelError) -> [String] {
        guard let names = reading.featureNames else { return (0..<forest.featureCount).map { "Column_\($0)" } }
        var written: Set<String> = []
        var result: [String] = []
        for name in names {
            let plain = String(String.UnicodeScalarView(name.unicodeScalars.map { $0.properties.isWhitespace ? "_" : $0 }))
            let isRefused =
                plain.isEmpty || plain.unicodeScalars.contains { "\",:[]{}".unicodeScalars.contains($0) || $0.value < 0x20 }
            guard !isRefused, written.insert(plain).inserted else {
                throw ModelError(
                    .unsupported, "LightGBM takes no feature called '\(name)'",
                    remedy: "give another name in a contract (--contract)")
            }
            result.append(plain)
        }
        return result
    }

    /// What the objective's line says; nil for scores as they are, several of which no objective has.
    ///
    /// Source: https://github.com/microsoft/LightGBM/tree/v4.6.0/src/objective, `ConvertOutput` of each
    private func objective() throws(ModelError) -> String? {
        let count = forest.outputCount
        guard !output.isPair || count == 1 else { throw refuse("'\(output.name)' holds pairs of probabilities") }
        func known(_ names: [String], or standard: String) -> String {
            guard let text = metadata["objective"], let name = text.split(separator: " ").first, names.contains(String(name))
            else {
                return standard
            }
            return String(name)
        }
        switch output.link {
        case .identity where count == 1:
            return known(["regression_l1", "huber", "fair", "quantile", "mape", "lambdarank", "rank_xendcg"], or: "regression")
        case .identity: return nil
        case .sigmoid(let steepness) where count == 1: return "binary sigmoid:\(steepness)"
        case .sigmoid(let steepness): return "multiclassova num_class:\(count) sigmoid:\(steepness)"
        case .softmax where count > 1: return "multiclass num_class:\(count)"
        case .exponential where count == 1: return known(["gamma", "tweedie"], or: "poisson")
        case .softplus where count == 1: return "cross_entropy_lambda"
        case .signedSquare where count == 1: return "regression sqrt"
        default:
            throw ModelError(
                .unsupported, "LightGBM has no objective with the link of '\(output.name)', \(output.link), for \(count) outputs",
                remedy: "choose another output with --output")
        }
    }
}
