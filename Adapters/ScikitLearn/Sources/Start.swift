import SeptumIR
import SeptumOperators
import SeptumPythonHost
import SeptumTensor

/// Where gradient boosting starts when the user gave an initial estimator.
///
/// Source: https://github.com/scikit-learn/scikit-learn/blob/1.7.0/sklearn/ensemble/_gb.py (`_init_raw_predictions`)
enum Start {
    /// Estimators that give for float32 data what they give for the same numbers in float64.
    private static let kinds: Set<String> = [
        "AdaBoostClassifier", "AdaBoostRegressor", "DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier",
        "ExtraTreeRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor", "GradientBoostingClassifier",
        "GradientBoostingRegressor", "HistGradientBoostingClassifier", "HistGradientBoostingRegressor", "LinearRegression",
        "LogisticRegression", "RandomForestClassifier", "RandomForestRegressor", "Ridge",
    ]

    /// Shape: [batch, features] -> [batch, outputs]. The initial estimator's raw prediction, for X rounded to float32.
    static func scores(
        _ estimator: Estimator, isClassifier: Bool, outputs: Int, _ x: Graph.ValueID, _ graph: inout Graph
    ) throws(ModelError) -> Graph.ValueID {
        let value = try estimator.attribute("init_")
        guard let kind = value["class"]?.string, kinds.contains(kind) else {
            throw estimator.error(
                "found \(value["class"]?.string ?? value.kind), expected one of \(kinds.sorted().joined(separator: ", "))",
                "init_",
                code: .unsupported, remedy: "fit without the parameter init")
        }
        let start = try estimator.child(value, "init_")
        let narrow = try graph.apply(Op.Cast(to: .float64), try graph.apply(Op.Cast(to: .float32), x))
        let axis = try graph.addConstant(try Tensor([1], [Int64(1)]))
        guard isClassifier else {
            return try graph.apply(Op.Unsqueeze(), try Composition.output("predict", of: start, narrow, &graph), axis)
        }
        guard let margin = estimator.attributeIfPresent("init_margin")?.float else {
            throw estimator.error(
                "it starts from \(kind), which is read since scikit-learn 1.4", "init_", code: .unsupported)
        }
        guard try start.classes().count == (outputs == 1 ? 2 : outputs) else {
            throw start.error("it knows other classes than the ensemble", "classes_")
        }
        let all = try Composition.output("predict_proba", of: start, narrow, &graph)
        let given = outputs == 1 ? try graph.columns([1], of: all) : all
        func number(_ value: Double) throws(ModelError) -> Graph.ValueID { try graph.addConstant(try Tensor([], [value])) }
        let probability = try graph.apply(Op.Clip(), given, try number(margin), try number(1 - margin))
        guard outputs == 1 else {
            let logarithm = try graph.apply(Op.Log(), probability)
            let mean = try graph.apply(Op.ReduceMean(keepdims: true), logarithm, axis)
            return try graph.apply(Op.Sub(), logarithm, mean)
        }
        let odds = try graph.apply(Op.Div(), probability, try graph.apply(Op.Sub(), try number(1), probability))
        let logit = try graph.apply(Op.Log(), odds)
        let isExponential = try estimator.string("loss") == "exponential"
        return isExponential ? try graph.apply(Op.Mul(), logit, try number(0.5)) : logit
    }
}
