public import SeptumIR
public import SeptumTensor

extension Op {
    /// The matrix product of 8-bit integers less their zero points, wrapping in int32.
    ///
    /// - Shape: `(..., m, k), (..., k, n) -> (..., m, n)`. The zero point of A is a scalar, one for each row `(m)` or
    ///   `(..., m, 1)`, that of B a scalar, one for each column `(n)` or `(..., 1, n)`.
    /// - Element types: int8 and uint8 -> int32.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#MatMulInteger
    public struct MatMulInteger: Operator {
        public static let name = "MatMulInteger"
        public static let inputCount = 2...4

        public init() {}
        public init(_ attributes: inout AttributeReader) throws(ModelError) {}

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let a = try inputs.tensor(0, of: [.int8, .uint8])
            let b = try inputs.tensor(1, of: [.int8, .uint8])
            _ = try inputs.optionalTensor(2, of: [a.elementType])
            _ = try inputs.optionalTensor(3, of: [b.elementType])
            return [Fact(.int32, try matrixProductShape(a.shape, b.shape))]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let shape = try outputShapes(inputs)[0]
            let a = try subtractingZeroPoint(try inputs.tensor(0), try inputs.optionalTensor(2)?.asColumn())
            let b = try subtractingZeroPoint(try inputs.tensor(1), inputs.optionalTensor(3))
            return [.tensor(try matrixProduct(a, b, shape, of: Int32.self))]
        }
    }
}

extension Tensor {
    /// A list as a column, so that each element goes with a row of what it is broadcast to; others as they are.
    func asColumn() throws(ModelError) -> Tensor { shape.count == 1 && count > 1 ? try reshaped([count, 1]) : self }
}

/// 8-bit integers less a zero point that broadcasts to them, in int32.
///
/// - Throws: `invalidInput` when the zero point does not broadcast.
func subtractingZeroPoint(_ tensor: Tensor, _ zero: Tensor?) throws(ModelError) -> Tensor {
    guard let values = tensor.integers, let zeros = zero.map(\.integers) ?? [0] else {
        throw ModelError(.invalidInput, "found \(tensor.elementType), expected 8-bit integers")
    }
    var zeroShape = zero?.shape ?? []
    if zeros.count == 1 { zeroShape = [] }
    guard try broadcastShape(tensor.shape, zeroShape) == tensor.shape else {
        throw ModelError(.invalidInput, "a zero point of shape \(zeroShape) does not fit a tensor of shape \(tensor.shape)")
    }
    let offsets = Strided(tensor.shape, broadcastStrides(zeroShape, to: tensor.shape))
    return try Tensor(tensor.shape) { (target: UnsafeMutableBufferPointer<Int32>) in
        for (index, offset) in offsets.enumerated() { target[index] = Int32(truncatingIfNeeded: values[index] - zeros[offset]) }
    }
}
