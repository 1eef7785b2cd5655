import SeptumIR
import SeptumOperators
import SeptumTensor

/// Writes a forest in the library's JSON form, so that every version from 1.3 on computes the same margins.
struct Exporter {
    /// Newer versions read what older ones wrote, and this one has all that is written here.
    private static let version = "[2,1,0]"

    private let reading: ForestReading
    private let output: ForestReading.Output
    private let objective: ExportedObjective
    private let approximates: Bool
    private let metadata: [String: String]
    private var forest: Op.Forest { reading.forest }

    init(_ model: Model, _ options: ExportOptions) throws(ModelError) {
        reading = try ForestReading(model, outputs: options.outputs)
        output = try reading.singleOutput()
        approximates = options.approximates
        metadata = model.metadata
        objective = try ExportedObjective(output, outputCount: reading.forest.outputCount, known: model.metadata["objective"])
        try expectSums()
    }

    private func refuse(_ message: String, approximable: Bool = false) -> ModelError {
        ModelError(
            .unsupported, message, remedy: approximable ? "accept that with --approximate" : "convert it to .onnx or .septum")
    }

    /// The library adds leaves to the base score in float32, tree after tree.
    private func expectSums() throws(ModelError) {
        let rules = forest.rules
        guard reading.linearLeaves == nil else { throw refuse("XGBoost has no linear leaves") }
        guard rules.aggregation == .sum, rules.divisor == 1, output.divisor == 1 else {
            throw refuse("XGBoost adds trees up, the model takes their mean, minimum or maximum")
        }
        guard reading.inputType == .float32 || rules.featureType == .float32 || approximates else {
            throw refuse("XGBoost compares float32 values, the model float64 ones", approximable: true)
        }
        let isAdded = rules.accumulationType == .float32 && (rules.baseScoreOrder == .beforeTrees || forest.baseScore == nil)
        let isExact = try hasExactSums()
        guard isAdded || approximates || isExact else {
            throw refuse(
                "XGBoost adds float32 leaves to the base score, the model "
                    + (rules.accumulationType == .float64 ? "adds float64 leaves" : "adds the base score last"),
                approximable: true)
        }
    }

    /// Whether every output is the leaf of one tree, which float32 holds: nothing is rounded then.
    private func hasExactSums() throws(ModelError) -> Bool {
        guard forest.baseScore == nil else { return false }
        var seen = [Int](repeating: 0, count: forest.outputCount)
        for tree in try ForestTrees(forest) {
            for case .leaf(let leaf) in tree.nodes {
                for index in leaf.values.indices {
                    guard let value = tree.leafValue(leaf, output: tree.output + index, in: forest), Double(Float(value)) == value
                    else { return false }
                }
            }
            for index in 0..<forest.layout.leafWidth { seen[tree.output + index] += 1 }
        }
        return seen.allSatisfy { $0 <= 1 }
    }

    // MARK: Document

    func document() throws(ModelError) -> String {
        var trees: [ExportedTree] = []
        let base = try startingTrees(&trees)
        for tree in try ForestTrees(forest) {
            // A tree that adds to several outputs becomes one for each; each output's sum keeps its order.
            for place in 0..<forest.layout.leafWidth {
                trees.append(try ExportedTree(tree, output: tree.output + place, number: trees.count, reading, approximates))
            }
        }
        let groups = trees.map(\.output)
        let count = forest.outputCount
        let isRegular = groups.count % count == 0 && groups.enumerated().allSatisfy { $0.offset % count == $0.element }
        let ends = isRegular ? Array(stride(from: 0, through: groups.count, by: count)) : [0, groups.count]
        let names = reading.featureNames ?? []
        var types: [String] = []
        if trees.contains(where: \.hasCategories) {
            types = [String](repeating: "float", count: forest.featureCount)
            for tree in trees { for feature in tree.categoricalFeatures { types[feature] = "c" } }
        }
        let attributes = metadata.filter { key, _ in Exporter.isAttribute(key) }.sorted { $0.key < $1.key }
        let treeTexts = trees.enumerated().map { $1.text(id: $0, featureCount: forest.featureCount) }
        func strings(_ list: [String]) -> String { JSON.array(list.map(JSON.string)).description }
        return "{\"learner\":{\"attributes\":\(JSON.object(attributes.map { .init($0.key, .string($0.value)) })),"
            + "\"feature_names\":\(strings(names)),\"feature_types\":\(strings(types)),"
            + "\"gradient_booster\":{\"model\":{\"gbtree_model_param\":{\"num_parallel_tree\":\"1\",\"num_trees\":\"\(trees.count)\"},"
            + "\"iteration_indptr\":\(ends.list),\"tree_info\":\(groups.list),\"trees\":["
            + treeTexts.joined(separator: ",") + "]},\"name\":\"gbtree\"},"
            + "\"learner_model_param\":{\"base_score\":\"\(base)\",\"boost_from_average\":\"1\","
            + "\"num_class\":\"\(objective.hasClasses ? count : 0)\",\"num_feature\":\"\(forest.featureCount)\","
            + "\"num_target\":\"\(objective.hasClasses ? 1 : count)\"},\"objective\":\(objective.text)},\"version\":\(Exporter.version)}"
    }

    /// What the importer keeps of a file's attributes.
    private static func isAttribute(_ key: String) -> Bool {
        !["objective", "feature_types", "pandas_categorical", "warnings"].contains(key) && !key.hasPrefix("forest.")
    }

    /// The base score in the objective's form; where one number cannot say it, trees of one leaf add it first.
    private func startingTrees(_ trees: inout [ExportedTree]) throws(ModelError) -> Float {
        let values = try forest.baseScore?.realNumbers() ?? [Double](repeating: 0, count: forest.outputCount)
        if let first = values.first, values.allSatisfy({ $0.bitPattern == first.bitPattern }), Double(Float(first)) == first {
            if let base = objective.baseScore(for: Float(first)) { return base }
        }
        for (output, value) in values.enumerated() {
            guard Double(Float(value)) == value || approximates else {
                throw refuse("XGBoost has float32 base scores, the model \(value)", approximable: true)
            }
            trees.append(ExportedTree(leaf: Float(value), output: output))
        }
        // Either zero is gone once the first leaf is added.
        return objective.baseScore(for: 0) ?? objective.baseScore(for: -0.0) ?? 0
    }
}

extension [Int] {
    /// As a JSON list.
    var list: String { "[" + map(String.init).joined(separator: ",") + "]" }
}

extension [Float] {
    /// As a JSON list of the shortest digits that are read back exactly.
    var list: String { "[" + map { "\($0)" }.joined(separator: ",") + "]" }
}
