public import SeptumIR
public import SeptumTensor

extension Op {
    /// Converts the elements to another type.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#Cast
    public struct Cast: PassThroughOperator {
        public static let name = "Cast"
        public static let inputCount = 1...1

        public var to: ElementType
        public var conversion: Conversion

        public init(to: ElementType, conversion: Conversion = Conversion()) {
            self.to = to
            self.conversion = conversion
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            to = try AttributeReader.require(try attributes.elementType("to"), "to")
            conversion = try Conversion(&attributes)
        }

        public var attributes: Attributes { [("to", .int(Int(to.rawValue)))] + conversion.attributes }

        public func isIdentity(_ inputs: Facts) -> Bool { inputs[0]?.type.tensor?.elementType == to }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] { [try conversion.infer(inputs, to: to)] }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            try conversion.evaluate(inputs, to: to)
        }
    }

    /// Converts the elements of the first input to the type of the second.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#CastLike
    public struct CastLike: PassThroughOperator {
        public static let name = "CastLike"
        public static let inputCount = 2...2

        public var conversion: Cast.Conversion

        public init(conversion: Cast.Conversion = Cast.Conversion()) { self.conversion = conversion }
        public init(_ attributes: inout AttributeReader) throws(ModelError) { conversion = try Cast.Conversion(&attributes) }
        public var attributes: Attributes { conversion.attributes }

        public func isIdentity(_ inputs: Facts) -> Bool {
            guard let type = inputs[0]?.type.tensor?.elementType else { return false }
            return inputs[1]?.type.tensor?.elementType == type
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            [try conversion.infer(inputs, to: try inputs.tensor(1).elementType)]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            try conversion.evaluate(inputs, to: try inputs.tensor(1).elementType)
        }
    }
}

extension Op.Cast {
    /// How numbers become float8.
    public struct Conversion: Sendable, Hashable {
        /// How float8e8m0 rounds; the other formats round to nearest, ties to even.
        public enum Rounding: String, CaseIterable, Sendable { case up, down, nearest }

        /// Whether a number out of range becomes the largest one rather than infinity or NaN.
        public var saturate: Bool
        public var rounding: Rounding

        public init(saturate: Bool = true, rounding: Rounding = .up) {
            self.saturate = saturate
            self.rounding = rounding
        }

        init(_ attributes: inout AttributeReader) throws(ModelError) {
            saturate = try attributes.bool("saturate") ?? true
            rounding = try attributes.choice("round_mode") ?? .up
        }

        var attributes: Attributes {
            (saturate ? [] : [("saturate", .int(0))]) + (rounding == .up ? [] : [("round_mode", .string(rounding.rawValue))])
        }

        func infer(_ inputs: Facts, to type: ElementType) throws(ModelError) -> Fact {
            let input = try inputs.tensor(0)
            for type in [input.elementType, type] where type == .complex64 || type == .complex128 {
                throw ModelError(.invalidModel, "elements of type \(input.elementType) cannot be converted to \(type)")
            }
            let fact = Fact(type, input.shape)
            return input.elementType == .int64 || input.elementType == .int32 ? fact.following(inputs[0]?.elements) : fact
        }

        func evaluate(_ inputs: Arguments, to type: ElementType) throws(ModelError) -> [Value] {
            _ = try infer(inputs.facts, to: type)
            return [.tensor(try inputs.tensor(0).converted(to: type, saturate: saturate, rounding: rounding))]
        }
    }
}
