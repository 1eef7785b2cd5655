public import SeptumIR
public import SeptumTensor

extension Op {
    /// A layer of simple recurrent units, `h = f(W x + R h + bias)`.
    ///
    /// The argument of f is one chain of fused multiply-adds from the sum of both biases over the input, then over the state.
    ///
    /// - Shape: `(time, batch, features) -> (time, directions, batch, hidden), (directions, batch, hidden)`; batch comes first
    ///   in all of them with `isBatchFirst`.
    /// - Element types: floating point; sequence lengths int32.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#RNN
    public struct RNN: Operator {
        public static let name = "RNN"
        public static let inputCount = 3...6
        public static let outputCount = 1...2

        public var recurrence: Recurrence

        public init(_ recurrence: Recurrence = Recurrence()) { self.recurrence = recurrence }

        public init(_ attributes: inout AttributeReader) throws(ModelError) { recurrence = try Recurrence(&attributes) }

        public var attributes: Attributes { recurrence.attributes }

        /// The activation f of a direction.
        public func activations(_ direction: Int) throws(ModelError) -> [RecurrentActivation] {
            try recurrence.activations(direction, defaults: [.tanh])
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            try recurrence.infer(inputs, gates: 1, stateCount: 1, activationCount: 1)
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let shapes = try outputShapes(inputs)
            if let results = try evaluatedInFloat32(inputs) { return results }
            let type = try inputs.tensor(0).elementType
            return switch type {
            case .float32: try run(inputs, shapes, of: Float.self)
            case .float64: try run(inputs, shapes, of: Double.self)
            default: throw unexpected(type)
            }
        }

        private func run<T: RealScalar>(_ inputs: Arguments, _ shapes: [[Int]], of type: T.Type) throws(ModelError) -> [Value] {
            let activations = [try activations(0), try activations(recurrence.directionCount - 1)]
            return try recurrence.run(inputs, shapes, gates: 1, of: type) { weights, direction, x, states in
                let h = states[0]
                for unit in h.indices {
                    states[0][unit] = activations[direction][0](recurrence.clipped(weights.overBoth(unit, x, h)))
                }
            }
        }
    }
}
