import SeptumOperators
import SeptumTensor

/// What training left at the splits of a JSON or UBJSON file.
///
/// Source: https://github.com/dmlc/xgboost/blob/v3.2.0/include/xgboost/tree_model.h (RTreeNodeStat)
enum BoosterStatistics {
    /// Sums over the splits of each feature; none where the file has no trees or no statistics.
    static func read(_ file: Field) throws(ModelError) -> ForestStatistics {
        var sums = ForestStatistics()
        let booster = try file.member("learner").member("gradient_booster")
        let holder = try booster.optional("gbtree") ?? booster
        guard let trees = try holder.member("model").optional("trees") else { return sums }
        for tree in try trees.elements() {
            guard let gains = try tree.optional("loss_changes")?.floats(), let covers = try tree.optional("sum_hessian")?.floats()
            else { return ForestStatistics() }
            let left = try tree.member("left_children").integers(count: gains.count)
            let features = try tree.member("split_indices").integers(count: gains.count)
            guard covers.count == gains.count else { return ForestStatistics() }
            for node in left.indices where left[node] != -1 && features[node] != BoosterTree.deletedFeature {
                sums.add(feature: features[node], gain: Double(gains[node]), cover: Double(covers[node]))
            }
        }
        // A file that another program wrote says zero everywhere.
        return sums.cover.values.contains { $0 != 0 } ? sums : ForestStatistics()
    }
}
