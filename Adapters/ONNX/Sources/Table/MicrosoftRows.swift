extension ONNX {
    /// Operators of ONNX Runtime's own domain that its exporters, optimizers and quantizers write; all came with version 1.
    ///
    /// They become standard operators.
    ///
    /// Source: https://github.com/microsoft/onnxruntime/blob/v1.32.0/docs/ContribOperators.md
    static let microsoftRows: [OperatorRow] = [
        OperatorRow("Attention", 1, .build(fusedAttention)),
        OperatorRow("BiasGelu", 1, .build(biasGelu)),
        OperatorRow("DequantizeLinear", 1),
        OperatorRow("DynamicQuantizeMatMul", 1, .build(dynamicQuantizeMatMul)),
        OperatorRow("EmbedLayerNormalization", 1, .build(embedLayerNormalization)),
        OperatorRow("FastGelu", 1, .build(fastGelu)),
        OperatorRow("FusedConv", 1, .build(fusedConv)),
        OperatorRow("FusedGemm", 1, .build(fusedGemm)),
        OperatorRow("FusedMatMul", 1, .build(fusedMatMul)),
        OperatorRow("Gelu", 1),
        OperatorRow("MatMulIntegerToFloat", 1, .build(matMulIntegerToFloat)),
        OperatorRow("MatMulNBits", 1, .build(matMulNBits)),
        OperatorRow("MultiHeadAttention", 1, .build(multiHeadAttention)),
        OperatorRow("QGemm", 1, .build(quantizedGemm)),
        OperatorRow("QLinearAdd", 1, .build(quantized("Add"))),
        OperatorRow("QLinearAveragePool", 1, .build(quantizedPool("AveragePool"))),
        OperatorRow("QLinearConcat", 1, .build(quantizedConcat)),
        OperatorRow("QLinearGlobalAveragePool", 1, .build(quantizedPool("GlobalAveragePool"))),
        OperatorRow("QLinearLeakyRelu", 1, .build(quantized("LeakyRelu"))),
        OperatorRow("QLinearMul", 1, .build(quantized("Mul"))),
        OperatorRow("QLinearSigmoid", 1, .build(quantized("Sigmoid"))),
        OperatorRow("QLinearSoftmax", 1, .build(quantizedSoftmax)),
        OperatorRow("QuantizeLinear", 1),
        OperatorRow("QuickGelu", 1, .build(quickGelu)),
        OperatorRow("RotaryEmbedding", 1, .build(rotaryEmbedding)),
        simplifiedLayerNormalizationRow,
        OperatorRow("SkipLayerNormalization", 1, .build(skipLayerNormalization)),
        OperatorRow("SkipSimplifiedLayerNormalization", 1, .build(skipLayerNormalization)),
    ]

    /// ONNX Runtime has this one in the default domain, which ONNX itself does not.
    static let simplifiedLayerNormalizationRow = OperatorRow(
        "SimplifiedLayerNormalization", 1, .build(simplifiedLayerNormalization))
}
