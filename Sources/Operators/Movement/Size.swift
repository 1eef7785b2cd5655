public import SeptumIR
public import SeptumTensor

extension Op {
    /// The number of elements.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#Size
    public struct Size: Operator {
        public static let name = "Size"
        public static let inputCount = 1...1

        public init() {}
        public init(_ attributes: inout AttributeReader) throws(ModelError) {}

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let size = try inputs.tensor(0).shape.map { Dimension.product($0) }
            return [Fact(.int64, [], elements: size.map { [$0] })]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            [.tensor(try Tensor([], [Int64(try inputs.tensor(0).count)]))]
        }
    }

    /// A tensor of the given shape that holds one value everywhere.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#ConstantOfShape
    public struct ConstantOfShape: Operator {
        public static let name = "ConstantOfShape"
        public static let inputCount = 1...1

        /// One element; nil means a float32 zero.
        public var value: Tensor?

        public init(value: Tensor? = nil) { self.value = value }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            value = try attributes.tensor("value")
            if let value, value.count != 1 {
                throw ModelError(.invalidModel, "found \(value.count) elements, expected 1", attribute: "value")
            }
        }

        public var attributes: Attributes { value.map { [("value", .tensor($0))] } ?? [] }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            _ = try inputs.tensor(0)
            let shape = inputs.elements(0) ?? Facts.unknownShape(inputs.elementCount(0))
            if let negative = shape?.first(where: { ($0.number ?? 0) < 0 }) {
                throw ModelError(.invalidModel, "the shape has a dimension of \(negative)")
            }
            return [Fact(value?.elementType ?? .float32, shape)]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let shape = try inputs.integers(0)
            guard let value else { return [.tensor(try Tensor(zeros: .float32, shape))] }
            guard value.count == 1 else { throw ModelError(.invalidModel, "expected one element", attribute: "value") }
            return [.tensor(try value.strided(shape, Array(repeating: 0, count: shape.count)))]
        }
    }
}
