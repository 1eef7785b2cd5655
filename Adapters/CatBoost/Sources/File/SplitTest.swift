/// What a split asks; values that pass go right.
enum SplitTest {
    /// Whether the value of number feature `feature` exceeds the border.
    case number(feature: Int, border: Float)
    /// Whether the category of one-hot feature `feature` has its hash number `value`.
    case category(feature: Int, value: Int)
    /// Whether statistic `feature` exceeds the border.
    case statistic(feature: Int, border: Float)

    /// All tests by their number: numbers, hashes of categories, statistics, each feature's in their order.
    ///
    /// Source: https://github.com/catboost/catboost/blob/v1.2.10/catboost/libs/model/model.cpp (CalcBinFeatures)
    static func all(of ensemble: Ensemble) -> [SplitTest] {
        var tests: [SplitTest] = []
        for (index, feature) in ensemble.numbers.enumerated() {
            tests += feature.borders.map { .number(feature: index, border: $0) }
        }
        for (index, feature) in ensemble.oneHot.enumerated() {
            tests += feature.hashes.indices.map { .category(feature: index, value: $0) }
        }
        for (index, feature) in ensemble.statistics.enumerated() {
            tests += feature.borders.map { .statistic(feature: index, border: $0) }
        }
        return tests
    }
}
