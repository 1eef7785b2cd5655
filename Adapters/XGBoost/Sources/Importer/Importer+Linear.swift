import SeptumIR
import SeptumOperators
import SeptumTensor

extension Importer {
    /// Each feature takes two nodes.
    private static let linearFeatureLimit = 4096

    /// `bias + base score`, then each feature times its weight in the order of the features, rounded to float32 at every step;
    /// missing features are left out. The first base score stands for every output.
    ///
    /// Source: https://github.com/dmlc/xgboost/blob/v3.2.0/src/gbm/gblinear.cc#L241-L270 and Pred
    func linear(
        _ weights: [Float], _ base: [Float], _ input: Graph.ValueID, _ graph: inout Graph
    ) throws(ModelError) -> Graph.ValueID {
        let (features, outputs) = (booster.featureCount, booster.outputCount)
        guard features <= Importer.linearFeatureLimit, weights.allSatisfy(\.isFinite) else {
            throw ModelError(
                .unsupported,
                "found a linear booster of \(features) features, expected at most \(Importer.linearFeatureLimit)"
                    + " with finite weights", attribute: "learner.gradient_booster")
        }
        let isMissing = try graph.apply(Op.IsNaN(), name: "missing", input)
        let zero = try graph.addConstant(try Tensor([], [Float(0)]), name: "nothing")
        let present = try graph.apply(Op.Where(), name: "present", isMissing, zero, input)
        let columns = try graph.append(
            Op.Split(axis: 1, partCount: features), name: "columns", inputs: [present],
            outputs: (0..<features).map { "column_\($0)" })
        let bias = weights[(features * outputs)...].map { $0 + base[0] }
        var sum = try graph.addConstant(try Tensor([1, outputs], bias), name: "bias")
        for (index, column) in columns.enumerated() {
            let row = Array(weights[index * outputs..<(index + 1) * outputs])
            let weight = try graph.addConstant(try Tensor([1, outputs], row), name: "weight_\(index)")
            sum = try graph.apply(
                Op.Add(), name: "add_\(index)", sum, try graph.apply(Op.Mul(), name: "times_\(index)", column, weight))
        }
        return sum
    }
}
