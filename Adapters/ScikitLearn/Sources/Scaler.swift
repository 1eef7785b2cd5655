import SeptumIR
import SeptumOperators
import SeptumPythonHost
import SeptumTensor

/// Scalers, each column for itself, in the order of scikit-learn's own in-place operations.
///
/// Source: https://github.com/scikit-learn/scikit-learn/blob/1.7.0/sklearn/preprocessing/_data.py
enum Scaler {
    static func standard(_ estimator: Estimator, _ x: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> [Output] {
        try shifted(estimator, by: ("with_mean", "mean_"), over: ("with_std", "scale_"), x, &graph)
    }

    static func robust(_ estimator: Estimator, _ x: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> [Output] {
        try shifted(estimator, by: ("with_centering", "center_"), over: ("with_scaling", "scale_"), x, &graph)
    }

    private static func shifted(
        _ estimator: Estimator, by centre: (flag: String, values: String), over scale: (flag: String, values: String),
        _ x: Graph.ValueID, _ graph: inout Graph
    ) throws(ModelError) -> [Output] {
        let count = try estimator.featureCount()
        var result = x
        if try estimator.bool(centre.flag) {
            result = try graph.apply(Op.Sub(), result, try graph.addConstant(try estimator.row(centre.values, count)))
        }
        if try estimator.bool(scale.flag) {
            result = try graph.apply(Op.Div(), result, try graph.addConstant(try estimator.row(scale.values, count)))
        }
        return [("transform", result)]
    }

    static func minMax(_ estimator: Estimator, _ x: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> [Output] {
        let count = try estimator.featureCount()
        let scaled = try graph.apply(Op.Mul(), x, try graph.addConstant(try estimator.row("scale_", count)))
        var result = try graph.apply(Op.Add(), scaled, try graph.addConstant(try estimator.row("min_", count)))
        if try estimator.bool("clip") {
            guard let range = estimator.parameter("feature_range")?.list?.compactMap(\.float), range.count == 2 else {
                throw estimator.error("expected two numbers", "feature_range")
            }
            let bounds = (try graph.addConstant(try Tensor([], [range[0]])), try graph.addConstant(try Tensor([], [range[1]])))
            result = try graph.apply(Op.Clip(), result, bounds.0, bounds.1)
        }
        return [("transform", result)]
    }
}
