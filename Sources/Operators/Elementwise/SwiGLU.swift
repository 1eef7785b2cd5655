public import SeptumIR
public import SeptumTensor

extension Op {
    /// The swish of a gate times a value: `a * sigmoid(alpha * a) * b`.
    ///
    /// - Shape: gate and value of the same shape -> that shape.
    /// - Element types: floating point.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#SwiGLU
    public struct SwiGLU: BinaryOperator, AlphaOperator {
        public static let name = "SwiGLU"
        public static let elementTypes: ElementTypeSet = .floats
        public static let defaultAlpha: Float = 1
        public var alpha: Float
        public init(alpha: Float = defaultAlpha) { self.alpha = alpha }

        public func value(_ a: Double, _ b: Double) -> Double { Swish(alpha: alpha).value(a) * b }
        public func value<T: FixedWidthInteger>(_ a: T, _ b: T) -> T { a }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let type = try inputs.commonElementType(Self.elementTypes)
            let shapes = (try inputs.tensor(0).shape, try inputs.tensor(1).shape)
            guard let gate = shapes.0, let value = shapes.1 else { return [Fact(type, shapes.0 ?? shapes.1)] }
            guard gate.count == value.count else {
                throw ModelError(.invalidModel, "the gate has shape \(gate), the value \(value), expected equal shapes")
            }
            var shape: [Dimension] = []
            for (a, b) in zip(gate, value) { shape.append(try sharedDimension(a, b, "the gate and the value")) }
            return [Fact(type, shape)]
        }

        public func check(_ a: Tensor, _ b: Tensor) throws(ModelError) {
            guard a.shape == b.shape else {
                throw ModelError(.invalidInput, "the gate has shape \(a.shape), the value \(b.shape), expected equal shapes")
            }
        }
    }
}
