import SeptumTensor

/// Element types that operators learnt after `ONNX.oldestExport`.
///
/// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Changelog.md
enum LaterTypes {
    private static let rows: [(version: Int, types: Set<ElementType>, operators: String)] = [
        (14, [.int8, .int16, .uint8, .uint16], "Add Div Mul Sub"),
        (14, [.int8, .int16, .int32, .int64], "Relu"),
        (14, [.bfloat16, .float16], "CumSum"),
        (14, [.bfloat16], "BatchNormalization"),
        (15, [.bfloat16], "Pow"),
        (16, [.bfloat16], "GreaterOrEqual If LeakyRelu LessOrEqual Loop PRelu Scan Where"),
        (19, [.bfloat16, .float16], "DequantizeLinear QuantizeLinear"),
        (19, [.string], "Equal"),
        (20, [.bfloat16], "ConstantOfShape"),
        (20, [.bfloat16, .float16], "IsInf"),
        (20, [.bool], "ReduceMax ReduceMin"),
        (21, [.int16, .uint16], "DequantizeLinear QuantizeLinear"),
        (
            21, [.bfloat16, .float16, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz], "QLinearMatMul"
        ),
        (
            22, [.bfloat16],
            """
            Acos Acosh Asin Asinh Atan Atanh AveragePool Bernoulli Conv ConvTranspose Cos Cosh DeformConv Det Elu EyeLike GRU \
            GlobalAveragePool GlobalLpPool GlobalMaxPool GridSample HardSigmoid HardSwish InstanceNormalization LSTM LpNormalization LpPool \
            MaxPool MaxRoiPool MaxUnpool Mish Multinomial NegativeLogLikelihoodLoss RNN RandomNormal RandomNormalLike \
            RandomUniform RandomUniformLike RoiAlign Round Selu Sin Sinh Softplus Softsign Tan ThresholdedRelu
            """
        ),
        (24, [.bfloat16], "SplitToSequence TopK"),
        (27, [.bfloat16, .float16], "Range"),
        (28, [.bfloat16], "Compress Einsum OneHot Optional OptionalGetElement OptionalHasElement ReverseSequence Unique"),
        (28, [.bfloat16, .float16, .float64], "Celu"),
        (28, [.int8, .int16, .int32, .int64], "BitShift"),
    ]

    private static let byOperator: [String: [(version: Int, types: Set<ElementType>)]] = {
        var result: [String: [(version: Int, types: Set<ElementType>)]] = [:]
        for row in rows {
            for name in row.operators.split(separator: " ") { result[String(name), default: []].append((row.version, row.types)) }
        }
        return result
    }()

    /// The first version in which an operator takes or gives elements of a type; nil when it always did.
    static func version(_ op: String, _ type: ElementType) -> Int? {
        byOperator[op]?.first { $0.types.contains(type) }?.version
    }

    /// The first version in which an operator takes sequences or optional values, or those that are not optional.
    static func version(_ op: String, kindOf type: ValueType) -> Int? {
        switch (op, type) {
        case ("Identity", .sequence): 14
        case ("Identity", .optional), ("If", .optional), ("Loop", .optional): 16
        case ("OptionalGetElement", .tensor), ("OptionalGetElement", .sequence): 18
        case ("OptionalHasElement", .tensor), ("OptionalHasElement", .sequence): 18
        default: nil
        }
    }
}
