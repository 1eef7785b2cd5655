import SeptumIR
import SeptumOperators
import SeptumTensor

extension Importer {
    /// What a classifier of the scikit-learn wrapper gives: the label, and the probability of each class.
    ///
    /// Source: https://github.com/dmlc/xgboost/blob/v3.2.0/python-package/xgboost/sklearn.py (XGBClassifier.predict,
    /// _cls_predict_proba)
    func addClasses(
        _ labels: Tensor, _ link: Objective.Link, _ prediction: Graph.ValueID, _ graph: inout Graph
    ) throws(ModelError) {
        let classes = try graph.addConstant(labels, name: "classes")
        let index: Graph.ValueID
        let probabilities: Graph.ValueID
        switch link {
        case .sigmoid where booster.outputCount == 1, .step where booster.outputCount == 1:
            let half = try graph.addConstant(try Tensor([], [Float(0.5)]), name: "half")
            let isSecond = try graph.apply(Op.Greater(), name: "is_second", prediction, half)
            index = try graph.apply(Op.Cast(to: .int64), name: "index", isSecond)
            let one = try graph.addConstant(try Tensor([], [Float(1)]), name: "one")
            let axis = try graph.addConstant(try Tensor([1], [Int64(1)]), name: "column")
            let first = try graph.apply(Op.Sub(), name: "first", one, prediction)
            probabilities = try graph.apply(
                Op.Concat(axis: 1), name: "both", try graph.apply(Op.Unsqueeze(), name: "first_column", first, axis),
                try graph.apply(Op.Unsqueeze(), name: "second_column", prediction, axis))
        case .softmax:
            index = try graph.apply(Op.ArgMax(axis: 1, keepdims: false), name: "index", prediction)
            probabilities = prediction
        default:
            throw ModelError(
                .unsupported, "found a classifier with the objective \(booster.objective), which gives no probabilities",
                remedy: "save its booster: get_booster().save_model('model.json')")
        }
        try graph.addOutput(try graph.apply(Op.Gather(axis: 0), name: "label", classes, index), name: "predict")
        try graph.addOutput(probabilities, name: "predict_proba")
    }
}
