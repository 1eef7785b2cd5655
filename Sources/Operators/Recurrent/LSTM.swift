public import SeptumIR
public import SeptumTensor

extension Op {
    /// A layer of long short-term memory units; weights hold the input, output, forget and cell gates in this order.
    ///
    /// Gates are one chain of fused multiply-adds from the sum of both biases over the input, then over the state, then the
    /// peephole. The new cell is `fma(forget, cell, input * candidate)`. Clipping leaves the cell alone, as in ONNX Runtime.
    ///
    /// - Shape: `(time, batch, features) -> (time, directions, batch, hidden), (directions, batch, hidden)` twice; batch comes
    ///   first in all of them with `isBatchFirst`.
    /// - Element types: floating point; sequence lengths int32.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#LSTM
    public struct LSTM: Operator {
        public static let name = "LSTM"
        public static let inputCount = 3...8
        public static let outputCount = 1...3

        public var recurrence: Recurrence
        /// Whether the forget gate is one less the input gate.
        public var couplesInputAndForget: Bool

        public init(_ recurrence: Recurrence = Recurrence(), couplesInputAndForget: Bool = false) {
            self.recurrence = recurrence
            self.couplesInputAndForget = couplesInputAndForget
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            recurrence = try Recurrence(&attributes)
            couplesInputAndForget = try attributes.int("input_forget") ?? 0 != 0
        }

        public var attributes: Attributes { recurrence.attributes + [("input_forget", .int(couplesInputAndForget ? 1 : 0))] }

        /// The activations f (gates), g (candidate) and h (what the cell shows) of a direction.
        public func activations(_ direction: Int) throws(ModelError) -> [RecurrentActivation] {
            try recurrence.activations(direction, defaults: [.sigmoid, .tanh, .tanh])
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let facts = try recurrence.infer(inputs, gates: 4, stateCount: 2, activationCount: 3)
            let type = try inputs.tensor(0).elementType
            for index in [6, 7] { _ = try inputs.optionalTensor(index, of: [type]) }
            let hidden = facts[1].type.tensor?.shape?.last ?? .unknown
            try recurrence.check(inputs, 7, [.fixed(recurrence.directionCount), hidden * 3], "the peepholes")
            return facts
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
            return try recurrence.run(inputs, shapes, gates: 4, peepholes: 7, of: type) { weights, direction, x, states in
                let (h, cell, hidden) = (states[0], states[1], weights.hidden)
                let (f, g, shown) = (activations[direction][0], activations[direction][1], activations[direction][2])
                for unit in h.indices {
                    // Peepholes: input 0, output 1, forget 2; gates: input 0, output 1, forget 2, candidate 3.
                    let gate = { (index: Int, cell: T) -> T in
                        let sum = weights.overBoth(index * hidden + unit, x, h)
                        let peephole = weights.peepholes.isEmpty ? 0 : weights.peepholes[index * hidden + unit]
                        return f(recurrence.clipped(weights.peepholes.isEmpty ? sum : sum.adding(peephole, times: cell)))
                    }
                    let input = gate(0, cell[unit])
                    let forget = couplesInputAndForget ? 1 - input : gate(2, cell[unit])
                    let candidate = g(recurrence.clipped(weights.overBoth(3 * hidden + unit, x, h)))
                    let next = (input * candidate).adding(forget, times: cell[unit])
                    states[1][unit] = next
                    states[0][unit] = gate(1, next) * shown(next)
                }
            }
        }
    }
}
