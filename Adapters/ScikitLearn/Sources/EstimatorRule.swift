import SeptumIR
import SeptumOperators
import SeptumPythonHost
import SeptumTensor

/// One result of an estimator's methods.
typealias Output = (name: String, value: Graph.ValueID)

/// What an estimator class means: the fitted attributes it needs and the graph they make.
struct EstimatorRule: Sendable {
    typealias Build = @Sendable (Estimator, Graph.ValueID, inout Graph) throws(ModelError) -> [Output]

    let attributes: [String]
    /// Whether scikit-learn accepts NaN.
    var acceptsMissing = false
    let build: Build

    static let all: [String: EstimatorRule] = [
        "StandardScaler": EstimatorRule(attributes: ["mean_", "scale_"], acceptsMissing: true, build: Scaler.standard),
        "MinMaxScaler": EstimatorRule(attributes: ["scale_", "min_"], acceptsMissing: true, build: Scaler.minMax),
        "RobustScaler": EstimatorRule(attributes: ["center_", "scale_"], acceptsMissing: true, build: Scaler.robust),
        "LinearRegression": EstimatorRule(attributes: ["coef_", "intercept_"], build: Linear.regression),
        "Ridge": EstimatorRule(attributes: ["coef_", "intercept_"], build: Linear.regression),
        "RidgeCV": EstimatorRule(attributes: ["coef_", "intercept_"], build: Linear.regression),
        "LogisticRegression": EstimatorRule(attributes: ["coef_", "intercept_"], build: Linear.logistic),
        "MLPClassifier": EstimatorRule(attributes: Perceptron.attributes, build: Perceptron.classifier),
        "MLPRegressor": EstimatorRule(attributes: Perceptron.attributes, build: Perceptron.regressor),
        "DecisionTreeClassifier": EstimatorRule(attributes: Trees.attributes, acceptsMissing: true, build: Trees.classifier),
        "DecisionTreeRegressor": EstimatorRule(attributes: Trees.attributes, acceptsMissing: true, build: Trees.regressor),
        "ExtraTreeClassifier": EstimatorRule(attributes: Trees.attributes, acceptsMissing: true, build: Trees.classifier),
        "ExtraTreeRegressor": EstimatorRule(attributes: Trees.attributes, acceptsMissing: true, build: Trees.regressor),
        "RandomForestClassifier": EstimatorRule(
            attributes: Trees.forestAttributes, acceptsMissing: true, build: Trees.classifier),
        "RandomForestRegressor": EstimatorRule(attributes: Trees.forestAttributes, acceptsMissing: true, build: Trees.regressor),
        "ExtraTreesClassifier": EstimatorRule(attributes: Trees.forestAttributes, acceptsMissing: true, build: Trees.classifier),
        "ExtraTreesRegressor": EstimatorRule(attributes: Trees.forestAttributes, acceptsMissing: true, build: Trees.regressor),
        "RandomTreesEmbedding": EstimatorRule(
            attributes: Embedding.attributes, acceptsMissing: true, build: Embedding.transformer),
        "GradientBoostingClassifier": EstimatorRule(attributes: Trees.boostingAttributes, build: Trees.boostedClassifier),
        "GradientBoostingRegressor": EstimatorRule(attributes: Trees.boostingAttributes, build: Trees.boostedRegressor),
        "AdaBoostClassifier": EstimatorRule(attributes: Boosting.attributes, build: Boosting.classifier),
        "AdaBoostRegressor": EstimatorRule(attributes: Boosting.attributes, build: Boosting.regressor),
        "BaggingClassifier": EstimatorRule(attributes: Bagging.attributes, acceptsMissing: true, build: Bagging.classifier),
        "BaggingRegressor": EstimatorRule(attributes: Bagging.attributes, acceptsMissing: true, build: Bagging.regressor),
        "IsolationForest": EstimatorRule(
            attributes: Bagging.isolationAttributes, acceptsMissing: true, build: Bagging.isolation),
        "CalibratedClassifierCV": EstimatorRule(attributes: Calibration.attributes, build: Calibration.classifier),
        "HistGradientBoostingClassifier": EstimatorRule(
            attributes: HistogramBoosting.attributes, acceptsMissing: true, build: HistogramBoosting.classifier),
        "HistGradientBoostingRegressor": EstimatorRule(
            attributes: HistogramBoosting.attributes, acceptsMissing: true, build: HistogramBoosting.regressor),
        "StackingClassifier": EstimatorRule(attributes: Voting.stackingAttributes, build: Voting.stackedClassifier),
        "StackingRegressor": EstimatorRule(attributes: Voting.stackingAttributes, build: Voting.stackedRegressor),
        "VotingClassifier": EstimatorRule(attributes: Voting.attributes, build: Voting.classifier),
        "VotingRegressor": EstimatorRule(attributes: Voting.attributes, build: Voting.regressor),
        "Pipeline": EstimatorRule(attributes: ["steps"], acceptsMissing: true, build: Pipeline.build),
    ]

    static func rule(for estimator: Estimator) throws(ModelError) -> EstimatorRule {
        guard let rule = all[estimator.kind] else {
            throw estimator.error(
                "this estimator is not supported", code: .unsupported,
                remedy: "supported are \(all.keys.sorted().joined(separator: ", "))")
        }
        return rule
    }
}

extension Estimator {
    /// The results of the estimator's methods on `x`.
    func outputs(_ x: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> [Output] {
        try EstimatorRule.rule(for: self).build(self, x, &graph)
    }

    /// The number of columns that the estimator was fitted on.
    func featureCount() throws(ModelError) -> Int {
        let count = try integer("n_features_in_")
        guard count > 0 else { throw error("found \(count), expected a positive number", "n_features_in_") }
        return count
    }

    /// The whole model, with `X` as its input and the names of the methods as those of its outputs.
    func model() throws(ModelError) -> Model {
        let rule = try EstimatorRule.rule(for: self)
        let count = try featureCount()
        var graph = Graph(name: kind)
        let x = try graph.addInput("X", .tensor(.float64, ["batch", .fixed(count)]))
        for (name, value) in try rule.build(self, x, &graph) {
            let isTaken = value == x || graph.outputs.contains(value)
            try graph.addOutput(isTaken ? try graph.apply(Op.Identity(), value) : value, name: name)
        }
        return Model(graph: graph, contract: try contract(count))
    }

    private func contract(_ count: Int) throws(ModelError) -> InputContract? {
        guard let names = attributeIfPresent("feature_names_in_")?.strings else { return nil }
        guard names.count == count else {
            throw error("found \(names.count) names for \(count) features", "feature_names_in_")
        }
        let missing = try acceptsMissing() ? InputContract.MissingRule.keep : .refuse
        let features = names.map { InputContract.Feature(name: $0, missing: missing) }
        return InputContract(name: kind, inputs: [InputContract.Input(tensor: "X", features: features)])
    }

    private func acceptsMissing() throws(ModelError) -> Bool {
        guard try EstimatorRule.rule(for: self).acceptsMissing else { return false }
        if kind.hasPrefix("Bagging") {
            for member in try Composition.members(self) where try !member.acceptsMissing() { return false }
        }
        guard kind == "Pipeline" else { return true }
        for step in try Pipeline.steps(of: self) where try !step.acceptsMissing() { return false }
        return true
    }
}
