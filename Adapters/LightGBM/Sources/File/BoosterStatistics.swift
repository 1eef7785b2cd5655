import SeptumOperators
import SeptumTensor

/// What training left at the splits.
///
/// Source: https://github.com/microsoft/LightGBM/blob/v4.6.0/src/io/tree.cpp (ToString)
enum BoosterStatistics {
    /// Sums over the splits of each feature: gains, and numbers of samples.
    static func read(_ file: TextFile) throws(ModelError) -> ForestStatistics {
        var sums = ForestStatistics()
        for block in file.trees where block.has("split_gain") && block.has("internal_count") {
            let features = try block.integers("split_feature", count: nil)
            let gains = try block.numbers("split_gain", count: features.count, finite: false)
            let counts = try block.integers("internal_count", count: features.count)
            for split in features.indices {
                sums.add(feature: features[split], gain: gains[split], cover: Double(counts[split]))
            }
        }
        // A file that another program wrote says zero everywhere.
        return sums.cover.values.contains { $0 != 0 } ? sums : ForestStatistics()
    }
}
