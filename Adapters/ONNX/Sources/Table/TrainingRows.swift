import SeptumTensor

extension ONNX {
    /// The operators of training, with the version of `ai.onnx.preview.training` that introduced each.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#ai.onnx.preview.training
    static let trainingRows: [OperatorRow] = [
        OperatorRow("Adagrad", 1, .build(adagrad)),
        OperatorRow("Adam", 1, .build(adam)),
        OperatorRow("Gradient", 1, .build(refuseGradient)),
        OperatorRow("Momentum", 1, .build(momentum)),
    ]

    @Sendable private static func refuseGradient(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        throw ModelError(
            .unsupported, "graphs are not differentiated",
            remedy: "export the gradient as nodes of its own, or the model for inference")
    }
}
