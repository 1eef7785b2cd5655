import SeptumIR
import SeptumOperators
import SeptumPythonHost
import SeptumTensor

/// AdaBoost: votes of classifiers, the weighted median of regressors.
///
/// Source: https://github.com/scikit-learn/scikit-learn/blob/1.7.0/sklearn/ensemble/_weight_boosting.py
enum Boosting {
    static let attributes = ["estimators_", "estimator_weights_"]

    private static func members(_ estimator: Estimator) throws(ModelError) -> (members: [Estimator], weights: [Double]) {
        let members = try Composition.members(estimator)
        let weights = try estimator.array("estimator_weights_").array(of: Double.self)
        guard weights.count >= members.count else {
            throw estimator.error("found \(weights.count) weights for \(members.count) estimators", "estimator_weights_")
        }
        return (members, Array(weights.prefix(members.count)))
    }

    // MARK: Classifiers

    static func classifier(_ estimator: Estimator, _ x: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> [Output] {
        let classes = try estimator.classes()
        guard classes.count > 1 else { throw estimator.error("found one class", "classes_", code: .unsupported) }
        let algorithm = estimator.parameter("algorithm")?.string ?? "SAMME"
        let votes: Graph.ValueID
        switch algorithm {
        case "SAMME", "deprecated": votes = try samme(estimator, classes, x, &graph)
        case "SAMME.R": votes = try real(estimator, classes.count, x, &graph)
        default: throw estimator.error("found '\(algorithm)', expected SAMME or SAMME.R", "algorithm", code: .unsupported)
        }
        guard let total = estimator.attributeIfPresent("weight_sum")?.float else {
            throw estimator.error("there is no sum of weights", "estimator_weights_")
        }
        let scores = try graph.apply(Op.Div(), votes, try graph.addConstant(try Tensor([], [total])))
        guard classes.count == 2 else {
            let factor = try graph.addConstant(try Tensor([], [Double(classes.count - 1)]))
            let scaled = try graph.apply(Op.Div(), scores, factor)
            return [
                ("predict", try graph.label(ofLargest: scores, classes)),
                ("predict_proba", try graph.apply(Op.Softmax(axis: 1), scaled)), ("decision_function", scores),
            ]
        }
        let second = try graph.columns([1], of: scores)
        let decision = try graph.apply(Op.Sub(), second, try graph.columns([0], of: scores))
        let flat = try graph.column(decision)
        let both = try graph.apply(Op.Concat(axis: 1), try graph.apply(Op.Neg(), decision), decision)
        let halves = try graph.apply(Op.Div(), both, try graph.addConstant(try Tensor([], [2.0])))
        let holds = try graph.apply(Op.Greater(), flat, try graph.addConstant(try Tensor([], [0.0])))
        return [
            ("predict", try graph.label(where: holds, classes)),
            ("predict_proba", try graph.apply(Op.Softmax(axis: 1), halves)), ("decision_function", flat),
        ]
    }

    /// Shape: [batch, features] -> [batch, classes]. What a vote adds: its weight for its class, for others a share of it with
    /// the other sign, up to scikit-learn 1.2 nothing.
    private static func votes(_ estimator: Estimator, _ weight: Double, _ classes: Int) throws(ModelError) -> (
        own: Double, other: Double
    ) {
        guard let isBalanced = estimator.attributeIfPresent("balanced")?.bool else {
            throw estimator.error("it is not known what votes count", "estimator_weights_")
        }
        return (weight, isBalanced ? -1 / Double(classes - 1) * weight : 0)
    }

    /// Sums start from zero, estimator after estimator.
    private static func samme(
        _ estimator: Estimator, _ classes: Tensor, _ x: Graph.ValueID, _ graph: inout Graph
    ) throws(ModelError) -> Graph.ValueID {
        let (members, weights) = try members(estimator)
        guard members.allSatisfy({ $0.attributeIfPresent("tree_") != nil }) else {
            return try sammeOfAny(estimator, classes, x, &graph)
        }
        var builder = ForestBuilder(
            rules: Op.Forest.Rules(comparison: .lessOrEqual, featureType: .float32, accumulationType: .float64),
            thresholdType: .float64, featureCount: try estimator.featureCount(), outputCount: classes.count,
            leafWidth: classes.count)
        for (member, weight) in zip(members, weights) {
            let places = try Composition.places(of: try member.classes(), in: classes, member)
            let nodes = try TreeNodes(member)
            guard nodes.width == places.count else {
                throw member.error("found leaves of \(nodes.width) values for \(places.count) classes", "tree_")
            }
            let (own, other) = try votes(estimator, weight, classes.count)
            try nodes.add(
                to: &builder,
                leaf: { node in
                    var result = [Double](repeating: other, count: classes.count)
                    let values = nodes.values(node)
                    // The first of the largest values.
                    var best = values.startIndex
                    for index in values.indices where values[index] > values[best] { best = index }
                    result[places[best - values.startIndex]] = own
                    return result
                })
            try builder.endTree()
        }
        return try graph.apply(try builder.forest(), x)
    }

    private static func sammeOfAny(
        _ estimator: Estimator, _ classes: Tensor, _ x: Graph.ValueID, _ graph: inout Graph
    ) throws(ModelError) -> Graph.ValueID {
        let (members, weights) = try members(estimator)
        let row = try graph.addConstant(try classes.reshaped([1, classes.count]))
        let axis = try graph.addConstant(try Tensor([1], [Int64(1)]))
        var terms: [Graph.ValueID] = []
        for (member, weight) in zip(members, weights) {
            let label = try graph.apply(Op.Unsqueeze(), try Composition.output("predict", of: member, x, &graph), axis)
            let (own, other) = try votes(estimator, weight, classes.count)
            terms.append(
                try graph.apply(
                    Op.Where(), try graph.apply(Op.Equal(), label, row), try graph.addConstant(try Tensor([], [own])),
                    try graph.addConstant(try Tensor([], [other]))))
        }
        return try Composition.sum(terms, &graph)
    }

    /// Shape: [batch, features] -> [batch, classes]. Centred logarithms of probabilities.
    private static func real(
        _ estimator: Estimator, _ classes: Int, _ x: Graph.ValueID, _ graph: inout Graph
    ) throws(ModelError) -> Graph.ValueID {
        let least = try graph.addConstant(try Tensor([], [Double.ulpOfOne]))
        let axis = try graph.addConstant(try Tensor([1], [Int64(1)]))
        let share = try graph.addConstant(try Tensor([], [1 / Double(classes)]))
        let factor = try graph.addConstant(try Tensor([], [Double(classes - 1)]))
        var terms: [Graph.ValueID] = []
        for member in try members(estimator).members {
            guard try member.classes().count == classes else {
                throw member.error("it knows other classes than the ensemble", "classes_", code: .unsupported)
            }
            let probability = try Composition.output("predict_proba", of: member, x, &graph)
            let logarithm = try graph.apply(Op.Log(), try graph.apply(Op.Max(), probability, least))
            let sum = try graph.apply(Op.ReduceSum(keepdims: true), logarithm, axis)
            let centred = try graph.apply(Op.Sub(), logarithm, try graph.apply(Op.Mul(), share, sum))
            terms.append(try graph.apply(Op.Mul(), factor, centred))
        }
        return try Composition.sum(terms, &graph)
    }

    // MARK: Regressors

    /// The prediction at which the weights, in the order of predictions, reach half of their sum.
    static func regressor(_ estimator: Estimator, _ x: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> [Output] {
        let (members, weights) = try members(estimator)
        let predictions = try separate(estimator, members, x, &graph)
        let count = try graph.addConstant(try Tensor([1], [Int64(members.count)]))
        let sorted = try graph.append(
            Op.TopK(axis: 1, takesLargest: false), inputs: [predictions, count], outputs: ["ascending", "order"])
        guard sorted.count == 2 else { throw estimator.error("predictions cannot be sorted") }
        let axis = try graph.addConstant(try Tensor([], [Int64(1)]))
        let ordered = try graph.apply(
            Op.Gather(axis: 0), try graph.addConstant(try Tensor([weights.count], weights)), sorted[1])
        let sums = try graph.apply(Op.CumSum(exclusive: false, reverse: false), ordered, axis)
        let half = try graph.apply(
            Op.Mul(), try graph.addConstant(try Tensor([], [0.5])), try graph.columns([members.count - 1], of: sums))
        let reached = try graph.apply(Op.Cast(to: .int64), try graph.apply(Op.GreaterOrEqual(), sums, half))
        let place = try graph.apply(Op.ArgMax(axis: 1, keepdims: true), reached)
        return [("predict", try graph.column(try graph.apply(Op.GatherElements(axis: 1), sorted[0], place)))]
    }

    /// Shape: [batch, features] -> [batch, estimators].
    private static func separate(
        _ estimator: Estimator, _ members: [Estimator], _ x: Graph.ValueID, _ graph: inout Graph
    ) throws(ModelError) -> Graph.ValueID {
        let axis = try graph.addConstant(try Tensor([1], [Int64(1)]))
        guard members.allSatisfy({ $0.attributeIfPresent("tree_") != nil }) else {
            var columns: [Graph.ValueID] = []
            for member in members {
                columns.append(try graph.apply(Op.Unsqueeze(), try Composition.output("predict", of: member, x, &graph), axis))
            }
            return try graph.joined(columns)
        }
        var builder = ForestBuilder(
            rules: Op.Forest.Rules(comparison: .lessOrEqual, featureType: .float32, accumulationType: .float64),
            thresholdType: .float64, featureCount: try estimator.featureCount(), outputCount: members.count)
        for (index, member) in members.enumerated() {
            try TreeNodes(member).add(to: &builder)
            try builder.endTree(output: index)
        }
        // A leaf is returned as it is: adding it to -0 keeps the sign of a zero.
        return try graph.apply(try builder.forest(baseScore: [Double](repeating: -0.0, count: members.count)), x)
    }
}
