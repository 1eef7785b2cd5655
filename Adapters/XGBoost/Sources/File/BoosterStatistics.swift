import SeptumOperators

extension Booster {
    /// What training left at the splits, summed for each feature; none where the file keeps nothing.
    ///
    /// Source: https://github.com/dmlc/xgboost/blob/v3.2.0/include/xgboost/tree_model.h (RTreeNodeStat)
    var statistics: ForestStatistics {
        var sums = ForestStatistics()
        guard case .trees(let trees, _) = kind else { return sums }
        for tree in trees {
            guard let statistics = tree.statistics else { return ForestStatistics() }
            for node in 0..<tree.nodeCount where tree.left[node] != -1 && !tree.isDeleted(node) {
                sums.add(
                    feature: tree.feature[node], gain: Double(statistics.gain[node]), cover: Double(statistics.cover[node]))
            }
        }
        // A file that another program wrote says zero everywhere.
        return sums.cover.values.contains { $0 != 0 } ? sums : ForestStatistics()
    }
}
