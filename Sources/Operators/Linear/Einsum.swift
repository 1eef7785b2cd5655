public import SeptumIR
public import SeptumTensor

extension Op {
    /// A sum of products named by index letters, such as `bij,bjk->bik`; without `->` the letters that occur once are kept.
    ///
    /// Every element is one chain from 0 over the summed letters, the first to appear in the equation outermost: each term is
    /// one fused multiply-add of the last operand's element with the product of the others, rounded from left to right.
    ///
    /// - Shape: by the equation; `...` stands for leading dimensions that broadcast.
    /// - Element types: floating point and integers (wrapping).
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#Einsum
    public struct Einsum: Operator {
        public static let name = "Einsum"
        public static let inputCount = 1...Int.max

        public var equation: String

        public init(equation: String) { self.equation = equation }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            equation = try AttributeReader.require(try attributes.string("equation"), "equation")
            _ = try EinsumEquation(equation)
        }

        public var attributes: Attributes { [("equation", .string(equation))] }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let numbers = ElementType.matrixElements + [.int8, .int16, .uint8, .uint16]
            let type = try inputs.tensor(0, of: numbers).elementType
            var shapes: [[Dimension]] = []
            for index in 0..<inputs.count {
                if let shape = try inputs.tensor(index, of: [type]).shape { shapes.append(shape) }
            }
            let equation = try EinsumEquation(equation)
            guard equation.operands.count == inputs.count else {
                throw ModelError(
                    .invalidModel, "found \(equation.operands.count) operands for \(inputs.count) inputs", attribute: "equation")
            }
            guard shapes.count == inputs.count else { return [Fact(type, nil)] }
            return [Fact(type, try equation.bound(to: shapes).outputShape)]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let shape = try outputShapes(inputs)[0]
            if let results = try evaluatedInFloat32(inputs) { return results }
            let type = try inputs.tensor(0).elementType
            return switch type {
            case .float32: [.tensor(try sum(inputs, shape, of: Float.self))]
            case .float64: [.tensor(try sum(inputs, shape, of: Double.self))]
            case .int8: [.tensor(try sum(inputs, shape, of: Int8.self))]
            case .int16: [.tensor(try sum(inputs, shape, of: Int16.self))]
            case .int32: [.tensor(try sum(inputs, shape, of: Int32.self))]
            case .int64: [.tensor(try sum(inputs, shape, of: Int64.self))]
            case .uint8: [.tensor(try sum(inputs, shape, of: UInt8.self))]
            case .uint16: [.tensor(try sum(inputs, shape, of: UInt16.self))]
            case .uint32: [.tensor(try sum(inputs, shape, of: UInt32.self))]
            case .uint64: [.tensor(try sum(inputs, shape, of: UInt64.self))]
            default: throw unexpected(type)
            }
        }

        private func sum<T: ChainScalar>(_ inputs: Arguments, _ shape: [Int], of type: T.Type) throws(ModelError) -> Tensor {
            var tensors: [Tensor] = []
            for index in 0..<inputs.count { tensors.append(try inputs.tensor(index)) }
            let bound = try EinsumEquation(equation).bound(to: tensors.map { $0.shape.map(Dimension.fixed) })
            let summed = bound.summed.compactMap { bound.sizes[$0]?.number }
            _ = try Tensor.elementCount(summed)
            let outer = tensors.indices.map { Strided(shape, bound.strides($0, tensors[$0].shape, bound.output)) }
            let inner = tensors.indices.map { bound.strides($0, tensors[$0].shape, bound.summed) }
            return try withElements(tensors, of: type) { (buffers) throws(ModelError) in
                let operands = buffers.compactMap { $0 }
                return try Tensor(shape) { (target: UnsafeMutableBufferPointer<T>) in
                    var outer = outer
                    for index in target.indices {
                        let starts = outer.indices.map { outer[$0].next() ?? 0 }
                        var offsets = inner.map { Strided(summed, $0) }
                        var sum: T = 0
                        for _ in 0..<summed.reduce(1, &*) {
                            var product: T = 1
                            for operand in operands.indices.dropLast() {
                                product = product.wrappingMultiplied(
                                    by: operands[operand][starts[operand] + (offsets[operand].next() ?? 0)])
                            }
                            let last = operands.count - 1
                            sum = sum.adding(product, times: operands[last][starts[last] + (offsets[last].next() ?? 0)])
                        }
                        target[index] = sum
                    }
                }
            }
        }
    }
}
