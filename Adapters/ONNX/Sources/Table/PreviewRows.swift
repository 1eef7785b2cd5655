extension ONNX {
    /// The operators of `ai.onnx.preview`, with the version that introduced each.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#ai.onnx.preview
    static let previewRows: [OperatorRow] = [OperatorRow("FlexAttention", 1, .build(flexAttention))]
}
