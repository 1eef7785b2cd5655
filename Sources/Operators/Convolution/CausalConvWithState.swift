public import SeptumIR
public import SeptumTensor

extension Op {
    /// A convolution of each channel by itself along one axis that sees only what came before, and what it must remember.
    ///
    /// Every element is one chain of fused multiply-adds from the bias (0 without one) over ascending places of the window,
    /// then the activation. The state is the last `k - 1` elements of the state before and the input; without one there are
    /// zeros.
    ///
    /// - Shape: `(batch, channels, length)`, window `(channels, 1, k)`, bias `(channels)`, state `(batch, channels, k - 1)` ->
    ///   `(batch, channels, length)`, `(batch, channels, k - 1)`.
    /// - Element types: float32, float16, bfloat16.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#CausalConvWithState
    public struct CausalConvWithState: Operator {
        public static let name = "CausalConvWithState"
        public static let inputCount = 2...4
        public static let outputCount = 1...2

        public enum Activation: String, CaseIterable, Sendable { case none, silu, swish }

        public var activation: Activation

        public init(activation: Activation = .none) { self.activation = activation }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            activation = try attributes.choice("activation") ?? .none
        }

        public var attributes: Attributes { [("activation", .string(activation.rawValue))] }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let type = try inputs.tensor(0, of: [.float32, .float16, .bfloat16]).elementType
            _ = try inputs.tensor(1, of: [type])
            for index in [2, 3] { _ = try inputs.optionalTensor(index, of: [type]) }
            var x = try inputs.shape(0, rank: 3) ?? [.unknown, .unknown, .unknown]
            let w = try inputs.shape(1, rank: 3) ?? [.unknown, 1, .unknown]
            x[1] = try sharedDimension(x[1], w[0], "the channels of the input and of the window")
            _ = try sharedDimension(w[1], 1, "the second axis of the window")
            if let bias = try inputs.shape(2, rank: 1) { x[1] = try sharedDimension(x[1], bias[0], "the channels of the bias") }
            guard w[2].number ?? 1 > 0 else { throw ModelError(.invalidModel, "the window is empty") }
            var state = [x[0], x[1], w[2] == .unknown ? .unknown : w[2] - 1]
            if let past = try inputs.shape(3, rank: 3) {
                for axis in 0..<3 { state[axis] = try sharedDimension(state[axis], past[axis], "the state") }
            }
            return [Fact(type, [state[0], state[1], x[2]]), Fact(type, state)]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let shapes = try outputShapes(inputs)
            if let results = try evaluatedInFloat32(inputs) { return results }
            let (shape, remembered) = (shapes[0], shapes[1][2])
            let (length, window) = (shape[2], remembered + 1)
            let lines = shape[2] == 0 && remembered == 0 ? 0 : try Tensor.elementCount([shape[0], shape[1]])
            let none = try Tensor(zeros: .float32, shapes[1])
            let past = inputs.optionalTensor(3) ?? none
            var output: [Float] = []
            var state: [Float] = []
            try withElements([try inputs.tensor(0), try inputs.tensor(1), inputs.optionalTensor(2), past], of: Float.self) {
                (buffers) throws(ModelError) in
                guard let x = buffers[0], let w = buffers[1], let past = buffers[3] else { return }
                for line in 0..<lines {
                    let channel = line % shape[1]
                    let all =
                        Array(past[line * remembered..<(line + 1) * remembered]) + x[line * length..<(line + 1) * length]
                    for start in 0..<length {
                        var sum = buffers[2]?[channel] ?? 0
                        for place in 0..<window { sum = sum.addingProduct(all[start + place], w[channel * window + place]) }
                        output.append(activation == .none ? sum : Float(Swish().value(Double(sum))))
                    }
                    state += all.suffix(remembered)
                }
            }
            return [.tensor(try Tensor(shape, output)), .tensor(try Tensor(shapes[1], state))]
        }
    }
}
