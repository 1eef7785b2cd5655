import SeptumIR
import SeptumOperators
import SeptumPythonHost
import SeptumTensor

/// Estimators that vote or are averaged, and those whose results another estimator takes for features.
///
/// Source: https://github.com/scikit-learn/scikit-learn/blob/1.7.0/sklearn/ensemble/_voting.py,
/// https://github.com/scikit-learn/scikit-learn/blob/1.7.0/sklearn/ensemble/_stacking.py
enum Voting {
    static let attributes = ["estimators_", "member_weights"]
    static let stackingAttributes = ["estimators_", "final_estimator_", "stack_method_"]

    /// One weight for each estimator that was not dropped; nil when there are none.
    private static func weights(_ estimator: Estimator, _ count: Int) throws(ModelError) -> [Double]? {
        guard let value = estimator.attributeIfPresent("member_weights"), !value.isNone else { return nil }
        let weights = try estimator.array(value, "weights").array(of: Double.self)
        guard weights.count == count else {
            throw estimator.error("found \(weights.count) weights for \(count) estimators", "weights")
        }
        return weights
    }

    /// The mean of terms, or what weights make of it, in the order of `numpy.average`.
    private static func average(
        _ terms: [Graph.ValueID], _ weights: [Double]?, _ graph: inout Graph
    ) throws(ModelError) -> Graph.ValueID {
        var weighted = terms
        if let weights {
            for (index, weight) in weights.enumerated() {
                weighted[index] = try graph.apply(Op.Mul(), terms[index], try graph.addConstant(try Tensor([], [weight])))
            }
        }
        let total = weights.map { $0.reduce(0, +) } ?? Double(terms.count)
        let sum = try Composition.sum(weighted, &graph)
        return try graph.apply(Op.Div(), sum, try graph.addConstant(try Tensor([], [total])))
    }

    static func regressor(_ estimator: Estimator, _ x: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> [Output] {
        let members = try Composition.members(estimator)
        let axis = try graph.addConstant(try Tensor([1], [Int64(1)]))
        var (terms, columns): ([Graph.ValueID], [Graph.ValueID]) = ([], [])
        for member in members {
            terms.append(try Composition.output("predict", of: member, x, &graph))
            columns.append(try graph.apply(Op.Unsqueeze(), terms[terms.count - 1], axis))
        }
        return [
            ("predict", try average(terms, try weights(estimator, members.count), &graph)),
            ("transform", try graph.joined(columns)),
        ]
    }

    /// Members know labels by their places among the classes.
    static func classifier(_ estimator: Estimator, _ x: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> [Output] {
        let classes = try estimator.classes()
        let members = try Composition.members(estimator)
        let weights = try weights(estimator, members.count)
        let voting = try estimator.string("voting")
        switch voting {
        case "soft":
            var terms: [Graph.ValueID] = []
            for member in members {
                guard try member.classes().count == classes.count else {
                    throw member.error("it knows other classes than the ensemble", "classes_")
                }
                terms.append(try Composition.output("predict_proba", of: member, x, &graph))
            }
            guard try estimator.bool("flatten_transform") else {
                throw estimator.error("found False, expected True", "flatten_transform", code: .unsupported)
            }
            let probabilities = try average(terms, weights, &graph)
            return [
                ("predict", try graph.label(ofLargest: probabilities, classes)), ("predict_proba", probabilities),
                ("transform", try graph.joined(terms)),
            ]
        case "hard":
            let axis = try graph.addConstant(try Tensor([1], [Int64(1)]))
            let places = try graph.addConstant(try Tensor([1, classes.count], (0..<classes.count).map(Int64.init)))
            let zero = try graph.addConstant(try Tensor([], [0.0]))
            var (votes, columns): ([Graph.ValueID], [Graph.ValueID]) = ([], [])
            for (index, member) in members.enumerated() {
                let label = try graph.apply(Op.Unsqueeze(), try Composition.output("predict", of: member, x, &graph), axis)
                columns.append(label)
                let weight = try graph.addConstant(try Tensor([], [weights?[index] ?? 1]))
                votes.append(
                    try graph.apply(Op.Where(), try graph.apply(Op.Equal(), label, places), weight, zero))
            }
            let counts = try Composition.sum(votes, &graph)
            return [("predict", try graph.label(ofLargest: counts, classes)), ("transform", try graph.joined(columns))]
        default: throw estimator.error("found '\(voting)', expected soft or hard", "voting", code: .unsupported)
        }
    }

    // MARK: Stacking

    /// Shape: [batch, features] -> [batch, results of all members].
    private static func results(
        _ estimator: Estimator, classes: Int?, _ x: Graph.ValueID, _ graph: inout Graph
    ) throws(ModelError) -> Graph.ValueID {
        let members = try Composition.members(estimator)
        let methods = try estimator.list("stack_method_").compactMap(\.string)
        guard methods.count == members.count else {
            throw estimator.error("found \(methods.count) methods for \(members.count) estimators", "stack_method_")
        }
        let axis = try graph.addConstant(try Tensor([1], [Int64(1)]))
        var parts: [Graph.ValueID] = []
        for (member, method) in zip(members, methods) {
            var result = try Composition.output(method, of: member, x, &graph)
            if graph.type(result).tensor?.shape?.count == 1 {
                result = try graph.apply(Op.Unsqueeze(), result, axis)
            } else if method == "predict_proba", classes == 2 {
                result = try graph.columns([1], of: result)
            }
            let isWide = graph.type(result).tensor?.elementType == .float64
            parts.append(isWide ? result : try graph.apply(Op.Cast(to: .float64), result))
        }
        if try estimator.bool("passthrough") { parts.append(x) }
        return try graph.joined(parts)
    }

    private static func last(_ estimator: Estimator) throws(ModelError) -> Estimator {
        try estimator.child(try estimator.attribute("final_estimator_"), "final_estimator_")
    }

    static func stackedRegressor(
        _ estimator: Estimator, _ x: Graph.ValueID, _ graph: inout Graph
    ) throws(ModelError) -> [Output] {
        let results = try results(estimator, classes: nil, x, &graph)
        return [
            ("predict", try Composition.output("predict", of: try last(estimator), results, &graph)), ("transform", results),
        ]
    }

    static func stackedClassifier(
        _ estimator: Estimator, _ x: Graph.ValueID, _ graph: inout Graph
    ) throws(ModelError) -> [Output] {
        let classes = try estimator.classes()
        let results = try results(estimator, classes: classes.count, x, &graph)
        let last = try last(estimator)
        let numbers = try Tensor([classes.count], (0..<classes.count).map(Int64.init))
        guard try Composition.places(of: try last.classes(), in: numbers, last) == Array(0..<classes.count) else {
            throw last.error("it knows other classes than the ensemble", "classes_")
        }
        var outputs: [Output] = []
        for output in try last.outputs(results, &graph) where output.name != "transform" {
            guard output.name == "predict" else {
                outputs.append(output)
                continue
            }
            outputs.append(("predict", try graph.apply(Op.Gather(axis: 0), try graph.addConstant(classes), output.value)))
        }
        return outputs + [("transform", results)]
    }
}
