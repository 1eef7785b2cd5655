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
