public import SeptumIR
public import SeptumTensor

extension Op {
    /// Passes its first input through, with a mask of what is kept: everything, but for training mode.
    ///
    /// In training mode an element is kept with a probability of one less the ratio, and divided by it, or becomes zero.
    ///
    /// - Shape: `data[...], ratio[], mode[] -> data[...], mask[...]`
    /// - Element types: floating point, float8; the mode and the mask are bool.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#Dropout
    public struct Dropout: PassThroughOperator {
        public static let name = "Dropout"
        public static let inputCount = 1...3
        public static let outputCount = 1...2
        /// Of use in training mode only; nil counts as 0.
        public var seed: Int?

        public init(seed: Int? = nil) { self.seed = seed }
        public init(_ attributes: inout AttributeReader) throws(ModelError) { seed = try attributes.int("seed") }
        public var attributes: Attributes { seed.map { [("seed", .int($0))] } ?? [] }
        /// As for a `RandomOperator`: what is drawn is no part of the model.
        public var isDeterministic: Bool { false }

        public func isIdentity(_ inputs: Facts) -> Bool {
            guard inputs[2] != nil else { return true }
            guard let training = inputs[2]?.constant?.integers else { return false }
            if training.allSatisfy({ $0 == 0 }) { return true }
            guard let ratio = inputs[1]?.constant else { return false }
            return (try? number(ratio)) == 0
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let data = try inputs.tensor(0)
            let types = ElementTypeSet.floats.union([.float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz])
            try types.admit(data.elementType, input: 0)
            if inputs[1] != nil { try types.admit(try inputs.tensor(1).elementType, input: 1) }
            if inputs[2] != nil { try ElementTypeSet.bool.admit(try inputs.tensor(2).elementType, input: 2) }
            return [Fact(data.elementType, data.shape), Fact(.bool, data.shape)]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            _ = try infer(inputs.facts)
            let data = try inputs.tensor(0)
            var ratio = 0.0
            if let training = inputs.optionalTensor(2), try inputs.truth(training) {
                ratio = try inputs.optionalTensor(1).map(number) ?? 0.5
            }
            guard ratio >= 0, ratio < 1 else { throw ModelError(.invalidInput, "found the ratio \(ratio), expected [0, 1)") }
            let stream = RandomStream(seed: seed ?? 0, .dropout)
            let mask = try Tensor(data.shape) { (mask: UnsafeMutableBufferPointer<Bool8>) in
                for index in mask.indices { mask[index] = Bool8(ratio == 0 || stream.uniform(index) >= ratio) }
            }
            guard ratio > 0 else { return [.tensor(data), .tensor(mask)] }
            let kept = try RealTensor(data).zip(try RealTensor(mask)) { $1 == 0 ? 0 : $0 / (1 - ratio) }
            return [try kept.rounded(to: data.elementType), .tensor(mask)]
        }

        private func number(_ ratio: Tensor) throws(ModelError) -> Double {
            guard ratio.count == 1, let number = try ratio.converted(to: .float64).array(of: Double.self).first else {
                throw ModelError(.invalidInput, "the ratio has the shape \(ratio.shape), expected one number")
            }
            return number
        }
    }
}
