public import SeptumIR
public import SeptumTensor

extension Op {
    /// An optional value: the input, or nothing of a given type.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#Optional
    public struct Optional: Operator {
        public static let name = "Optional"
        public static let inputCount = 0...1

        /// The type of what is not there; needed without an input.
        public var type: ValueType?

        public init(type: ValueType? = nil) { self.type = type }
        public init(_ attributes: inout AttributeReader) throws(ModelError) { type = try attributes.type("type") }
        public var attributes: Attributes { type.map { [("type", .type($0))] } ?? [] }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            [Fact(.optional(try AttributeReader.require(inputs[0]?.type ?? type, "type")))]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            [.optional(inputs[0], of: try AttributeReader.require(inputs[0]?.type ?? type, "type"))]
        }
    }

    /// What an optional value holds; other values pass through.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#OptionalGetElement
    public struct OptionalGetElement: PlainOperator {
        public static let name = "OptionalGetElement"
        public static let inputCount = 1...1

        public init() {}

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            guard let fact = inputs[0] else { throw ModelError(.invalidModel, "input 0 is required") }
            if case .optional(let wrapped) = fact.type { return [Fact(wrapped)] }
            return [fact]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            guard let value = inputs[0] else { throw ModelError(.invalidInput, "input 0 is required") }
            guard case .optional(let wrapped, _) = value else { return [value] }
            guard let wrapped else { throw ModelError(.invalidInput, "the optional value is empty") }
            return [wrapped]
        }
    }

    /// Whether there is an input, and if it is optional, whether it holds something.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#OptionalHasElement
    public struct OptionalHasElement: PlainOperator {
        public static let name = "OptionalHasElement"
        public static let inputCount = 0...1

        public init() {}

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] { [Fact(.bool, [])] }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            var isThere = inputs[0] != nil
            if case .optional(nil, _)? = inputs[0] { isThere = false }
            return [.tensor(try Tensor([], [Bool8(isThere)]))]
        }
    }
}
