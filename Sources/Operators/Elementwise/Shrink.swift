public import SeptumIR
public import SeptumTensor

extension Op {
    /// The number x moved by the bias towards zero where it is further from it than lambda, otherwise zero; NaN gives zero.
    ///
    /// - Shape: any -> the same.
    /// - Element types: float16, float32, float64, integers (with a bias that is none, fractions are dropped).
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#Shrink
    public struct Shrink: UnaryOperator {
        public static let name = "Shrink"
        public static let elementTypes = ElementTypeSet.numbers.subtracting([.bfloat16])

        public var bias: Float
        public var lambda: Float

        public init(bias: Float = 0, lambda: Float = 0.5) {
            self.bias = bias
            self.lambda = lambda
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            self.init(bias: try attributes.float("bias") ?? 0, lambda: try attributes.float("lambd") ?? 0.5)
        }

        public var attributes: Attributes { [("bias", .float(bias)), ("lambd", .float(lambda))] }

        public func value(_ x: Double) -> Double {
            x < -Double(lambda) ? x + Double(bias) : x > Double(lambda) ? x - Double(bias) : 0
        }

        public func value<T: FixedWidthInteger>(_ x: T) -> T {
            let sign: Float = Double(x) < -Double(lambda) ? 1 : Double(x) > Double(lambda) ? -1 : 0
            if sign == 0 { return 0 }
            guard let shift = Int64(exactly: sign * bias) else { return T(saturating: value(Double(x))) }
            return x &+ T(truncatingIfNeeded: shift)
        }
    }
}
