import SeptumTensor

/// What a statistic is for each entry of its table, in float32.
///
/// Source: https://github.com/catboost/catboost/blob/v1.2.10/catboost/libs/model/static_ctr_provider.cpp (CalcCtrs),
/// https://github.com/catboost/catboost/blob/v1.2.10/catboost/libs/model/online_ctr.h (TModelCtr::Calc)
struct Statistic {
    private let feature: Ensemble.StatisticFeature
    private let table: Ensemble.StatisticTable
    /// Of a combination that is not in the table.
    let fallback: Float

    /// - Throws: `malformed` when the statistic asks for a class that the table does not have.
    init(_ feature: Ensemble.StatisticFeature, _ table: Ensemble.StatisticTable) throws(ModelError) {
        (self.feature, self.table) = (feature, table)
        switch feature.key.kind {
        case .borders, .buckets:
            guard table.width > 1, (0..<table.width).contains(feature.targetBorder) else {
                throw ModelError(
                    .malformed, "a statistic asks for class \(feature.targetBorder), its table has \(table.width) classes")
            }
            let sums = stride(from: 0, to: table.counts.count, by: table.width).map {
                table.counts[$0..<$0 + table.width].reduce(0, +)
            }
            guard sums.allSatisfy({ Int32(exactly: $0) != nil }) else {
                throw ModelError(.malformed, "the counts of a table of statistics add up to more than 32 bits")
            }
            fallback = Statistic.ratio(feature, 0, 0)
        case .binarizedMean, .mean: fallback = Statistic.ratio(feature, 0, 0)
        case .counter, .frequency: fallback = Statistic.ratio(feature, 0, Float(table.denominator))
        }
    }

    private static func ratio(_ feature: Ensemble.StatisticFeature, _ count: Float, _ total: Float) -> Float {
        let ratio = (count + feature.priorNumerator) / (total + feature.priorDenominator)
        return (ratio + feature.shift) * feature.scale
    }

    func value(_ entry: Int) -> Float {
        let counts = table.counts[entry * table.width..<(entry + 1) * table.width]
        let total = counts.reduce(0, +)
        switch feature.key.kind {
        case .borders:
            // Of two classes always the second; of more, those above the border.
            let first = table.width == 2 ? 1 : feature.targetBorder + 1
            return Statistic.ratio(feature, Float(counts.dropFirst(first).reduce(0, +)), Float(total))
        case .buckets:
            return Statistic.ratio(feature, Float(counts[counts.startIndex + feature.targetBorder]), Float(total))
        case .binarizedMean, .mean: return Statistic.ratio(feature, table.sums[entry], Float(total))
        case .counter, .frequency: return Statistic.ratio(feature, Float(total), Float(table.denominator))
        }
    }
}
