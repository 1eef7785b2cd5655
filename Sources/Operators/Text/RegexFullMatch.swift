public import SeptumIR
public import SeptumTensor

extension Op {
    /// Whether a regular expression in RE2's syntax matches each string from its first to its last character.
    ///
    /// - Shape: any -> the same.
    /// - Element types: string -> bool.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#RegexFullMatch
    public struct RegexFullMatch: Operator {
        public static let name = "RegexFullMatch"
        public static let inputCount = 1...1

        public let pattern: String
        private let expression: RegularExpression

        /// - Throws: `unsupported` or `invalidModel` when the pattern is not understood.
        public init(pattern: String) throws(ModelError) {
            self.pattern = pattern
            expression = try RegularExpression(pattern)
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            try self.init(pattern: try AttributeReader.require(try attributes.string("pattern"), "pattern"))
        }

        public var attributes: Attributes { [("pattern", .string(pattern))] }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            [Fact(.bool, try inputs.tensor(0, of: [.string]).shape)]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            _ = try infer(inputs.facts)
            let x = try inputs.tensor(0)
            return [.tensor(try Tensor(x.shape, x.strings.map { Bool8(expression.matches($0)) }))]
        }
    }
}
