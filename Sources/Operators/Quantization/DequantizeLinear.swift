public import SeptumIR
public import SeptumTensor

extension Op {
    /// `(x - zero point) * scale`, computed in float32 and rounded to the output type.
    ///
    /// - Shape: x -> the same; scale and zero point are single, one for each slice along the axis, or one for each block.
    /// - Element types: integers up to 16 bits, int32, float8 and float4 -> that of the scale, or `outputType`.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#DequantizeLinear
    public struct DequantizeLinear: Operator {
        public static let name = "DequantizeLinear"
        public static let inputCount = 2...3

        public var quantization: Quantization
        /// Nil for the type of the scale.
        public var outputType: ElementType?

        public init(_ quantization: Quantization = Quantization(), outputType: ElementType? = nil) {
            self.quantization = quantization
            self.outputType = outputType
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            quantization = try Quantization(&attributes)
            outputType = try attributes.optionalElementType("output_dtype")
        }

        public var attributes: Attributes { quantization.attributes + [("output_dtype", .int(Int(outputType?.rawValue ?? 0)))] }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let x = try inputs.tensor(0, of: Quantization.integers + [.int32] + Quantization.minifloats)
            let scale = try inputs.tensor(1, of: [.float32, .float16, .bfloat16])
            _ = try inputs.optionalTensor(2, of: [x.elementType])
            try quantization.check(inputs)
            let type = outputType ?? scale.elementType
            guard [.float32, .float16, .bfloat16].contains(type) else {
                throw ModelError(.unsupported, "found \(type), expected float32, float16 or bfloat16", attribute: "output_dtype")
            }
            return [Fact(type, x.shape)]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            _ = try outputShapes(inputs)
            let (x, scale, zero) = (try inputs.tensor(0), try inputs.tensor(1), inputs.optionalTensor(2))
            let indices = try quantization.scaleIndices(x.shape, scale: scale.shape)
            let values = try x.converted(to: .float32).array(of: Float.self)
            let scales = try scale.converted(to: .float32).array(of: Float.self)
            let zeros = try zero?.converted(to: .float32).array(of: Float.self)
            let isWide = x.elementType == .int32
            let integers = isWide ? x.integers ?? [] : []
            let zeroIntegers = isWide ? zero?.integers ?? [] : []
            let result = try Tensor(x.shape) { (target: UnsafeMutableBufferPointer<Float>) in
                for index in target.indices {
                    let at = indices[index]
                    let centred =
                        isWide
                        ? Float(integers[index] - (zeroIntegers.isEmpty ? 0 : zeroIntegers[at]))
                        : values[index] - (zeros?[at] ?? 0)
                    target[index] = centred * scales[at]
                }
            }
            return [.tensor(try result.converted(to: outputType ?? scale.elementType))]
        }
    }
}
