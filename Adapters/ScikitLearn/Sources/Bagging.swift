import SeptumIR
import SeptumOperators
import SeptumPythonHost
import SeptumTensor

/// Means over estimators that were fitted on columns of their own, and isolation forests.
///
/// Source: https://github.com/scikit-learn/scikit-learn/blob/1.7.0/sklearn/ensemble/_bagging.py, with one job
enum Bagging {
    static let attributes = ["estimators_", "estimators_features_"]

    /// An estimator and the columns that it takes.
    private typealias Member = (estimator: Estimator, features: [Int])

    private static func members(_ estimator: Estimator) throws(ModelError) -> [Member] {
        let members = try Composition.members(estimator)
        let lists = try estimator.list("estimators_features_")
        guard lists.count == members.count else {
            throw estimator.error("found \(lists.count) lists for \(members.count) estimators", "estimators_features_")
        }
        let count = try estimator.featureCount()
        var result: [Member] = []
        for (member, list) in zip(members, lists) {
            guard let features = list.tensor?.integers, !features.isEmpty, features.allSatisfy((0..<count).contains) else {
                throw estimator.error("found \(list.kind), expected columns below \(count)", "estimators_features_")
            }
            result.append((member, features))
        }
        return result
    }

    private static func isTrees(_ members: [Member]) -> Bool {
        members.allSatisfy { $0.estimator.attributeIfPresent("tree_") != nil }
    }

    private static func forest(
        _ estimator: Estimator, width: Int, divisor: Int
    ) throws(ModelError) -> ForestBuilder {
        ForestBuilder(
            rules: Op.Forest.Rules(
                comparison: .lessOrEqual, featureType: .float32, accumulationType: .float64, divisor: divisor),
            thresholdType: .float64, featureCount: try estimator.featureCount(), outputCount: width, leafWidth: width)
    }

    private static func columns(_ member: Member, _ x: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> Graph.ValueID {
        try graph.columns(member.features, of: x)
    }

    /// The mean of terms, each a value of one member.
    private static func mean(_ terms: [Graph.ValueID], _ count: Int, _ graph: inout Graph) throws(ModelError) -> Graph.ValueID {
        let count = try graph.addConstant(try Tensor([], [Double(count)]))
        return try graph.apply(Op.Div(), try Composition.sum(terms, &graph), count)
    }

    static func regressor(_ estimator: Estimator, _ x: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> [Output] {
        let members = try members(estimator)
        guard isTrees(members) else {
            var terms: [Graph.ValueID] = []
            for member in members {
                terms.append(
                    try Composition.output("predict", of: member.estimator, try columns(member, x, &graph), &graph))
            }
            return [("predict", try mean(terms, members.count, &graph))]
        }
        let width = try TreeNodes(members[0].estimator).width
        var builder = try forest(estimator, width: width, divisor: members.count)
        for member in members {
            let nodes = try TreeNodes(member.estimator)
            guard nodes.width == width else { throw member.estimator.error("found \(nodes.width) targets", "tree_") }
            try nodes.add(to: &builder, features: member.features)
            try builder.endTree()
        }
        let scores = try graph.apply(try builder.forest(), x)
        return [("predict", width == 1 ? try graph.column(scores) : scores)]
    }

    /// Members know labels by their places among the classes.
    static func classifier(_ estimator: Estimator, _ x: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> [Output] {
        let classes = try estimator.classes()
        let members = try members(estimator)
        let numbers = try Tensor([classes.count], (0..<classes.count).map(Int64.init))
        var outputs: [Output] = []
        let probabilities: Graph.ValueID
        if isTrees(members) {
            var builder = try forest(estimator, width: classes.count, divisor: members.count)
            for member in members {
                let places = try Composition.places(of: try member.estimator.classes(), in: numbers, member.estimator)
                let nodes = try TreeNodes(member.estimator)
                guard nodes.width == places.count else {
                    throw member.estimator.error("found \(nodes.width) values for \(places.count) classes", "tree_")
                }
                try nodes.add(
                    to: &builder, features: member.features,
                    leaf: { node in
                        var result = [Double](repeating: 0, count: classes.count)
                        for (place, value) in zip(places, nodes.values(node)) { result[place] = value }
                        return result
                    })
                try builder.endTree()
            }
            probabilities = try graph.apply(try builder.forest(), x)
        } else {
            var (terms, decisions): ([Graph.ValueID], [Graph.ValueID]) = ([], [])
            for member in members {
                let found = try member.estimator.outputs(try columns(member, x, &graph), &graph)
                guard try member.estimator.classes().count == classes.count,
                    let term = found.first(where: { $0.name == "predict_proba" })
                else {
                    throw member.estimator.error(
                        "it gives no probabilities of all classes", code: .unsupported,
                        remedy: "only trees may have seen fewer classes than the ensemble")
                }
                terms.append(term.value)
                if let decision = found.first(where: { $0.name == "decision_function" }) { decisions.append(decision.value) }
            }
            probabilities = try mean(terms, members.count, &graph)
            if decisions.count == members.count {
                outputs.append(("decision_function", try mean(decisions, members.count, &graph)))
            }
        }
        return [("predict", try graph.label(ofLargest: probabilities, classes)), ("predict_proba", probabilities)] + outputs
    }

    // MARK: Isolation

    static let isolationAttributes = attributes + ["offset_"]

    /// Scores are `-2^(-depth / norm)`, the depth being the sum over trees of that of the leaf and what it stands for.
    ///
    /// Source: https://github.com/scikit-learn/scikit-learn/blob/1.7.0/sklearn/ensemble/_iforest.py (`_compute_score_samples`)
    static func isolation(_ estimator: Estimator, _ x: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> [Output] {
        let members = try members(estimator)
        let lists = try estimator.list("path_lengths")
        guard isTrees(members), lists.count == members.count, let norm = estimator.attributeIfPresent("path_norm")?.float else {
            throw estimator.error("found \(lists.count) lists of depths for \(members.count) trees", "estimators_")
        }
        var builder = try forest(estimator, width: 1, divisor: 1)
        for (member, list) in zip(members, lists) {
            let depths = try estimator.array(list, "path_lengths").array(of: Double.self)
            let nodes = try TreeNodes(member.estimator)
            guard depths.count == nodes.count else {
                throw member.estimator.error("found \(depths.count) depths of \(nodes.count) nodes", "tree_")
            }
            try nodes.add(to: &builder, features: member.features, leaf: { [depths[$0]] })
            try builder.endTree()
        }
        let depth = try graph.column(try graph.apply(try builder.forest(), x))
        let total = Double(members.count) * norm
        guard total > 0 else { throw estimator.error("it was fitted on one row", "max_samples", code: .unsupported) }
        let exponent = try graph.apply(Op.Div(), depth, try graph.addConstant(try Tensor([], [total])))
        let two = try graph.addConstant(try Tensor([], [2.0]))
        let score = try graph.apply(Op.Neg(), try graph.apply(Op.Pow(), two, try graph.apply(Op.Neg(), exponent)))
        let offset = try estimator.array("offset_")
        let decision = try graph.apply(Op.Sub(), score, try graph.addConstant(try offset.reshaped([])))
        let zero = try graph.addConstant(try Tensor([], [0.0]))
        let labels = try graph.apply(
            Op.Where(), try graph.apply(Op.Less(), decision, zero), try graph.addConstant(try Tensor([], [Int64(-1)])),
            try graph.addConstant(try Tensor([], [Int64(1)])))
        return [("predict", labels), ("decision_function", decision), ("score_samples", score)]
    }
}
