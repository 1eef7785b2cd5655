import SeptumIR
import SeptumTensor

extension ONNX {
    /// `sum(coefficient * kernel(x, vector)) + rho`
    ///
    /// Source: https://github.com/microsoft/onnxruntime/blob/v1.32.0/onnxruntime/core/providers/cpu/ml/svmregressor.cc
    @Sendable static func svmRegressor(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        let kind = try form.takeString("kernel_type") ?? "LINEAR"
        let parameters = try form.takeFloats("kernel_params") ?? []
        let coefficients = try AttributeReader.require(try form.takeFloats("coefficients"), "coefficients")
        let vectors = try form.takeFloats("support_vectors") ?? []
        let count = try form.takeInt("n_supports") ?? 0
        let rho = try form.takeFloats("rho") ?? []
        let isOneClass = try form.takeInt("one_class") ?? 0 != 0
        let transform = try PostTransform.take(&form)
        try form.checkEmpty()
        guard transform == .none, rho.count == 1, parameters.isEmpty || parameters.count == 3 else {
            throw ModelError(.unsupported, "found a transform, \(rho.count) rho or \(parameters.count) kernel parameters")
        }
        let table = try builder.floatTable(form)
        var score: Graph.ValueID
        if count == 0 {
            let weights = try builder.constant(coefficients, [coefficients.count, 1])
            score = try builder.apply("MatMul", name: form.name, [table, weights])
        } else {
            guard count > 0, coefficients.count == count, !vectors.isEmpty, vectors.count % count == 0 else {
                throw ModelError(
                    .invalidModel, "found \(vectors.count) numbers for \(count) vectors", attribute: "support_vectors")
            }
            let kernel = SupportKernel(
                kind: kind, gamma: parameters.first ?? 0, offset: parameters.dropFirst().first ?? 0, degree: parameters.last ?? 0)
            let features = try kernel.features(table, vectors, count, form, &builder)
            let weights = try builder.constant(coefficients, [count, 1])
            score = try builder.apply("MatMul", name: form.name, [features, weights])
        }
        score = try builder.apply("Add", name: form.name, [score, try builder.constant(rho)])
        guard isOneClass else { return try builder.finish(form, "Identity", [score]) }
        let isInside = try builder.apply("Greater", name: form.name, [score, try builder.constant([0], [])])
        let one = [try builder.constant([1], []), try builder.constant([-1], [])]
        try builder.finish(form, "Where", [isInside] + one)
    }
}

extension ONNX {
    /// Labels and scores of pairs, or probabilities of classes.
    ///
    /// Two classes without probabilities have two columns, minus the score of the pair and that score, although the first class
    /// wins when it is positive. Other transforms of that score than LOGISTIC, and two classes without support vectors, are
    /// refused: ONNX Runtime and ONNX's reference implementation disagree there.
    ///
    /// Source: https://github.com/microsoft/onnxruntime/blob/v1.32.0/onnxruntime/core/providers/cpu/ml/svmclassifier.cc
    @Sendable static func svmClassifier(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        let labels = try Labels.take(&form, integers: "classlabels_ints", strings: "classlabels_strings")
        let transform = try PostTransform.take(&form)
        let coefficients = try AttributeReader.require(try form.takeFloats("coefficients"), "coefficients")
        let vectors = try form.takeFloats("support_vectors") ?? []
        let counts = form.attributes["vectors_per_class"].flatMap { if case .ints(let counts) = $0 { counts } else { nil } }
        let table = try builder.floatTable(form)
        guard let counts, counts.contains(where: { $0 != 0 }) else {
            for name in ["kernel_type", "kernel_params", "vectors_per_class", "prob_a", "prob_b"] { form.attributes[name] = nil }
            return try linearScores(labels, transform, coefficients, table, &form, &builder)
        }
        let count = counts.reduce(0) { $0.addingReportingOverflow($1).partialValue }
        guard counts.count == labels.count, labels.count > 1, count > 0, coefficients.count / (labels.count - 1) == count,
            coefficients.count % (labels.count - 1) == 0, vectors.count % count == 0
        else {
            throw ModelError(
                .invalidModel, "found \(coefficients.count) coefficients and \(vectors.count) numbers for \(count) vectors",
                attribute: "coefficients")
        }
        let hasProbabilities =
            form.attributes["prob_a"].map { if case .floats(let a) = $0 { !a.isEmpty } else { false } } ?? false
        let isPair = labels.count == 2 && !hasProbabilities
        guard !isPair || transform == .none || transform == .logistic else {
            throw ModelError(.unsupported, "found '\(transform.rawValue)' for the score of one pair", attribute: "post_transform")
        }
        let inputs = [
            table, try builder.constant(vectors, [count, vectors.count / count]),
            try builder.constant(coefficients, [labels.count - 1, count]),
        ]
        let names = [builder.freshName("class"), builder.freshName("scores")]
        let results = try builder.append("SVMClassifier", form.attributes, name: form.name, inputs, outputs: names)
        try builder.labels(labels, results[0], form)
        let scores =
            isPair
            ? try BinaryScores(labels: labels, threshold: 0, style: transform == .logistic ? .logistic : .opposite)
                .table(form, &builder, results[1]) : try builder.apply(transform, name: form.name, results[1])
        try builder.finishScores(form, scores)
    }

