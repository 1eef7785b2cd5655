import SeptumIR
import SeptumTensor

extension ONNX {
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators-ml.md#ai.onnx.ml.LinearRegressor
    @Sendable static func linearRegressor(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        let targets = try form.takeInt("targets") ?? 1
        let transform = try PostTransform.take(&form)
        let scores = try linear(&form, &builder, outputs: targets)
        try form.checkEmpty()
        try transform.checkSense(outputs: targets)
        try builder.finish(form, "Identity", [try builder.apply(transform, name: form.name, scores)])
    }

    /// Two classes with one score: its sign decides, and the second column holds it.
    ///
    /// Source: https://github.com/microsoft/onnxruntime/blob/v1.32.0/onnxruntime/core/providers/cpu/ml/linearclassifier.cc
    @Sendable static func linearClassifier(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        let labels = try Labels.take(&form, integers: "classlabels_ints", strings: "classlabels_strings")
        let transform = try PostTransform.take(&form)
        form.attributes["multi_class"] = nil
        let outputs = try form.floatsCount("intercepts") ?? labels.count
        let scores = try linear(&form, &builder, outputs: outputs)
        try form.checkEmpty()
        guard labels.count == outputs || labels.count == 2 && outputs == 1 else {
            throw ModelError(.invalidModel, "found \(labels.count) labels for \(outputs) scores", attribute: "classlabels_ints")
        }
        if outputs == 1 {
            try transform.checkBinary()
            try BinaryScores(labels: labels, threshold: 0, style: transform == .logistic ? .logistic : .complement)
                .finish(form, &builder, scores)
        } else {
            let best = try builder.apply("ArgMax", ["axis": .int(1), "keepdims": .int(0)], name: form.name, [scores])
            try builder.labels(labels, best, form)
            try builder.finishScores(form, try builder.apply(transform, name: form.name, scores))
        }
    }

    /// The product of a table with the coefficients, plus the intercepts.
    private static func linear(
        _ form: inout NodeForm, _ builder: inout GraphBuilder, outputs: Int
    ) throws(ModelError) -> Graph.ValueID {
        let coefficients = try AttributeReader.require(try form.takeFloats("coefficients"), "coefficients")
        let intercepts = try form.takeFloats("intercepts")
        guard outputs > 0, !coefficients.isEmpty, coefficients.count % outputs == 0 else {
            throw ModelError(
                .invalidModel, "found \(coefficients.count) numbers for \(outputs) outputs", attribute: "coefficients")
        }
        let table = try builder.floatTable(form)
        let weights = try builder.constant(coefficients, [outputs, coefficients.count / outputs])
        var inputs: [Graph.ValueID?] = [table, weights]
        if let intercepts, !intercepts.isEmpty {
            guard intercepts.count == outputs else {
                throw ModelError(.invalidModel, "found \(intercepts.count) numbers, expected \(outputs)", attribute: "intercepts")
            }
            inputs.append(try builder.constant(intercepts))
        }
        return try builder.apply("Gemm", ["transB": .int(1)], name: form.name, inputs)
    }
}

/// Two classes that share one score.
///
/// Source: https://github.com/microsoft/onnxruntime/blob/v1.32.0/onnxruntime/core/providers/cpu/ml/ml_common.h (write_scores)
struct BinaryScores {
    enum Style {
        /// `[1 - s, s]`
        case complement
        /// `[-s, s]`
        case opposite
        /// `[logistic(-s), logistic(s)]`
        case logistic
    }

    let labels: Labels
    /// The second class wins above it.
    let threshold: Float
    let style: Style

    /// Adds label and scores from a table with one column.
    func finish(_ form: NodeForm, _ builder: inout GraphBuilder, _ score: Graph.ValueID) throws(ModelError) {
        let isSecond = try builder.apply("Greater", name: form.name, [score, try builder.constant([threshold], [])])
        let column = try builder.apply("Cast", ["to": .int(Int(ElementType.int64.rawValue))], name: form.name, [isSecond])
        let index = try builder.apply("Squeeze", name: form.name, [column, try builder.constant([1])])
        try builder.labels(labels, index, form)
        try builder.finishScores(form, try table(form, &builder, score))
    }

    /// Shape: `[batch, 1]` -> `[batch, 2]`.
    func table(_ form: NodeForm, _ builder: inout GraphBuilder, _ score: Graph.ValueID) throws(ModelError) -> Graph.ValueID {
        let pair: [Graph.ValueID]
        switch style {
        case .complement: pair = [try builder.apply("Sub", name: form.name, [try builder.constant([1], []), score]), score]
        case .opposite: pair = [try builder.apply("Neg", name: form.name, [score]), score]
        case .logistic:
            let negative = try builder.apply("Neg", name: form.name, [score])
            pair = [
                try builder.apply("Sigmoid", name: form.name, [negative]), try builder.apply("Sigmoid", name: form.name, [score]),
            ]
        }
        return try builder.apply("Concat", ["axis": .int(1)], name: form.name, pair)
    }
}

extension GraphBuilder {
    /// Gives a classifier's scores the name of its second output.
    mutating func finishScores(_ form: NodeForm, _ scores: Graph.ValueID) throws(ModelError) {
        guard form.outputs.count > 1, let output = form.outputs[1] else { return }
        try append("Identity", [:], name: form.name, [scores], outputs: [output])
    }
}

extension NodeForm {
    /// Throws when an attribute is left that nobody asked for.
    func checkEmpty() throws(ModelError) {
        guard let name = attributes.keys.min() else { return }
        throw ModelError(.unsupported, "the operator has no such attribute", attribute: name)
    }

    fileprivate func floatsCount(_ name: String) throws(ModelError) -> Int? {
        var copy = self
        guard let count = try copy.takeFloats(name)?.count, count > 0 else { return nil }
        return count
    }
}
