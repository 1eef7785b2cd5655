import SeptumTensor

/// What a model file says, before it is given a meaning.
struct Booster {
    static let outputLimit = 1 << 16

    let version: String
    let objective: String?
    let featureCount: Int
    /// Trees of one iteration, one for each output.
    let outputCount: Int
    /// Whether outputs are the mean over iterations, as random forests have it.
    let averages: Bool
    let featureNames: [String]
    let pandasCategories: String?
    let trees: [BoosterTree]

    private static let keys: Set<String> = [
        "version", "num_class", "num_tree_per_iteration", "label_index", "max_feature_idx", "objective", "average_output",
        "feature_names", "monotone_constraints", "feature_infos", "tree_sizes", "feature_penalty", "max_bin_by_feature",
    ]

    init(_ file: TextFile) throws(ModelError) {
        try file.head.expectOnly(Booster.keys)
        version = try file.head.text("version")
        guard ["v2", "v3", "v4"].contains(version) else {
            throw ModelError(
                .unsupported, "found version \(version.prefix(40)) of the text form, expected v2, v3 or v4",
                remedy: "save the model with LightGBM 4.6")
        }
        let lastFeature = try file.head.integer("max_feature_idx")
        outputCount = try file.head.integer("num_tree_per_iteration")
        guard (0..<1 << 24).contains(lastFeature), (1...Booster.outputLimit).contains(outputCount) else {
            throw ModelError(.malformed, "found \(lastFeature) as last feature and \(outputCount) trees in each iteration")
        }
        featureCount = lastFeature + 1
        objective = file.head.has("objective") ? try file.head.text("objective") : nil
        averages = file.head.has("average_output")
        featureNames = try file.head.text("feature_names").split(separator: " ").map(String.init)
        guard featureNames.count == featureCount else {
            throw ModelError(.malformed, "found \(featureNames.count) names of features, the model has \(featureCount)")
        }
        guard file.trees.count % outputCount == 0 else {
            throw ModelError(
                .malformed, "found \(file.trees.count) trees, expected as many for each of the \(outputCount) outputs",
                remedy: "check that the file was copied whole")
        }
        pandasCategories = file.pandasCategories.flatMap { $0 == "null" || $0 == "[]" ? nil : $0 }
        var trees: [BoosterTree] = []
        for block in file.trees { trees.append(try BoosterTree(block)) }
        self.trees = trees
    }
}

/// One tree: splits count from 0, a child below zero is the leaf `~child`.
///
/// Source: https://github.com/microsoft/LightGBM/blob/v4.6.0/src/io/tree.cpp (ToString)
struct BoosterTree {
    let feature: [Int]
    /// For a split on categories the number of its set.
    let threshold: [Double]
    let decision: [Decision]
    let left: [Int]
    let right: [Int]
    let leaves: [Double]
    let categorySets: [[Int]]
    let linear: LinearLeaves?

    /// A linear function for each leaf.
    struct LinearLeaves {
        let constants: [Double]
        let features: [[Int]]
        let coefficients: [[Double]]
    }

    /// How a split decides: bit 0 is set for categories, bit 1 when missing values go left; then what is missing.
    ///
    /// Source: https://github.com/microsoft/LightGBM/blob/v4.6.0/include/LightGBM/tree.h (kCategoricalMask, GetMissingType)
    struct Decision {
        enum Missing: Int { case nothing, zero, nan }

        let isCategorical: Bool
        let missingGoesLeft: Bool
        let missing: Missing

        init?(_ bits: Int) {
            guard (0...15).contains(bits), let missing = Missing(rawValue: bits >> 2) else { return nil }
            isCategorical = bits & 1 != 0
            missingGoesLeft = bits & 2 != 0
            self.missing = missing
        }
    }

    private static let keys: Set<String> = [
        "num_leaves", "num_cat", "split_feature", "split_gain", "threshold", "decision_type", "left_child", "right_child",
        "leaf_parent", "leaf_value", "leaf_weight", "leaf_count", "internal_value", "internal_weight", "internal_count",
        "cat_boundaries", "cat_threshold", "shrinkage", "is_linear", "leaf_const", "num_features", "leaf_features", "leaf_coeff",
    ]

    init(_ block: TextBlock) throws(ModelError) {
        try block.expectOnly(BoosterTree.keys)
        let count = try block.integer("num_leaves")
        leaves = try block.numbers("leaf_value", count: count)
        guard count > 0 else { throw ModelError(.malformed, "the \(block.name) has \(count) leaves") }
        linear = try BoosterTree.linear(block, count)
        guard count > 1 else {
            (feature, threshold, decision, left, right, categorySets) = ([], [], [], [], [], [])
            return
        }
        feature = try block.integers("split_feature", count: count - 1)
        threshold = try block.numbers("threshold", count: count - 1, finite: false)
        left = try block.integers("left_child", count: count - 1)
        right = try block.integers("right_child", count: count - 1)
        var decisions: [Decision] = []
        for bits in try block.integers("decision_type", count: count - 1) {
            guard let decision = Decision(bits) else {
                throw ModelError(.unsupported, "found decision_type \(bits) in the \(block.name), whose meaning is not known")
            }
            decisions.append(decision)
        }
        decision = decisions
        categorySets = try BoosterTree.categories(block)
    }

    private static func categories(_ block: TextBlock) throws(ModelError) -> [[Int]] {
        guard try block.integer("num_cat") > 0 else { return [] }
        let bounds = try block.integers("cat_boundaries", count: nil)
        let words = try block.integers("cat_threshold", count: nil)
        guard bounds.first == 0, bounds.last == words.count, !zip(bounds, bounds.dropFirst()).contains(where: { $0 > $1 }),
            words.allSatisfy({ (0...Int(UInt32.max)).contains($0) })
        else { throw ModelError(.malformed, "the sets of categories of the \(block.name) do not divide their words") }
        return zip(bounds, bounds.dropFirst()).map { first, end in
            (first..<end).flatMap { word in (0..<32).filter { words[word] >> $0 & 1 == 1 }.map { (word - first) * 32 + $0 } }
        }
    }

    private static func linear(_ block: TextBlock, _ count: Int) throws(ModelError) -> LinearLeaves? {
        guard block.has("is_linear"), try block.integer("is_linear") != 0 else { return nil }
        let counts = try block.integers("num_features", count: count)
        let features = try block.integers("leaf_features", count: nil)
        let coefficients = try block.numbers("leaf_coeff", count: features.count)
        var (start, ownFeatures, ownCoefficients): (Int, [[Int]], [[Double]]) = (0, [], [])
        for number in counts {
            guard number >= 0, number <= features.count - start else {
                throw ModelError(
                    .malformed, "the features of the leaves of the \(block.name) are not as many as 'num_features=' says")
            }
            ownFeatures.append(Array(features[start..<start + number]))
            ownCoefficients.append(Array(coefficients[start..<start + number]))
            start += number
        }
        return LinearLeaves(
            constants: try block.numbers("leaf_const", count: count), features: ownFeatures, coefficients: ownCoefficients)
    }
}
