import SeptumTensor

/// What a model file says, JSON or binary, before it is given a meaning.
struct Ensemble {
    static let outputLimit = 1 << 16
    static let featureLimit = 1 << 24

    var outputCount = 1
    var numbers: [NumberFeature] = []
    var categories: [CategoryFeature] = []
    var oneHot: [OneHotFeature] = []
    var statistics: [StatisticFeature] = []
    var tables: [StatisticKey: StatisticTable] = [:]
    var trees: [Tree] = []
    /// Margins are `scale * sum + bias`, one bias an output, or none.
    var scale = 1.0
    var bias: [Double] = []
    /// `model_info`: values are text, which may be JSON.
    var information: [String: String] = [:]

    /// A column of numbers.
    struct NumberFeature {
        /// Its place among the numerical columns, and among all.
        var index: Int
        var flatIndex: Int
        var name: String
        var borders: [Float]
        /// Whether NaN exceeds every border.
        var missingExceeds: Bool
    }

    struct CategoryFeature {
        /// Its place among the columns of categories, and among all.
        var index: Int
        var flatIndex: Int
        var name: String
    }

    /// Hashes of a column's categories that splits ask for.
    struct OneHotFeature {
        var category: Int
        var hashes: [Int]
    }

    /// What is hashed to look up a statistic: categories, tests `number > border`, tests for a category's hash.
    struct Combination: Hashable {
        var categories: [Int] = []
        var tests: [NumberTest] = []
        var hashes: [CategoryTest] = []
    }

    struct NumberTest: Hashable {
        var number: Int
        var border: Float
    }

    struct CategoryTest: Hashable {
        var category: Int
        var hash: Int
    }

    /// The kinds of statistics, in the order of the binary form's numbers.
    ///
    /// Source: https://github.com/catboost/catboost/blob/v1.2.10/catboost/libs/model/flatbuffers/ctr_data.fbs (ECtrType)
    enum StatisticKind: String, CaseIterable {
        case borders = "Borders"
        case buckets = "Buckets"
        case binarizedMean = "BinarizedTargetMeanValue"
        case mean = "FloatTargetMeanValue"
        case counter = "Counter"
        case frequency = "FeatureFreq"
    }

    /// What tells one table of statistics from another.
    struct StatisticKey: Hashable {
        var combination: Combination
        var kind: StatisticKind
        /// Which division of the target into classes it counts.
        var targetClassifier = 0
    }

    /// A statistic of the target, by combination, that splits compare with borders.
    struct StatisticFeature {
        var key: StatisticKey
        var targetBorder: Int
        var priorNumerator: Float
        var priorDenominator: Float
        var shift: Float
        var scale: Float
        var borders: [Float]
    }

    /// What was counted for each combination, by its hash.
    struct StatisticTable {
        var hashes: [UInt64] = []
        /// For each hash a count of each class, a count, or the number of targets in `sums`.
        var counts: [Int] = []
        /// For means, the sum of targets for each hash.
        var sums: [Float] = []
        /// Counts for each hash.
        var width = 1
        var denominator = 0
    }

    /// One tree: splits by their number in `splits`, each either child of which is a node or a leaf.
    enum Tree {
        /// A test for each level; bit i of a leaf's place is the outcome of test i.
        case oblivious(splits: [Int], leaves: [Double])
        case general(root: Int, splits: [Split], leaves: [Leaf])
    }

    struct Split {
        var id: Int
        var split: Int
        var left: Int
        var right: Int
    }

    struct Leaf {
        var id: Int
        var label: Int
        var values: [Double]
    }
}
