public import SeptumIR
public import SeptumTensor

extension Op {
    /// Passes its input through.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#Identity
    public struct Identity: PassThroughOperator {
        public static let name = "Identity"
        public static let inputCount = 1...1

        public init() {}
        public init(_ attributes: inout AttributeReader) throws(ModelError) {}

        public func isIdentity(_ inputs: Facts) -> Bool { true }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            guard let fact = inputs[0] else { throw ModelError(.invalidModel, "input 0 is required") }
            return [fact]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            guard let value = inputs[0] else { throw ModelError(.invalidInput, "input 0 is required") }
            return [value]
        }
    }
}
