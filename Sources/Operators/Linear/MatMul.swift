public import SeptumIR
public import SeptumTensor

extension Op {
    /// The matrix product of stacks of matrices.
    ///
    /// Every element is one chain of fused multiply-adds from 0 over ascending k.
    ///
    /// - Shape: `(..., m, k), (..., k, n) -> (..., m, n)`; leading dimensions broadcast, a vector is a row or a column.
    /// - Element types: floating point, 32- and 64-bit integers (wrapping).
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#MatMul
    public struct MatMul: Operator {
        public static let name = "MatMul"
        public static let inputCount = 2...2

        public init() {}
        public init(_ attributes: inout AttributeReader) throws(ModelError) {}

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let a = try inputs.tensor(0, of: ElementType.matrixElements)
            let b = try inputs.tensor(1, of: [a.elementType])
            return [Fact(a.elementType, try matrixProductShape(a.shape, b.shape))]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let shape = try outputShapes(inputs)[0]
            if let results = try evaluatedInFloat32(inputs) { return results }
            let (a, b) = (try inputs.tensor(0), try inputs.tensor(1))
            return switch a.elementType {
            case .float32: [.tensor(try matrixProduct(a, b, shape, of: Float.self))]
            case .float64: [.tensor(try matrixProduct(a, b, shape, of: Double.self))]
            case .int32: [.tensor(try matrixProduct(a, b, shape, of: Int32.self))]
            case .int64: [.tensor(try matrixProduct(a, b, shape, of: Int64.self))]
            case .uint32: [.tensor(try matrixProduct(a, b, shape, of: UInt32.self))]
            case .uint64: [.tensor(try matrixProduct(a, b, shape, of: UInt64.self))]
            default: throw unexpected(a.elementType)
            }
        }
    }
}

/// The shape of a matrix product by the rules of numpy; nil when a rank is unknown.
///
/// - Throws: `invalidModel` when the shapes do not fit.
func matrixProductShape(_ a: [Dimension]?, _ b: [Dimension]?) throws(ModelError) -> [Dimension]? {
    guard a?.isEmpty != true, b?.isEmpty != true else {
        throw ModelError(.invalidModel, "found a scalar, expected vectors or matrices")
    }
    guard let a, let b else { return nil }
    let left = a.count == 1 ? [1] + a : a
    let right = b.count == 1 ? b + [1] : b
    _ = try sharedDimension(left[left.count - 1], right[right.count - 2], "the inner dimensions")
    guard let stack = try broadcastShape([Array(left.dropLast(2)), Array(right.dropLast(2))]) else { return nil }
    return stack + (a.count == 1 ? [] : [left[left.count - 2]]) + (b.count == 1 ? [] : [right[right.count - 1]])
}

/// The matrix product of tensors whose shapes give `shape` by the type rule.
func matrixProduct<T: ChainScalar>(
    _ a: Tensor, _ b: Tensor, _ shape: [Int], of type: T.Type
) throws(ModelError) -> Tensor {
    let left = a.shape.count == 1 ? [1] + a.shape : a.shape
    let right = b.shape.count == 1 ? b.shape + [1] : b.shape
    let (m, k, n) = (left[left.count - 2], left[left.count - 1], right[right.count - 1])
    let stack = try broadcastShape(Array(left.dropLast(2)), Array(right.dropLast(2)))
    let leftOffsets = Strided(stack, broadcastStrides(Array(left.dropLast(2)), to: stack))
    let rightOffsets = Strided(stack, broadcastStrides(Array(right.dropLast(2)), to: stack))
    return try withElements([a, b], of: type) { (buffers) throws(ModelError) in
        try Tensor(shape) { (c: UnsafeMutableBufferPointer<T>) in
            guard let a = buffers[0]?.baseAddress, let b = buffers[1]?.baseAddress, let c = c.baseAddress else { return }
            for (index, (i, j)) in zip(leftOffsets, rightOffsets).enumerated() {
                addProduct(
                    Matrix(a + i &* m &* k, columns: k), Matrix(b + j &* k &* n, columns: n), to: c + index &* m &* n,
                    m: m, k: k, n: n)
            }
        }
    }
}
