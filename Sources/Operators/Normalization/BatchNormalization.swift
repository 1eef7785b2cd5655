public import SeptumIR
public import SeptumTensor

extension Op {
    /// Standardises each channel by means and variances, then scales and shifts it.
    ///
    /// They are the given ones or, in training mode, those of the batch; then means and variances that follow them slowly,
    /// `momentum * given + (1 - momentum) * own`, are further outputs. The variance is that of the population.
    ///
    /// - Shape: `x[n, c, ...], scale[c], bias[c], mean[c], variance[c] -> [n, c, ...]`, in training mode also `mean[c], variance[c]`
    /// - Element types: floating point, of each input its own; means and variances keep that of input 3.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#BatchNormalization
    public struct BatchNormalization: Operator {
        public static let name = "BatchNormalization"
        public static let inputCount = 5...5
        public static let outputCount = 1...3
        public var epsilon: Float
        /// Of use in training mode only.
        public var momentum: Float
        public var isTraining: Bool

        public init(epsilon: Float = 1e-5, momentum: Float = 0.9, isTraining: Bool = false) {
            self.epsilon = epsilon
            self.momentum = momentum
            self.isTraining = isTraining
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            self.init(
                epsilon: try attributes.float("epsilon") ?? 1e-5, momentum: try attributes.float("momentum") ?? 0.9,
                isTraining: try attributes.bool("training_mode") ?? false)
        }

        public var attributes: Attributes {
            let common: Attributes = [("epsilon", .float(epsilon)), ("momentum", .float(momentum))]
            return common + (isTraining ? [("training_mode", .int(1))] : [])
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let fact = try channelFact(inputs)
            guard isTraining else {
                guard inputs.outputCount == 1 else {
                    throw ModelError(
                        .invalidModel, "found \(inputs.outputCount) outputs, expected 1 without training mode",
                        attribute: "training_mode")
                }
                return [fact]
            }
            let channels = fact.type.tensor?.shape.map { $0.count < 2 ? 1 : $0[1] } ?? .unknown
            var sizes = [channels]
            for index in 1...4 { sizes.append(try inputs.tensor(index).shape?[0] ?? .unknown) }
            let size = sizes.first { $0.number != nil } ?? sizes.first { $0 != .unknown } ?? .unknown
            let statistics = Fact(try inputs.tensor(3).elementType, [size])
            return [fact, statistics, statistics]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let given = try inputs.tensor(3)
            _ = try infer(inputs.facts)
            let x = try inputs.tensor(0)
            func parameter(_ index: Int) throws(ModelError) -> RealTensor {
                try RealTensor(try inputs.tensor(index)).alongChannels(ofRank: x.shape.count)
            }
            var (mean, variance) = (try parameter(3), try parameter(4))
            var running: [Value] = []
            if isTraining {
                let axes = x.shape.indices.filter { $0 != 1 }
                let (before, momentum) = ((mean, variance), Double(momentum))
                let own = try RealTensor(x).means(axes)
                variance = try RealTensor(x).zip(own, -).map { $0 * $0 }.means(axes).reshaped(variance.tensor.shape)
                mean = try own.reshaped(mean.tensor.shape)
                for (before, now) in [(before.0, mean), (before.1, variance)] {
                    let next = try before.zip(now) { $0 * momentum + $1 * (1 - momentum) }
                    running.append(try next.reshaped(given.shape).rounded(to: given.elementType))
                }
            }
            let deviation = try variance.map { ($0 + Double(epsilon)).squareRoot() }
            let factor = try parameter(1).zip(deviation, /)
            let y = try RealTensor(x).zip(mean, -).zip(factor, *).zip(try parameter(2), +)
            return [try y.rounded(to: x.elementType)] + running
        }
    }
}
