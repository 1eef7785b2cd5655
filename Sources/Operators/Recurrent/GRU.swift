public import SeptumIR
public import SeptumTensor

extension Op {
    /// A layer of gated recurrent units; weights hold the update, reset and hidden gates in this order.
    ///
    /// Gates are one chain of fused multiply-adds from the sum of both biases over the input, then over the state. The hidden
    /// gate takes the chain over `r * h` as its second part; with `appliesResetAfter` it is `fma(r, state, input)` of two
    /// chains, each from its own bias. The new state is `fma(z, h, (1 - z) * candidate)`.
    ///
    /// - Shape: `(time, batch, features) -> (time, directions, batch, hidden), (directions, batch, hidden)`; batch comes first
    ///   in all of them with `isBatchFirst`.
    /// - Element types: floating point; sequence lengths int32.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#GRU
    public struct GRU: Operator {
        public static let name = "GRU"
        public static let inputCount = 3...6
        public static let outputCount = 1...2

        public var recurrence: Recurrence
        /// Whether the reset gate multiplies the state after its weights (`linear_before_reset`).
        public var appliesResetAfter: Bool

        public init(_ recurrence: Recurrence = Recurrence(), appliesResetAfter: Bool = false) {
            self.recurrence = recurrence
            self.appliesResetAfter = appliesResetAfter
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            recurrence = try Recurrence(&attributes)
            appliesResetAfter = try attributes.int("linear_before_reset") ?? 0 != 0
        }

        public var attributes: Attributes {
            recurrence.attributes + [("linear_before_reset", .int(appliesResetAfter ? 1 : 0))]
        }

        /// The activations f (update and reset gates) and g (hidden gate) of a direction.
        public func activations(_ direction: Int) throws(ModelError) -> [RecurrentActivation] {
            try recurrence.activations(direction, defaults: [.sigmoid, .tanh])
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            try recurrence.infer(inputs, gates: 3, stateCount: 1, activationCount: 2)
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
            return try recurrence.run(inputs, shapes, gates: 3, of: type) { weights, direction, x, states in
                let (h, hidden, f, g) = (states[0], weights.hidden, activations[direction][0], activations[direction][1])
                let update = h.indices.map { f(recurrence.clipped(weights.overBoth($0, x, h))) }
                let reset = h.indices.map { f(recurrence.clipped(weights.overBoth(hidden + $0, x, h))) }
                let kept = h.indices.map { reset[$0] * h[$0] }
                for unit in h.indices {
                    let row = 2 * hidden + unit
                    let sum: T
                    if appliesResetAfter {
                        let fromState = weights.overState(row, from: weights.stateBias(row), h)
                        sum = weights.overInput(row, from: weights.inputBias(row), x).adding(reset[unit], times: fromState)
                    } else {
                        sum = weights.overBoth(row, x, kept)
                    }
                    let candidate = g(recurrence.clipped(sum))
                    states[0][unit] = ((1 - update[unit]) * candidate).adding(update[unit], times: h[unit])
                }
            }
        }
    }
}
