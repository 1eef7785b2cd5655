public import SeptumIR
public import SeptumTensor

extension Op {
    /// The matrix product of quantized matrices, quantized again.
    ///
    /// Inputs: A, its scale, its zero point, B, its scale, its zero point, scale and zero point of the output. Sums wrap in
    /// int32, or are chains in float32 where a factor is float8; each is multiplied in float32 by
    /// `scale of A * scale of B / scale of output`, rounded half to even, moved by the zero point and kept within the range of
    /// the type.
    ///
    /// - Shape: `(..., m, k), (..., k, n) -> (..., m, n)`. Scale and zero point of A are single or one for each row, `(m)` or
    ///   `(..., m, 1)`, those of B single or one for each column, `(n)` or `(..., 1, n)`, those of the output single.
    /// - Element types: int8, uint8 and float8, each operand its own; scales float32, float16 or bfloat16.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#QLinearMatMul
    public struct QLinearMatMul: PlainOperator {
        public static let name = "QLinearMatMul"
        public static let inputCount = 8...8
        private static let elements: [ElementType] = [
            .int8, .uint8, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz,
        ]

        public init() {}

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            for index in [0, 3] {
                let type = try inputs.tensor(index, of: Self.elements).elementType
                _ = try inputs.tensor(index + 2, of: [type])
            }
            let scale = try inputs.tensor(1, of: [.float32, .float16, .bfloat16]).elementType
            for index in [4, 6] { _ = try inputs.tensor(index, of: [scale]) }
            let type = try inputs.tensor(7, of: Self.elements).elementType
            return [Fact(type, try matrixProductShape(try inputs.tensor(0).shape, try inputs.tensor(3).shape))]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let shape = try outputShapes(inputs)[0]
            let (a, b) = (try inputs.tensor(0), try inputs.tensor(3))
            let (zeroA, zeroB) = (try inputs.tensor(2).asColumn(), try inputs.tensor(5))
            let isInteger = a.elementType.isInteger && b.elementType.isInteger
            let sums =
                isInteger
                ? try matrixProduct(
                    try subtractingZeroPoint(a, zeroA), try subtractingZeroPoint(b, zeroB), shape, of: Int32.self)
                : try matrixProduct(try centred(a, zeroA), try centred(b, zeroB), shape, of: Float.self)
            let scaleA = try scale(try inputs.tensor(1).asColumn(), isSingle: a.shape.count == 1)
            let scaleB = try scale(try inputs.tensor(4), isSingle: b.shape.count == 1)
            let factor = try zipElements(scaleA, scaleB) { (a: Float, b: Float) in a * b }
            let last = try scale(try inputs.tensor(6), isSingle: true)
            return [.tensor(try requantized(sums, factor, scale: last, zero: try inputs.tensor(7)))]
        }

        private func scale(_ tensor: Tensor, isSingle: Bool) throws(ModelError) -> Tensor {
            let wide = try tensor.widenedToFloat32()
            return wide.count == 1 || isSingle ? try wide.asScalar("the scale") : wide
        }

        private func centred(_ tensor: Tensor, _ zero: Tensor) throws(ModelError) -> Tensor {
            let zero = zero.count == 1 ? try zero.reshaped([]) : zero
            guard try broadcastShape(tensor.shape, zero.shape) == tensor.shape else {
                throw ModelError(
                    .invalidInput, "a zero point of shape \(zero.shape) does not fit a tensor of shape \(tensor.shape)")
            }
            return try zipElements(try tensor.converted(to: .float32), try zero.converted(to: .float32)) { (a: Float, b: Float) in
                a - b
            }
        }
    }
}
