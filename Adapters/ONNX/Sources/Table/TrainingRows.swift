extension ONNX {
    /// The operators of training, with the version of `ai.onnx.preview.training` that introduced each.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#ai.onnx.preview.training
    static let trainingRows: [OperatorRow] = [
        OperatorRow("Adagrad", 1, .build(adagrad)),
        OperatorRow("Adam", 1, .build(adam)),
        OperatorRow("Gradient", 1, .build(gradient), namingAttributes: ["xs", "zs", "y"]),
        OperatorRow("Momentum", 1, .build(momentum)),
    ]
}