    /// Without support vectors each class has a score, and the largest wins.
    private static func linearScores(
        _ labels: Labels, _ transform: PostTransform, _ coefficients: [Float], _ table: Graph.ValueID, _ form: inout NodeForm,
        _ builder: inout GraphBuilder
    ) throws(ModelError) {
        let rho = try AttributeReader.require(try form.takeFloats("rho")?.first, "rho")
        try form.checkEmpty()
        guard labels.count > 2, coefficients.count % labels.count == 0 else {
            throw ModelError(
                .unsupported, "found \(labels.count) classes and \(coefficients.count) coefficients without support vectors",
                attribute: "vectors_per_class")
        }
        let weights = try builder.constant(coefficients, [labels.count, coefficients.count / labels.count])
        let offset = try builder.constant([rho], [])
        let scores = try builder.apply("Gemm", ["transB": .int(1)], name: form.name, [table, weights, offset])
        let best = try builder.apply("ArgMax", ["axis": .int(1), "keepdims": .int(0)], name: form.name, [scores])
        try builder.labels(labels, best, form)
        try builder.finishScores(form, try builder.apply(transform, name: form.name, scores))
    }
}

/// How alike a row and a support vector are.
struct SupportKernel {
    let kind: String
    let gamma: Float
    let offset: Float
    let degree: Float

    /// Shape: `[batch, features]` -> `[batch, vectors]`.
    func features(
        _ table: Graph.ValueID, _ vectors: [Float], _ count: Int, _ form: NodeForm, _ builder: inout GraphBuilder
    ) throws(ModelError) -> Graph.ValueID {
        let width = vectors.count / count
        if kind == "RBF" {
            let rows = try builder.apply("Unsqueeze", name: form.name, [table, try builder.constant([1])])
            let difference = try builder.apply("Sub", name: form.name, [rows, try builder.constant(vectors, [1, count, width])])
            let squares = try builder.apply("Mul", name: form.name, [difference, difference])
            let distance = try builder.apply(
                "ReduceSum", ["keepdims": .int(0)], name: form.name, [squares, try builder.constant([2])])
            let scaled = try builder.apply("Mul", name: form.name, [distance, try builder.constant([-gamma], [])])
            return try builder.apply("Exp", name: form.name, [scaled])
        }
        let product = try builder.apply(
            "Gemm", ["transB": .int(1)], name: form.name, [table, try builder.constant(vectors, [count, width])])
        if kind == "LINEAR" { return product }
        guard kind == "POLY" || kind == "SIGMOID" else {
            throw ModelError(.invalidModel, "found '\(kind)', expected LINEAR, POLY, RBF or SIGMOID", attribute: "kernel_type")
        }
        let scaled = try builder.apply("Mul", name: form.name, [product, try builder.constant([gamma], [])])
        let shifted = try builder.apply("Add", name: form.name, [scaled, try builder.constant([offset], [])])
        if kind == "SIGMOID" { return try builder.apply("Tanh", name: form.name, [shifted]) }
        return try builder.apply("Pow", name: form.name, [shifted, try builder.constant([degree], [])])
    }
}
