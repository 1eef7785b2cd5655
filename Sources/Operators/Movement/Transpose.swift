public import SeptumIR
public import SeptumTensor

extension Op {
    /// Permutes the axes: axis `i` of the result is axis `permutation[i]` of the input.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#Transpose
    public struct Transpose: PassThroughOperator {
        public static let name = "Transpose"
        public static let inputCount = 1...1

        /// Nil reverses the axes.
        public var permutation: [Int]?

        public init(permutation: [Int]? = nil) { self.permutation = permutation }
        public init(_ attributes: inout AttributeReader) throws(ModelError) { permutation = try attributes.ints("perm") }
        public var attributes: Attributes { permutation.map { [("perm", .ints($0))] } ?? [] }

        public func isIdentity(_ inputs: Facts) -> Bool {
            guard let shape = inputs[0]?.type.tensor?.shape, let order = try? order(rank: shape.count) else { return false }
            return order == Array(shape.indices)
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let data = try inputs.tensor(0)
            guard let shape = data.shape else {
                return [Fact(data.elementType, Facts.unknownShape(permutation?.count))]
            }
            return moved(inputs, data.elementType, try order(rank: shape.count).map { shape[$0] })
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let data = try inputs.tensor(0)
            let order = try order(rank: data.shape.count)
            let strides = rowMajorStrides(data.shape)
            return [.tensor(try data.strided(order.map { data.shape[$0] }, order.map { strides[$0] }))]
        }

        /// The axes of the input in the order of the result.
        public func order(rank: Int) throws(ModelError) -> [Int] {
            guard let permutation else { return (0..<rank).reversed() }
            guard permutation.sorted() == Array(0..<rank) else {
                throw ModelError(
                    .invalidModel, "found \(permutation), expected each axis of rank \(rank) once", attribute: "perm")
            }
            return permutation
        }
    }
}
