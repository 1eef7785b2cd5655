import SeptumIR
import SeptumOperators
import SeptumPythonHost
import SeptumTensor

/// Decision trees, forests of them, and gradient boosting.
///
/// Source: https://github.com/scikit-learn/scikit-learn/blob/1.7.0/sklearn/tree/_tree.pyx#L1000 (`Tree._apply_dense`),
/// https://github.com/scikit-learn/scikit-learn/blob/1.7.0/sklearn/ensemble/_forest.py#L697 (`_accumulate_prediction`),
/// https://github.com/scikit-learn/scikit-learn/blob/1.7.0/sklearn/ensemble/_gb.py#L938 (`_raw_predict`)
enum Trees {
    static let attributes = ["tree_", "n_outputs_"]
    static let forestAttributes = ["estimators_", "n_outputs_"]
    static let boostingAttributes = ["estimators_", "init_"]

    // MARK: Trees and forests

    static func classifier(_ estimator: Estimator, _ x: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> [Output] {
        let lists = try estimator.classLists()
        guard lists.count == 1, let classes = lists.first else { return try classifier(estimator, lists, x, &graph) }
        let scores = try forest(estimator, width: classes.count, x, &graph)
        return [("predict", try graph.label(ofLargest: scores, classes)), ("predict_proba", scores)]
    }

    /// Several outputs: leaves hold as many values for each as the output with most classes has.
    private static func classifier(
        _ estimator: Estimator, _ lists: [Tensor], _ x: Graph.ValueID, _ graph: inout Graph
    ) throws(ModelError) -> [Output] {
        let width = lists.map(\.count).max() ?? 0
        guard width > 0, Set(lists.map(\.elementType)).count == 1 else {
            throw estimator.error("found labels of several kinds, or none", "classes_", code: .unsupported)
        }
        let scores = try forest(estimator, width: lists.count * width, x, &graph)
        let axis = try graph.addConstant(try Tensor([1], [Int64(1)]))
        var labels: [Graph.ValueID] = []
        var outputs: [Output] = []
        for (index, classes) in lists.enumerated() {
            let own = try graph.columns(Array(index * width..<index * width + classes.count), of: scores)
            outputs.append(("predict_proba_\(index)", own))
            labels.append(try graph.apply(Op.Unsqueeze(), try graph.label(ofLargest: own, classes), axis))
        }
        return [("predict", try graph.joined(labels))] + outputs
    }

    static func regressor(_ estimator: Estimator, _ x: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> [Output] {
        let targets = try estimator.integer("n_outputs_")
        guard targets > 0 else { throw estimator.error("found \(targets), expected a positive number", "n_outputs_") }
        let scores = try forest(estimator, width: targets, x, &graph)
        return [("predict", targets == 1 ? try graph.column(scores) : scores)]
    }

    /// Shape: [batch, features] -> [batch, width]. The mean of all leaves.
    private static func forest(
        _ estimator: Estimator, width: Int, _ x: Graph.ValueID, _ graph: inout Graph
    ) throws(ModelError) -> Graph.ValueID {
        var trees: [Estimator] = []
        let isSingle = estimator.attributeIfPresent("tree_") != nil
        if isSingle {
            trees = [estimator]
        } else {
            for tree in try estimator.list("estimators_") {
                trees.append(try estimator.child(tree, "estimators_[\(trees.count)]"))
            }
        }
        guard !trees.isEmpty else { throw estimator.error("there are no trees", "estimators_") }
        let count = try estimator.featureCount()
        let rules = Op.Forest.Rules(
            comparison: .lessOrEqual, featureType: .float32, accumulationType: .float64, divisor: trees.count)
        var builder = ForestBuilder(
            rules: rules, thresholdType: .float64, featureCount: count, outputCount: width, leafWidth: width)
        for tree in trees {
            try add(tree, width, to: &builder) { .nan(goesLeft: $0) }
            try builder.endTree()
        }
        // A single tree's leaf is returned as it is: adding it to -0 keeps the sign of a zero.
        let base = isSingle ? [Double](repeating: -0.0, count: width) : nil
        return try graph.apply(try builder.forest(baseScore: base), x)
    }

    /// Adds the nodes of one tree; `missing` tells what NaN does from whether it goes left.
    private static func add(
        _ estimator: Estimator, _ width: Int, to builder: inout ForestBuilder, missing: (Bool) -> ForestBuilder.Missing
    ) throws(ModelError) {
        let nodes = try TreeNodes(estimator)
        guard nodes.width == width else {
            throw estimator.error("found leaves of \(nodes.width) values, expected \(width)", "tree_")
        }
        try nodes.add(to: &builder, missing: missing)
    }

    // MARK: Gradient boosting

    /// Shape: [batch, features] -> [batch, outputs]. The raw prediction.
    private static func boosted(
        _ estimator: Estimator, isClassifier: Bool, outputs: Int, _ x: Graph.ValueID, _ graph: inout Graph
    ) throws(ModelError) -> Graph.ValueID {
        let isConstant = estimator.attributeIfPresent("raw_init") != nil
        let base = isConstant ? try estimator.row("raw_init", outputs).array(of: Double.self) : nil
        let rate = try estimator.float("learning_rate")
        let rules = Op.Forest.Rules(comparison: .lessOrEqual, featureType: .float32, accumulationType: .float64)
        var builder = ForestBuilder(
            rules: rules, thresholdType: .float64, featureCount: try estimator.featureCount(), outputCount: outputs)
        for (stage, row) in try estimator.list("estimators_").enumerated() {
            guard let trees = row.list, trees.count == outputs else {
                throw estimator.error("stage \(stage): found \(row.kind), expected \(outputs) trees", "estimators_")
            }
            for (output, tree) in trees.enumerated() {
                // Boosting compares NaN like any number, and it fails every comparison.
                try add(try estimator.child(tree, "estimators_[\(stage)]"), 1, to: &builder) { _ in .nan(goesLeft: false) }
                try builder.endTree(output: output, weight: rate)
            }
        }
        let sums = try graph.apply(try builder.forest(baseScore: base), x)
        guard !isConstant else { return sums }
        let start = try Start.scores(estimator, isClassifier: isClassifier, outputs: outputs, x, &graph)
        return try graph.apply(Op.Add(), start, sums)
    }

    static func boostedRegressor(
        _ estimator: Estimator, _ x: Graph.ValueID, _ graph: inout Graph
    ) throws(ModelError) -> [Output] {
        [("predict", try graph.column(try boosted(estimator, isClassifier: false, outputs: 1, x, &graph)))]
    }

    static func boostedClassifier(
        _ estimator: Estimator, _ x: Graph.ValueID, _ graph: inout Graph
    ) throws(ModelError) -> [Output] {
        let classes = try estimator.classes()
        let scores = try boosted(
            estimator, isClassifier: true, outputs: classes.count == 2 ? 1 : classes.count, x, &graph)
        let loss = try estimator.string("loss")
        guard loss == "log_loss" || loss == "deviance" || (loss == "exponential" && classes.count == 2) else {
            throw estimator.error("found '\(loss)', expected log_loss or exponential", "loss", code: .unsupported)
        }
        guard classes.count == 2 else {
            return [
                ("predict", try graph.label(ofLargest: scores, classes)),
                ("predict_proba", try graph.apply(Op.Softmax(axis: 1), scores)), ("decision_function", scores),
            ]
        }
        let decision = try graph.column(scores)
        let holds = try graph.apply(Op.GreaterOrEqual(), decision, try graph.addConstant(try Tensor([], [0.0])))
        var logit = scores
        if loss == "exponential" { logit = try graph.apply(Op.Mul(), scores, try graph.addConstant(try Tensor([], [2.0]))) }
        return [
            ("predict", try graph.label(where: holds, classes)),
            ("predict_proba", try graph.bothClasses(try graph.apply(Op.Sigmoid(), logit))), ("decision_function", decision),
        ]
    }
}
