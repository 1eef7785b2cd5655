public import SeptumIR
public import SeptumTensor

extension Op {
    /// The same elements as a matrix: dimensions before `axis` become the rows, the others the columns.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#Flatten
    public struct Flatten: PassThroughOperator {
        public static let name = "Flatten"
        public static let inputCount = 1...1

        /// From `-rank` to `rank`.
        public var axis: Int

        public init(axis: Int = 1) { self.axis = axis }
        public init(_ attributes: inout AttributeReader) throws(ModelError) { axis = try attributes.int("axis") ?? 1 }
        public var attributes: Attributes { [("axis", .int(axis))] }

        public func isIdentity(_ inputs: Facts) -> Bool {
            areProvablyEqual(inputs[0]?.type.tensor?.shape, (try? infer(inputs))?.first?.type.tensor?.shape)
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let data = try inputs.tensor(0)
            guard let shape = data.shape else { return [Fact(data.elementType, [.unknown, .unknown])] }
            let split = try position(rank: shape.count)
            return moved(inputs, data.elementType, [.product(shape[..<split]), .product(shape[split...])])
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let data = try inputs.tensor(0)
            let split = try position(rank: data.shape.count)
            let rows = try Tensor.elementCount(Array(data.shape[..<split]))
            return [.tensor(try data.reshaped([rows, try Tensor.elementCount(Array(data.shape[split...]))]))]
        }

        private func position(rank: Int) throws(ModelError) -> Int {
            axis == rank ? rank : try normalizedAxis(axis, rank: max(rank, 1))
        }
    }
}
