public import SeptumIR
public import SeptumTensor

extension Op {
    /// Quantizes to uint8 by the range of the elements, which is made to hold zero; gives scale and zero point too.
    ///
    /// Everything is rounded to float32 at each step. A tensor of zeros, or of nothing, has scale 1, as in ONNX Runtime.
    ///
    /// - Shape: any -> the same, (), ().
    /// - Element types: float32 -> uint8, float32, uint8.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#DynamicQuantizeLinear,
    /// https://github.com/microsoft/onnxruntime/blob/v1.32.0/onnxruntime/core/util/qmath.h (GetQuantizationParameter)
    public struct DynamicQuantizeLinear: PlainOperator {
        public static let name = "DynamicQuantizeLinear"
        public static let inputCount = 1...1
        public static let outputCount = 1...3

        public init() {}

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            [Fact(.uint8, try inputs.tensor(0, of: [.float32]).shape), Fact(.float32, []), Fact(.uint8, [])]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            _ = try infer(inputs.facts)
            let x = try inputs.tensor(0)
            let elements = try x.array(of: Float.self)
            let (least, greatest) = elements.reduce((Float(0), Float(0))) { (Swift.min($0.0, $1), Swift.max($0.1, $1)) }
            let scale = least == greatest ? 1 : (greatest - least) / 255
            let zero = UInt8(saturating: Double((0 - least / scale).rounded(.toNearestOrEven)))
            let codes = elements.map { element in
                let quotient = element / scale
                return quotient.isNaN ? zero : UInt8(saturating: Double(quotient.rounded(.toNearestOrEven) + Float(zero)))
            }
            return [
                .tensor(try Tensor(x.shape, codes)), .tensor(try Tensor([], [scale])), .tensor(try Tensor([], [zero])),
            ]
        }
    }
}
