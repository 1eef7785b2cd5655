public import SeptumIR
public import SeptumTensor

extension Op {
    /// The determinants of square matrices, by elimination with partial pivoting.
    ///
    /// - Shape: `(..., m, m) -> (...)`
    /// - Element types: floating point.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#Det
    public struct Det: Operator {
        public static let name = "Det"
        public static let inputCount = 1...1

        public init() {}
        public init(_ attributes: inout AttributeReader) throws(ModelError) {}

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let type = try inputs.tensor(0, of: ElementType.arithmeticFloats)
            guard let shape = type.shape else { return [Fact(type.elementType, nil)] }
            guard shape.count >= 2 else { throw ModelError(.invalidModel, "found \(type), expected square matrices") }
            _ = try sharedDimension(shape[shape.count - 2], shape[shape.count - 1], "the sides of the matrix")
            return [Fact(type.elementType, Array(shape.dropLast(2)))]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let shape = try outputShapes(inputs)[0]
            if let results = try evaluatedInFloat32(inputs) { return results }
            let x = try inputs.tensor(0)
            return switch x.elementType {
            case .float32: [.tensor(try determinants(x, shape, of: Float.self))]
            case .float64: [.tensor(try determinants(x, shape, of: Double.self))]
            default: throw unexpected(x.elementType)
            }
        }

        private func determinants<T: ChainScalar & BinaryFloatingPoint>(
            _ x: Tensor, _ shape: [Int], of type: T.Type
        ) throws(ModelError) -> Tensor {
            let side = x.shape[x.shape.count - 1]
            return try x.withElements(of: type) { (elements) throws(ModelError) in
                try Tensor(shape) { (target: UnsafeMutableBufferPointer<T>) in
                    for index in target.indices {
                        target[index] = determinant(Array(elements[(index * side * side)..<((index + 1) * side * side)]), side)
                    }
                }
            }
        }

        private func determinant<T: ChainScalar & BinaryFloatingPoint>(_ matrix: [T], _ side: Int) -> T {
            var a = matrix
            var product: T = 1
            for column in 0..<side {
                var pivot = column
                for row in column..<side where a[row * side + column].magnitude > a[pivot * side + column].magnitude {
                    pivot = row
                }
                if pivot != column {
                    for index in 0..<side { a.swapAt(column * side + index, pivot * side + index) }
                    product = -product
                }
                let diagonal = a[column * side + column]
                product *= diagonal
                guard diagonal != 0 else { return product }
                for row in (column + 1)..<max(side, column + 1) {
                    let factor = -a[row * side + column] / diagonal
                    for index in column..<side {
                        a[row * side + index] = a[row * side + index].adding(factor, times: a[column * side + index])
                    }
                }
            }
            return product
        }
    }
}
