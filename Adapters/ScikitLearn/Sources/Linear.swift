import SeptumIR
import SeptumOperators
import SeptumPythonHost
import SeptumTensor

/// Linear models, in float64.
enum Linear {
    /// Shape: [batch, features] -> [batch, targets].
    private static func scores(
        _ estimator: Estimator, _ x: Graph.ValueID, _ graph: inout Graph
    ) throws(ModelError) -> (value: Graph.ValueID, targets: Int, isFlat: Bool) {
        let count = try estimator.featureCount()
        let coefficients = try estimator.array("coef_")
        let isFlat = coefficients.shape.count == 1
        guard isFlat || coefficients.shape.count == 2, coefficients.shape.last == count else {
            throw estimator.error("found shape \(coefficients.shape), expected [\(count)] or [targets, \(count)]", "coef_")
        }
        let targets = isFlat ? 1 : coefficients.shape[0]
        let weights = try coefficients.reshaped([targets, count]).transposed()
        let product = try graph.apply(Op.MatMul(), x, try graph.addConstant(weights))
        let intercept = try estimator.array("intercept_")
        guard intercept.count == 1 || intercept.shape == [targets] else {
            throw estimator.error("found shape \(intercept.shape), expected [\(targets)]", "intercept_")
        }
        let offset = try graph.addConstant(try intercept.reshaped([intercept.count]))
        return (try graph.apply(Op.Add(), product, offset), targets, isFlat)
    }

    static func regression(_ estimator: Estimator, _ x: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> [Output] {
        let scores = try scores(estimator, x, &graph)
        return [("predict", scores.isFlat ? try graph.column(scores.value) : scores.value)]
    }

    /// Source: https://github.com/scikit-learn/scikit-learn/blob/1.7.0/sklearn/linear_model/_logistic.py#L1397-L1450
    static func logistic(_ estimator: Estimator, _ x: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> [Output] {
        let classes = try estimator.classes()
        let scores = try scores(estimator, x, &graph)
        guard scores.targets == (classes.count == 2 ? 1 : classes.count), !scores.isFlat else {
            throw estimator.error("found \(scores.targets) rows for \(classes.count) classes", "coef_")
        }
        let isEachAgainstRest = try isEachAgainstRest(estimator, classes.count)
        guard classes.count == 2 else {
            let each = try graph.apply(Op.Sigmoid(), scores.value)
            let probabilities =
                isEachAgainstRest ? try normalized(each, &graph) : try graph.apply(Op.Softmax(axis: 1), scores.value)
            return [
                ("predict", try graph.label(ofLargest: scores.value, classes)), ("predict_proba", probabilities),
                ("decision_function", scores.value),
            ]
        }
        let decision = try graph.column(scores.value)
        let zero = try graph.addConstant(try Tensor([], [0.0]))
        let probabilities: Graph.ValueID
        if isEachAgainstRest {
            probabilities = try graph.bothClasses(try graph.apply(Op.Sigmoid(), scores.value))
        } else {
            let both = try graph.apply(Op.Concat(axis: 1), try graph.apply(Op.Neg(), scores.value), scores.value)
            probabilities = try graph.apply(Op.Softmax(axis: 1), both)
        }
        return [
            ("predict", try graph.label(where: try graph.apply(Op.Greater(), decision, zero), classes)),
            ("predict_proba", probabilities), ("decision_function", decision),
        ]
    }

    /// Versions without the parameter `multi_class` take the sigmoid for two classes and the softmax for more.
    private static func isEachAgainstRest(_ estimator: Estimator, _ classes: Int) throws(ModelError) -> Bool {
        guard let strategy = estimator.parameter("multi_class")?.string else { return classes == 2 }
        switch strategy {
        case "ovr": return true
        case "multinomial": return false
        case "auto", "deprecated": return classes == 2 || estimator.parameter("solver")?.string == "liblinear"
        default:
            throw estimator.error("found '\(strategy)', expected auto, ovr or multinomial", "multi_class", code: .unsupported)
        }
    }

    /// Each row divided by its sum; equal shares where the sum is zero.
    static func normalized(_ values: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> Graph.ValueID {
        let axis = try graph.addConstant(try Tensor([1], [1] as [Int64]))
        let zero = try graph.addConstant(try Tensor([], [0.0]))
        let one = try graph.addConstant(try Tensor([], [1.0]))
        let isEmpty = try graph.apply(Op.Equal(), try graph.apply(Op.ReduceSum(keepdims: true), values, axis), zero)
        let filled = try graph.apply(Op.Where(), isEmpty, one, values)
        return try graph.apply(Op.Div(), filled, try graph.apply(Op.ReduceSum(keepdims: true), filled, axis))
    }
}

extension Tensor {
    /// Shape: [rows, columns] -> [columns, rows]. Element types: float64.
    func transposed() throws(ModelError) -> Tensor {
        let (rows, columns) = (shape[0], shape[1])
        let source = try array(of: Double.self)
        return try Tensor([columns, rows]) { (target: UnsafeMutableBufferPointer<Double>) in
            for row in 0..<rows {
                for column in 0..<columns { target[column * rows + row] = source[row * columns + column] }
            }
        }
    }
}
