public import SeptumIR
public import SeptumTensor

extension Op {
    /// Passes its first input through, with a mask of what is kept: everything. Dropping, as in training, is refused.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#Dropout
    public struct Dropout: PassThroughOperator {
        public static let name = "Dropout"
        public static let inputCount = 1...3
        public static let outputCount = 1...2
        /// Of use in training only.
        public var seed: Int?

        public init(seed: Int? = nil) { self.seed = seed }
        public init(_ attributes: inout AttributeReader) throws(ModelError) { seed = try attributes.int("seed") }
        public var attributes: Attributes { seed.map { [("seed", .int($0))] } ?? [] }

        public func isIdentity(_ inputs: Facts) -> Bool {
            inputs[2] == nil || inputs[2]?.constant.map { !drops(ratio: inputs[1]?.constant, training: $0) } ?? false
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let data = try inputs.tensor(0)
            try Set.floats.union([.float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz]).admit(data.elementType, input: 0)
            if inputs[2] != nil { try Set.bool.admit(try inputs.tensor(2).elementType, input: 2) }
            if inputs[1] == nil || inputs[1]?.constant != nil { try refuse(inputs[1]?.constant, inputs[2]?.constant) }
            return [Fact(data.elementType, data.shape), Fact(.bool, data.shape)]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            _ = try infer(inputs.facts)
            try refuse(inputs.optionalTensor(1), inputs.optionalTensor(2))
            let data = try inputs.tensor(0)
            let mask = try Tensor(data.shape) { (mask: UnsafeMutableBufferPointer<Bool8>) in mask.update(repeating: true) }
            return [.tensor(data), .tensor(mask)]
        }

        private func refuse(_ ratio: Tensor?, _ training: Tensor?) throws(ModelError) {
            guard let training, drops(ratio: ratio, training: training) else { return }
            throw ModelError(
                .unsupported, "the model drops elements at random, as in training", remedy: "export it in evaluation mode")
        }

        private func drops(ratio: Tensor?, training: Tensor) -> Bool {
            guard training.integers?.contains(where: { $0 != 0 }) ?? true else { return false }
            guard let ratio, let number = try? ratio.converted(to: .float64).array(of: Double.self).first else { return true }
            return number != 0
        }
    }
}
