public import SeptumIR
public import SeptumTensor

extension Op {
    /// One with the probability that the input holds, zero otherwise.
    ///
    /// - Shape: any, kept.
    /// - Element types: floating point `->` numbers, bool.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#Bernoulli
    public struct Bernoulli: RandomOperator {
        public static let name = "Bernoulli"
        public static let inputCount = 1...1

        /// Nil means the input's.
        public var elementType: ElementType?
        public var seed: Float?

        public init(elementType: ElementType? = nil, seed: Float? = nil) {
            self.elementType = elementType
            self.seed = seed
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            elementType = try attributes.elementType("dtype")
            seed = try Self.seed(&attributes)
        }

        public var attributes: Attributes { (elementType.map { [("dtype", .int(Int($0.rawValue)))] } ?? []) + seedAttributes }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let type = try inputs.tensor(0, of: ElementType.arithmeticFloats)
            try ElementTypeSet.numbers.union(ElementTypeSet.bool).admit(elementType ?? type.elementType, attribute: "dtype")
            return [Fact(elementType ?? type.elementType, type.shape)]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            _ = try infer(inputs.facts)
            let x = try inputs.tensor(0)
            let probabilities = try x.doubles
            if let wrong = probabilities.first(where: { !($0 >= 0 && $0 <= 1) }) {
                throw ModelError(.invalidInput, "found the probability \(wrong), expected 0 to 1")
            }
            let result = try RandomStream(seed: seed, .bernoulli).tensor(x.shape, elementType ?? x.elementType) { stream, index in
                stream.uniform(index) < probabilities[index] ? 1 : 0
            }
            return [.tensor(result)]
        }
    }
}
