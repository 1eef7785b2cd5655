import SeptumIR
import SeptumOperators
import SeptumPythonHost
import SeptumTensor

/// Classifiers whose scores sigmoids or isotonic regressions turn into probabilities, averaged over the folds they were fitted on.
///
/// Source: https://github.com/scikit-learn/scikit-learn/blob/1.7.0/sklearn/calibration.py (`_CalibratedClassifier.predict_proba`)
enum Calibration {
    /// `folds` is what the Python side makes of the calibrated classifiers.
    static let attributes = ["folds"]

    static func classifier(_ estimator: Estimator, _ x: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> [Output] {
        let classes = try estimator.classes()
        guard classes.count > 1 else { throw estimator.error("found one class", "classes_", code: .unsupported) }
        let folds = try estimator.list("folds")
        guard !folds.isEmpty else { throw estimator.error("there are no classifiers", "calibrated_classifiers_") }
        var terms: [Graph.ValueID] = []
        for (index, fold) in folds.enumerated() {
            let method = fold["method"]?.string ?? ""
            guard method == "sigmoid" || method == "isotonic" else {
                throw estimator.error("found '\(method)', expected sigmoid or isotonic", "method", code: .unsupported)
            }
            let member = try estimator.child(fold["estimator"] ?? .none, "calibrated_classifiers_[\(index)]")
            terms.append(try probabilities(fold, member, classes, x, &graph))
        }
        let count = try graph.addConstant(try Tensor([], [Double(folds.count)]))
        let mean = try graph.apply(Op.Div(), try Composition.sum(terms, &graph), count)
        return [("predict", try graph.label(ofLargest: mean, classes)), ("predict_proba", mean)]
    }

    /// Shape: [batch, features] -> [batch, classes].
    private static func probabilities(
        _ fold: PlainValue, _ member: Estimator, _ classes: Tensor, _ x: Graph.ValueID, _ graph: inout Graph
    ) throws(ModelError) -> Graph.ValueID {
        guard try Composition.places(of: try member.classes(), in: classes, member) == Array(0..<classes.count) else {
            throw member.error("it knows other classes than the ensemble", "classes_", code: .unsupported)
        }
        let columns = classes.count == 2 ? 1 : classes.count
        let outputs = try member.outputs(x, &graph)
        let scores: Graph.ValueID
        if let decision = outputs.first(where: { $0.name == "decision_function" }) {
            let axis = try graph.addConstant(try Tensor([1], [Int64(1)]))
            scores = columns == 1 ? try graph.apply(Op.Unsqueeze(), decision.value, axis) : decision.value
        } else if let all = outputs.first(where: { $0.name == "predict_proba" }) {
            scores = columns == 1 ? try graph.columns([1], of: all.value) : all.value
        } else {
            throw member.error("it gives neither decisions nor probabilities", code: .unsupported)
        }
        let isIsotonic = fold["method"]?.string == "isotonic"
        let each =
            isIsotonic
            ? try interpolated(fold, member, columns, scores, &graph) : try sigmoids(fold, member, columns, scores, &graph)
        let all = columns == 1 ? try graph.bothClasses(each) : try Linear.normalized(each, &graph)
        // Rounding may take an interpolation above 1.
        return isIsotonic ? try graph.apply(Op.Min(), all, try graph.addConstant(try Tensor([], [1.0]))) : all
    }

    private static func sigmoids(
        _ fold: PlainValue, _ member: Estimator, _ columns: Int, _ scores: Graph.ValueID, _ graph: inout Graph
    ) throws(ModelError) -> Graph.ValueID {
        let slopes = try member.array(fold["slopes"] ?? .none, "calibrators.a_")
        let offsets = try member.array(fold["offsets"] ?? .none, "calibrators.b_")
        guard slopes.shape == [columns], offsets.shape == [columns] else {
            throw member.error("found \(slopes.shape) slopes and \(offsets.shape) offsets, expected [\(columns)]", "calibrators")
        }
        let scaled = try graph.apply(Op.Mul(), scores, try graph.addConstant(slopes))
        let sum = try graph.apply(Op.Add(), scaled, try graph.addConstant(offsets))
        return try graph.apply(Op.Sigmoid(), try graph.apply(Op.Neg(), sum))
    }

    private static func interpolated(
        _ fold: PlainValue, _ member: Estimator, _ columns: Int, _ scores: Graph.ValueID, _ graph: inout Graph
    ) throws(ModelError) -> Graph.ValueID {
        let lines = fold["lines"]?.list ?? []
        guard lines.count == columns else {
            throw member.error("found \(lines.count) isotonic regressions, expected \(columns)", "calibrators")
        }
        var values: [Graph.ValueID] = []
        for (index, line) in lines.enumerated() {
            let line = try Interpolation(line, member)
            values.append(try line.build(try graph.columns([index], of: scores), &graph))
        }
        return try graph.joined(values)
    }
}
