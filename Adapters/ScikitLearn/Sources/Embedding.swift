import SeptumIR
import SeptumOperators
import SeptumPythonHost
import SeptumTensor

/// Random trees that turn a row into the leaves that it reaches, a column of 0 and 1 for each leaf.
///
/// Source: https://github.com/scikit-learn/scikit-learn/blob/1.7.0/sklearn/ensemble/_forest.py (`RandomTreesEmbedding.transform`)
enum Embedding {
    /// `leaves` is what the Python side makes of the encoder: the leaves of each tree, in the order of their columns.
    static let attributes = ["estimators_", "leaves"]

    static func transformer(_ estimator: Estimator, _ x: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> [Output] {
        let trees = try Composition.members(estimator)
        let lists = try estimator.list("leaves")
        guard lists.count == trees.count else {
            throw estimator.error("found \(lists.count) lists of leaves for \(trees.count) trees", "one_hot_encoder_")
        }
        var builder = ForestBuilder(
            rules: Op.Forest.Rules(comparison: .lessOrEqual, featureType: .float32, accumulationType: .float64),
            thresholdType: .float64, featureCount: try estimator.featureCount(), outputCount: 1)
        var (owners, leaves): ([Int], [Int64]) = ([], [])
        for (index, (tree, list)) in zip(trees, lists).enumerated() {
            guard let own = list.tensor?.integers else {
                throw estimator.error("found \(list.kind), expected numbers of leaves", "one_hot_encoder_")
            }
            owners += own.map { _ in index }
            leaves += own.map(Int64.init)
            try TreeNodes(tree).add(to: &builder, leaf: { _ in [0] })
            try builder.endTree()
        }
        guard !owners.isEmpty else { throw estimator.error("there are no leaves", "one_hot_encoder_") }
        let name = graph.freshName("leaves")
        guard let reached = try graph.append(try builder.forest(), inputs: [x], outputs: [nil, name]).first else {
            throw estimator.error("there are no leaves", "estimators_")
        }
        let all = try graph.addConstant(try Tensor([1, leaves.count], leaves))
        let holds = try graph.apply(Op.Equal(), try graph.columns(owners, of: reached), all)
        return [("transform", try graph.apply(Op.Cast(to: .float64), holds))]
    }
}
