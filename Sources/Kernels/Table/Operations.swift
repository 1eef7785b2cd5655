/// Functions of one element; `a` and `b` are their parameters. Raw values are known to the kernels' source by number.
package enum UnaryOperation: Int32, Sendable, CaseIterable {
    case identity, relu, tanh, sigmoid
    /// a x below zero.
    case leakyRelu
    /// a (e^x - 1) below zero.
    case elu
    /// b times elu.
    case selu
    /// x times the normal distribution's integral (the exact form).
    case gelu
    case softplus, exp, log, erf, sqrt, reciprocal, abs, neg, floor, ceil
    /// Half to even.
    case round
    case sin, cos
    /// Between a and b; NaN stays.
    case clip
    /// x sigmoid(x).
    case silu
    /// a x + b between 0 and 1.
    case hardSigmoid
    /// x tanh(softplus(x)).
    case mish
    /// The approximation of gelu by tanh.
    case geluTanh
    /// x / (1 + |x|).
    case softsign
    /// x times (x + 3) / 6 kept between 0 and 1.
    case hardSwish
    case atan
}

/// Functions of two elements; `maximum` and `minimum` propagate NaN.
package enum BinaryOperation: Int32, Sendable, CaseIterable {
    case add, subtract, multiply, divide, maximum, minimum, power
}

package enum ReduceOperation: Int32, Sendable, CaseIterable {
    case sum, mean, maximum, minimum, product, sumOfSquares, sumOfMagnitudes
}

/// Element types of quantized numbers.
package enum QuantizedType: Int32, Sendable, CaseIterable {
    case int8, uint8, int16, uint16
}

/// Conversions of elements. Halves round to even, NaN staying a quiet NaN.
package enum Conversion: Int32, Sendable, CaseIterable {
    case float16ToFloat, bfloat16ToFloat, floatToFloat16, floatToBFloat16, int32ToFloat
    /// Of whole numbers within the range.
    case floatToInt32
}
