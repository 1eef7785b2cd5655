extension ONNX {
    /// The operators of classical machine learning, with the version of `ai.onnx.ml` that introduced each.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Changelog-ml.md
    static let machineLearningRows: [OperatorRow] = []
}
