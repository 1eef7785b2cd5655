public import SeptumIR
public import SeptumTensor

extension Op {
    /// `round(x / scale) + zero point`, half to even, kept within the range of the output type; NaN gives the zero point.
    ///
    /// The quotient has the precision of the scale, or of `precision`.
    ///
    /// - Shape: x -> the same; scale and zero point are single, one for each slice along the axis, or one for each block.
    /// - Element types: float32, float16, bfloat16, int32 -> that of the zero point, `outputType` or uint8.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#QuantizeLinear
    public struct QuantizeLinear: Operator {
        public static let name = "QuantizeLinear"
        public static let inputCount = 2...3

        public var quantization: Quantization
        /// Nil for the type of the zero point, or uint8.
        public var outputType: ElementType?
        /// Nil for the type of the scale.
        public var precision: ElementType?
        /// Whether float8 beyond the largest number becomes that number.
        public var saturates: Bool

        public init(
            _ quantization: Quantization = Quantization(), outputType: ElementType? = nil, precision: ElementType? = nil,
            saturates: Bool = true
        ) {
            self.quantization = quantization
            self.outputType = outputType
            self.precision = precision
            self.saturates = saturates
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            quantization = try Quantization(&attributes)
            outputType = try attributes.optionalElementType("output_dtype")
            precision = try attributes.optionalElementType("precision")
            saturates = try attributes.bool("saturate") ?? true
        }

        public var attributes: Attributes {
            quantization.attributes + [
                ("output_dtype", .int(Int(outputType?.rawValue ?? 0))), ("precision", .int(Int(precision?.rawValue ?? 0))),
                ("saturate", .int(saturates ? 1 : 0)),
            ]
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let x = try inputs.tensor(0, of: [.float32, .float16, .bfloat16, .int32])
            _ = try inputs.tensor(1, of: [.float32, .float16, .bfloat16, .int32])
            let zero = try inputs.optionalTensor(2, of: Quantization.integers + Quantization.minifloats)
            try quantization.check(inputs)
            let type = zero?.elementType ?? outputType ?? .uint8
            guard outputType == nil || outputType == type else {
                throw ModelError(
                    .invalidModel, "the zero point holds \(type), expected \(outputType ?? type)", attribute: "output_dtype")
            }
            guard (Quantization.integers + Quantization.minifloats).contains(type) else {
                throw ModelError(.unsupported, "there is no quantization to \(type)", attribute: "output_dtype")
            }
            guard [nil, .float32, .float16, .bfloat16].contains(precision) else {
                throw ModelError(.unsupported, "found \(precision?.name ?? ""), expected a wide float", attribute: "precision")
            }
            return [Fact(type, x.shape)]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            guard let type = try inferredType(inputs) else { throw ModelError(.invalidModel, "no output type") }
            let (x, scale) = (try inputs.tensor(0), try inputs.tensor(1))
            let indices = try quantization.scaleIndices(x.shape, scale: scale.shape)
            let computed = precision ?? (scale.elementType == .int32 ? .float32 : scale.elementType)
            let numerators = try x.converted(to: computed).converted(to: .float32).array(of: Float.self)
            let denominators = try scale.converted(to: .float32).array(of: Float.self)
            let zeros = try inputs.optionalTensor(2)?.converted(to: .float32).array(of: Float.self)
            let exact = try Tensor(x.shape, zip(numerators, indices).map { $0 / denominators[$1] })
            let quotients = try exact.converted(to: computed).converted(to: .float32)
            let range = type.isInteger ? Quantization.range(type) : -.infinity ... .infinity
            let results = zip(try quotients.array(of: Float.self), indices).map { quotient, index in
                let zero = zeros?[index] ?? 0
                guard type.isInteger else { return quotient + zero }
                let rounded = quotient.rounded(.toNearestOrEven) + zero
                return rounded.isNaN ? zero : min(max(rounded, range.lowerBound), range.upperBound)
            }
            return [.tensor(try Tensor(x.shape, results).converted(to: type, saturate: saturates))]
        }

        private func inferredType(_ inputs: Arguments) throws(ModelError) -> ElementType? {
            let facts = inputs.inputs.map { $0.map { Fact($0.type) } }
            return try infer(Facts(facts)).first?.type.tensor?.elementType
        }
    }
}

extension AttributeReader {
    /// An element type written as its ONNX code, where 0 stands for none.
    mutating func optionalElementType(_ name: String) throws(ModelError) -> ElementType? {
        guard let code = try int(name), code != 0 else { return nil }
        guard let type = Int32(exactly: code).flatMap(ElementType.init(rawValue:)) else {
            throw ModelError(.invalidModel, "found \(code), expected the code of an element type", attribute: name)
        }
        return type
    }
}
