import SeptumTensor

extension EngineTable {
    /// hls4ml, which turns networks into firmware: the handlers of its ONNX reader, after the clean-up by qonnx that it asks for.
    ///
    /// Element types do not matter, since it chooses fixed-point types of its own.
    ///
    /// Source: https://github.com/fastmachinelearning/hls4ml/tree/v1.3.0/hls4ml/converters/onnx
    static func hls4ml() throws(ModelError) -> EngineTable {
        try EngineTable(
            name: "hls4ml", version: "1.3.0", date: "2026-03",
            source: "https://github.com/fastmachinelearning/hls4ml/tree/v1.3.0/hls4ml/converters/onnx", table: hls4mlRows)
    }

    private static let hls4mlRows = """
        [ai.onnx]
        Constant Dropout Identity
        MatMul
        Gemm; ; ; after qonnx's GemmToMatMul
        Elu LeakyRelu PRelu Relu Selu Sigmoid Softmax Softplus Softsign Tanh ThresholdedRelu
        Add Div Mul Sub
        Max Min Sum; ; ; two inputs only
        Concat; ; ; two inputs, at most three axes beside the batch
        Flatten Reshape Transpose
        BatchNormalization; ; ; beyond two axes after qonnx_to_channels_last
        AveragePool Conv MaxPool; ; ; 1d and 2d, after qonnx_to_channels_last
        GlobalAveragePool GlobalMaxPool; ; ; 1d and 2d
        Pad; 11-; ; zeros, 1d and 2d
        Resize; 11-; ; 2d by scales, nearest or linear
        Cast ConstantOfShape Equal Expand Gather Range Shape Size Slice Squeeze Unsqueeze Where; ; ; only where constant folding removes it
        [qonnx.custom_op.general onnx.brevitas]
        BipolarQuant IntQuant Quant
        [qonnx.custom_op.channels_last]
        AveragePool Conv MaxPool; ; ; 1d and 2d
        BatchNormalization
        """
}
