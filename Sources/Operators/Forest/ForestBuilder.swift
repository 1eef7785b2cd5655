public import SeptumIR
public import SeptumTensor

/// The one door by which trees of every format enter: it checks each tree and lays it out for evaluation.
///
/// Conventions are arguments, never habits. What the libraries do:
///
/// | library | comparison | feature, threshold | missing | categories | sum | base score |
/// |---|---|---|---|---|---|---|
/// | XGBoost 3.2 [1] | `<` | float32, float32 | NaN, side a node | listed go right, others left | float32, per tree | before |
/// | LightGBM 4.6 [2] | `<=` | float64, float64 | NaN, zero or none, a node | listed go left, others right | float64 | in a tree |
/// | CatBoost 1.2 [6] | `<=` | float32, float32 | NaN, side a feature | one for itself | float64 | after |
/// | scikit-learn 1.7 trees, forests, gradient boosting [3] | `<=` | float32, float64 | NaN, side a node | none | float64 | before |
/// | scikit-learn 1.7 HistGradientBoosting [4] | `<=` | float64, float64 | NaN, side a node | listed go left, unknown as missing \
/// | float64 | before |
/// | ONNX Runtime 1.22 TreeEnsemble [5] | a node's mode | type of the input | NaN, side a node | none | float32 | after |
///
/// Source: [1] https://github.com/dmlc/xgboost/blob/v3.2.0/src/predictor/predict_fn.h (GetNextNode),
/// [2] https://github.com/microsoft/LightGBM/blob/v4.6.0/include/LightGBM/tree.h (NumericalDecision, CategoricalDecision),
/// [3] https://github.com/scikit-learn/scikit-learn/blob/1.7.0/sklearn/tree/_tree.pyx (_apply_dense),
/// [4] https://github.com/scikit-learn/scikit-learn/blob/1.7.0/sklearn/ensemble/_hist_gradient_boosting/_predictor.pyx
/// (_predict_one_from_raw_data),
/// [5] https://github.com/microsoft/onnxruntime/blob/v1.22.0/onnxruntime/core/providers/cpu/ml/tree_ensemble_common.h,
/// [6] https://github.com/catboost/catboost/blob/v1.2.10/catboost/libs/model/cpu/evaluator_impl.cpp
public struct ForestBuilder: Sendable {
    /// What a split asks of its feature's value `x`; values that pass go left.
    public enum Test: Sendable, Hashable {
        /// `x < threshold` or `x <= threshold`, as the forest's rules say.
        case threshold(Double)
        case equals(Double)
        /// The listed categories go left, everything else right.
        case categoriesLeft([Int])
        /// The listed categories go right, everything else left.
        case categoriesRight([Int])
    }

    /// What counts as missing at a split and where it goes.
    public enum Missing: Sendable, Hashable {
        /// NaN is missing.
        case nan(goesLeft: Bool)
        /// NaN and values within 1e-35 of zero are missing.
        case nanAndZero(goesLeft: Bool)
        /// Nothing is missing; NaN is taken for zero.
        case nothing
    }

    let rules: Op.Forest.Rules
    let featureCount: Int
    let outputCount: Int
    let leafWidth: Int
    var pending = PendingTree()
    var layout: ForestLayoutArrays

    /// Starts an empty forest.
    ///
    /// Thresholds are kept as float32 or float64; each leaf adds to `leafWidth` outputs.
    public init(
        rules: Op.Forest.Rules, thresholdType: ElementType, featureCount: Int, outputCount: Int, leafWidth: Int = 1
    ) {
        self.rules = rules
        self.featureCount = featureCount
        self.outputCount = outputCount
        self.leafWidth = leafWidth
        layout = ForestLayoutArrays(thresholdType: thresholdType)
    }

    /// The number of trees that are complete.
    public var treeCount: Int { layout.root.count }

    /// Adds a split to the tree in progress; `id` is any number that is unique in the tree.
    ///
    /// - Throws: `invalidModel` naming tree and node when the id is taken, the feature does not exist, or the threshold is NaN
    ///   or has digits that the threshold type cannot hold.
    public mutating func addSplit(
        _ id: Int, feature: Int, test: Test, missing: Missing, left: Int, right: Int
    ) throws(ModelError) {
        guard feature >= 0, feature < featureCount else {
            throw error(id, "it tests feature \(feature), the model has \(featureCount)")
        }
        var node = PendingTree.Node(id: id, feature: Int32(truncatingIfNeeded: feature), left: left, right: right)
        switch missing {
        case .nan(let goesLeft): node.flags = goesLeft ? .missingGoesLeft : []
        case .nanAndZero(let goesLeft): node.flags = goesLeft ? [.missingGoesLeft, .zeroIsMissing] : .zeroIsMissing
        case .nothing: node.flags = .nothingIsMissing
        }
        switch test {
        case .threshold(let value): node.threshold = value
        case .equals(let value):
            node.threshold = value
            node.flags.insert(.equality)
        case .categoriesLeft(let list):
            node.flags.insert(.category)
            node.set = try addWords(id, list, inverted: false)
        case .categoriesRight(let list):
            node.flags.formUnion([.category, .outsideGoesLeft])
            node.set = try addWords(id, list, inverted: true)
        }
        guard holds(node.threshold, layout.thresholdType), !node.threshold.isNaN else {
            throw error(id, "its threshold \(node.threshold) is no \(layout.thresholdType)")
        }
        try insert(node)
    }

