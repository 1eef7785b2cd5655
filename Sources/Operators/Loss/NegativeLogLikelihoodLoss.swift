public import SeptumIR
public import SeptumTensor

extension Op {
    /// Minus the logarithm of the probability of the target class, times the weight of that class.
    ///
    /// Computed in float64 and rounded once; sums run in row-major order.
    ///
    /// - Shape: log-probabilities `(n, classes, ...)`, targets `(n, ...)`, weights `(classes) -> (n, ...)`, or a scalar when
    ///   reduced.
    /// - Element types: floating point; targets int32 and int64.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#NegativeLogLikelihoodLoss
    public struct NegativeLogLikelihoodLoss: Operator {
        public static let name = "NegativeLogLikelihoodLoss"
        public static let inputCount = 2...3

        public var reduction: LossReduction

        public init(_ reduction: LossReduction = LossReduction()) { self.reduction = reduction }
        public init(_ attributes: inout AttributeReader) throws(ModelError) { reduction = try LossReduction(&attributes) }
        public var attributes: Attributes { reduction.attributes }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] { [try reduction.infer(inputs).loss] }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            _ = try infer(inputs.facts)
            let logarithms = try inputs.tensor(0)
            return [.tensor(try reduction.loss(try logarithms.converted(to: .float64), inputs, as: logarithms.elementType))]
        }
    }

    /// The negative log-likelihood loss of the softmax over the classes; on request the logarithm of that softmax.
    ///
    /// Computed in float64 and rounded once; sums run in row-major order.
    ///
    /// - Shape: scores `(n, classes, ...)`, labels `(n, ...)`, weights `(classes) -> (n, ...)`, or a scalar when reduced; the
    ///   logarithms have the shape of the scores.
    /// - Element types: floating point; labels int32 and int64.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#SoftmaxCrossEntropyLoss
    public struct SoftmaxCrossEntropyLoss: Operator {
        public static let name = "SoftmaxCrossEntropyLoss"
        public static let inputCount = 2...3
        public static let outputCount = 1...2

        public var reduction: LossReduction

        public init(_ reduction: LossReduction = LossReduction()) { self.reduction = reduction }
        public init(_ attributes: inout AttributeReader) throws(ModelError) { reduction = try LossReduction(&attributes) }
        public var attributes: Attributes { reduction.attributes }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let (loss, scores) = try reduction.infer(inputs)
            return [loss, Fact(.tensor(scores))]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            _ = try infer(inputs.facts)
            let scores = try inputs.tensor(0)
            let wide = try scores.converted(to: .float64)
            let logarithms = try ElementType.float64.dispatch(SliceMap(x: wide, axes: [1], real: LogSoftmax().normalize))
            let loss = try reduction.loss(logarithms, inputs, as: scores.elementType)
            return [.tensor(loss), .tensor(try logarithms.converted(to: scores.elementType))]
        }
    }
}
