import SeptumIR
import SeptumOperators
import SeptumPythonHost
import SeptumTensor

/// Multi-layer perceptrons, in float64 whatever they were fitted in, as scikit-learn does for float64 data.
///
/// Source: https://github.com/scikit-learn/scikit-learn/blob/1.7.0/sklearn/neural_network/_multilayer_perceptron.py#L191
enum Perceptron {
    static let attributes = ["coefs_", "intercepts_", "out_activation_"]

    private static let activations: [String: any Operator] = [
        "identity": Op.Identity(), "logistic": Op.Sigmoid(), "tanh": Op.Tanh(), "relu": Op.Relu(), "exp": Op.Exp(),
        "softmax": Op.Softmax(axis: 1),
    ]

    private static func activate(
        _ value: Graph.ValueID, _ name: String, _ estimator: Estimator, _ graph: inout Graph
    ) throws(ModelError) -> Graph.ValueID {
        guard let activation = activations[name] else {
            throw estimator.error("unknown activation '\(name)'", "activation", code: .unsupported)
        }
        return activation is Op.Identity ? value : try graph.apply(activation, value)
    }

    /// Shape: [batch, features] -> [batch, outputs].
    private static func layers(
        _ estimator: Estimator, _ x: Graph.ValueID, _ graph: inout Graph
    ) throws(ModelError) -> (value: Graph.ValueID, count: Int) {
        let weights = try estimator.list("coefs_")
        let biases = try estimator.list("intercepts_")
        guard !weights.isEmpty, weights.count == biases.count else {
            throw estimator.error("found \(weights.count) matrices and \(biases.count) intercepts", "coefs_")
        }
        var count = try estimator.featureCount()
        var value = x
        for (index, (matrix, bias)) in zip(weights, biases).enumerated() {
            let matrix = try estimator.array(matrix, "coefs_")
            let bias = try estimator.array(bias, "intercepts_")
            guard matrix.shape.count == 2, matrix.shape[0] == count, bias.shape == [matrix.shape[1]] else {
                throw estimator.error("layer \(index): found shape \(matrix.shape) and intercept \(bias.shape)", "coefs_")
            }
            let product = try graph.apply(Op.MatMul(), value, try graph.addConstant(matrix))
            let sum = try graph.apply(Op.Add(), product, try graph.addConstant(bias))
            let isLast = index == weights.count - 1
            let activation = isLast ? try estimator.text("out_activation_") : try estimator.string("activation")
            value = try activate(sum, activation, estimator, &graph)
            count = matrix.shape[1]
        }
        return (value, count)
    }

    static func regressor(_ estimator: Estimator, _ x: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> [Output] {
        let result = try layers(estimator, x, &graph)
        return [("predict", result.count == 1 ? try graph.column(result.value) : result.value)]
    }

    static func classifier(_ estimator: Estimator, _ x: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> [Output] {
        let classes = try estimator.classes()
        let result = try layers(estimator, x, &graph)
        if result.count == 1, classes.count == 2 {
            let half = try graph.addConstant(try Tensor([], [0.5]))
            let holds = try graph.apply(Op.Greater(), try graph.column(result.value), half)
            return [
                ("predict", try graph.label(where: holds, classes)), ("predict_proba", try graph.bothClasses(result.value)),
            ]
        }
        guard result.count == classes.count, try estimator.text("out_activation_") == "softmax" else {
            throw estimator.error(
                "found \(result.count) outputs for \(classes.count) classes", "classes_", code: .unsupported,
                remedy: "classifiers of several labels at once are not supported")
        }
        return [("predict", try graph.label(ofLargest: result.value, classes)), ("predict_proba", result.value)]
    }
}