    /// Adds a leaf with one value to the tree in progress.
    ///
    /// The label is what the source library calls the leaf; its id when nil.
    ///
    /// - Throws: `invalidModel` naming tree and node when the id is taken or the value does not fit.
    public mutating func addLeaf(_ id: Int, _ value: Double, label: Int? = nil) throws(ModelError) {
        try addLeaf(id, CollectionOfOne(value), label: label)
    }

    /// Adds a leaf with one value for each of the outputs that it adds to.
    ///
    /// - Throws: `invalidModel` naming tree and node when the id is taken or the values do not fit.
    public mutating func addLeaf(_ id: Int, _ values: some Collection<Double>, label: Int? = nil) throws(ModelError) {
        guard values.count == leafWidth else {
            throw error(id, "the leaf has \(values.count) values, expected \(leafWidth)")
        }
        guard let label = Int32(exactly: label ?? id) else { throw error(id, "its label \(label ?? id) is too large") }
        var node = PendingTree.Node(id: id, feature: -1, left: pending.values.count, right: 0)
        node.label = label
        for value in values {
            guard value.isNaN || holds(value, rules.accumulationType) else {
                throw error(id, "the leaf's value \(value) is no \(rules.accumulationType)")
            }
            pending.values.append(value)
        }
        try insert(node)
    }

    /// Completes the tree in progress, whose first node is `root`.
    ///
    /// Its leaves are multiplied with `weight` and added to `output` and, when they have several values, those after it.
    ///
    /// - Throws: `invalidModel` naming tree and node when a child is missing, a node has two parents, lies on a cycle or
    ///   cannot be reached, `limit` when the tree is too deep or the forest too large.
    public mutating func endTree(root: Int = 0, output: Int = 0, weight: Double = 1) throws(ModelError) {
        guard output >= 0, leafWidth > 0, output <= outputCount &- leafWidth else {
            throw error(nil, "its leaves add to output \(output), the model has \(outputCount)")
        }
        guard holds(weight, rules.accumulationType) else { throw error(nil, "its weight is no \(rules.accumulationType)") }
        let reference = try layOut(root)
        layout.root.append(reference)
        layout.output.append(Int32(truncatingIfNeeded: output))
        layout.weight.append(weight)
        pending.removeAll()
    }

    /// The forest of all trees that were completed; `baseScore` holds one number an output, nil when there is none.
    ///
    /// - Throws: `invalidModel` when a tree is incomplete or the rules contradict each other.
    public func forest(baseScore: [Double]? = nil) throws(ModelError) -> Op.Forest {
        guard pending.nodes.isEmpty else { throw error(nil, "it was never completed") }
        var base: Tensor?
        if let baseScore {
            guard baseScore.count == outputCount, baseScore.allSatisfy({ $0.isNaN || holds($0, rules.accumulationType) }) else {
                throw ModelError(
                    .invalidModel,
                    "found the base score \(baseScore.prefix(8)), expected \(outputCount) x \(rules.accumulationType)")
            }
            base = try ForestLayoutArrays.tensor([outputCount], baseScore, rules.accumulationType)
        }
        return try Op.Forest(
            rules: rules, featureCount: featureCount, outputCount: outputCount,
            layout: try layout.tensors(rules.accumulationType, leafWidth: leafWidth), baseScore: base)
    }

    func error(_ id: Int?, _ message: String, _ code: ModelError.Code = .invalidModel) -> ModelError {
        ModelError(code, id.map { "tree \(treeCount), node \($0): \(message)" } ?? "tree \(treeCount): \(message)")
    }

    private func holds(_ value: Double, _ type: ElementType) -> Bool {
        type != .float32 || Double(Float(value)) == value
    }

    private mutating func insert(_ node: PendingTree.Node) throws(ModelError) {
        guard pending.append(node) else { throw error(node.id, "the node is given twice") }
    }

    private mutating func addWords(_ id: Int, _ categories: [Int], inverted: Bool) throws(ModelError) -> Range<Int> {
        let limit = 1 << 24
        for category in categories where category < 0 || category >= limit {
            throw error(id, "found category \(category), expected 0 to \(limit - 1)")
        }
        let count = ((categories.max() ?? -1) + 32) / 32
        guard layout.words.count + pending.words.count + count < 1 << 26 else {
            throw error(id, "the category sets are too large", .limit)
        }
        var words = [UInt32](repeating: 0, count: count)
        for category in categories { words[category / 32] |= 1 << UInt32(category % 32) }
        pending.words += inverted ? words.map { ~$0 } : words
        return pending.words.count - count..<pending.words.count
    }
}
