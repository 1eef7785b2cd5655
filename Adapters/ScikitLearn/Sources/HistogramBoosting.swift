import SeptumIR
import SeptumOperators
import SeptumPythonHost
import SeptumTensor

/// Gradient boosting on histograms: float64 thresholds, categories, missing values; sums start from the baseline.
///
/// Source: https://github.com/scikit-learn/scikit-learn/blob/1.7.0/sklearn/ensemble/_hist_gradient_boosting/_predictor.pyx
/// (`_predict_one_from_raw_data`),
/// https://github.com/scikit-learn/scikit-learn/blob/1.7.0/sklearn/ensemble/_hist_gradient_boosting/gradient_boosting.py
/// (`_raw_predict`)
enum HistogramBoosting {
    /// `histogram` is what the Python side makes of trees, categories and baseline.
    static let attributes = ["histogram"]

    /// Shape: [batch, features] -> [batch, outputs]. The raw prediction.
    private static func raw(
        _ estimator: Estimator, outputs: Int, _ x: Graph.ValueID, _ graph: inout Graph
    ) throws(ModelError) -> Graph.ValueID {
        let content = try estimator.attribute("histogram")
        let base = try estimator.array(content["baseline"] ?? .none, "_baseline_prediction").array(of: Double.self)
        guard base.count == outputs else {
            throw estimator.error("found \(base.count) values, expected \(outputs)", "_baseline_prediction")
        }
        let count = try estimator.featureCount()
        let columns = try HistogramColumns(estimator, content, count)
        var builder = ForestBuilder(
            rules: Op.Forest.Rules(comparison: .lessOrEqual, featureType: .float64, accumulationType: .float64),
            thresholdType: .float64, featureCount: count, outputCount: outputs)
        for (stage, row) in (content["trees"]?.list ?? []).enumerated() {
            guard let trees = row.list, trees.count == outputs else {
                throw estimator.error("stage \(stage): found \(row.kind), expected \(outputs) trees", "_predictors")
            }
            for (output, tree) in trees.enumerated() {
                try add(tree, "_predictors[\(stage)]", estimator, columns, &builder)
                try builder.endTree(output: output)
            }
        }
        return try graph.apply(try builder.forest(baseScore: base), try columns.encoded(x, &graph))
    }

    private static func add(
        _ tree: PlainValue, _ name: String, _ estimator: Estimator, _ columns: HistogramColumns, _ builder: inout ForestBuilder
    ) throws(ModelError) {
        func numbers(_ field: String) throws(ModelError) -> [Double] {
            try estimator.array(tree[field] ?? .none, "\(name).\(field)").array(of: Double.self)
        }
        func integers(_ field: String) throws(ModelError) -> [Int] {
            guard let values = tree[field]?.tensor?.integers else {
                throw estimator.error("found \(tree[field]?.kind ?? "nothing"), expected integers", "\(name).\(field)")
            }
            return values
        }
        let (values, thresholds) = (try numbers("value"), try numbers("num_threshold"))
        let (features, left, right) = (try integers("feature_idx"), try integers("left"), try integers("right"))
        let (missing, leaf) = (try integers("missing_go_to_left"), try integers("is_leaf"))
        let (categorical, place) = (try integers("is_categorical"), try integers("bitset_idx"))
        let words = try integers("raw_left_cat_bitsets")
        let counts = [values, thresholds].map(\.count) + [features, left, right, missing, leaf, categorical, place].map(\.count)
        guard counts.allSatisfy({ $0 == counts[0] }), counts[0] > 0 else {
            throw estimator.error("found arrays of \(counts) nodes", name)
        }
        for node in values.indices {
            guard leaf[node] == 0 else {
                try builder.addLeaf(node, values[node])
                continue
            }
            let goesLeft = missing[node] != 0
            var test = ForestBuilder.Test.threshold(thresholds[node])
            if categorical[node] != 0 {
                let start = place[node].multipliedReportingOverflow(by: 8)
                guard !start.overflow, start.partialValue >= 0, start.partialValue <= words.count - 8 else {
                    throw estimator.error("node \(node): found set \(place[node]) of \(words.count / 8)", name)
                }
                let set = words[start.partialValue..<start.partialValue + 8]
                test = try columns.test(set, feature: features[node], missingGoesLeft: goesLeft)
            }
            try builder.addSplit(
                node, feature: features[node], test: test, missing: .nan(goesLeft: goesLeft), left: left[node],
                right: right[node])
        }
    }

    static func regressor(_ estimator: Estimator, _ x: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> [Output] {
        let scores = try graph.column(try raw(estimator, outputs: 1, x, &graph))
        let loss = try estimator.string("loss")
        switch loss {
        case "squared_error", "least_squares", "absolute_error", "least_absolute_deviation", "quantile":
            return [("predict", scores)]
        case "poisson", "gamma": return [("predict", try graph.apply(Op.Exp(), scores))]
        default: throw estimator.error("found '\(loss)', whose link is not known", "loss", code: .unsupported)
        }
    }

    static func classifier(_ estimator: Estimator, _ x: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> [Output] {
        let loss = try estimator.string("loss")
        guard ["log_loss", "auto", "binary_crossentropy", "categorical_crossentropy"].contains(loss) else {
            throw estimator.error("found '\(loss)', expected log_loss", "loss", code: .unsupported)
        }
        let classes = try estimator.classes()
        let scores = try raw(estimator, outputs: classes.count == 2 ? 1 : classes.count, x, &graph)
        guard classes.count == 2 else {
            return [
                ("predict", try graph.label(ofLargest: scores, classes)),
                ("predict_proba", try graph.apply(Op.Softmax(axis: 1), scores)), ("decision_function", scores),
            ]
        }
        let decision = try graph.column(scores)
        let holds = try graph.apply(Op.Greater(), decision, try graph.addConstant(try Tensor([], [0.0])))
        return [
            ("predict", try graph.label(where: holds, classes)),
            ("predict_proba", try graph.bothClasses(try graph.apply(Op.Sigmoid(), scores))), ("decision_function", decision),
        ]
    }
}
