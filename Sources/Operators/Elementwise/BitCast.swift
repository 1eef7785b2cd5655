public import SeptumIR
public import SeptumTensor

extension Op {
    /// The same bits as elements of another type of the same width.
    ///
    /// - Shape: any -> the same.
    /// - Element types: all but strings.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#BitCast
    public struct BitCast: Operator {
        public static let name = "BitCast"
        public static let inputCount = 1...1

        public var to: ElementType

        public init(to: ElementType) { self.to = to }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            to = try AttributeReader.require(try attributes.elementType("to"), "to")
        }

        public var attributes: Attributes { [("to", .int(Int(to.rawValue)))] }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let input = try inputs.tensor(0)
            guard let width = to.bitWidth, input.elementType.bitWidth == width else {
                throw ModelError(.invalidModel, "the bits of \(input.elementType) cannot be read as \(to)", attribute: "to")
            }
            return [Fact(to, input.shape)]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            _ = try infer(inputs.facts)
            let x = try inputs.tensor(0)
            guard let width = to.bitWidth, width < 8 else {
                return [.tensor(try Tensor(to, x.shape, storage: x.storage, byteOffset: x.byteOffset))]
            }
            let unused = 8 - width
            let storage = try Storage(byteCount: x.byteCount)
            for (index, byte) in x.bytes.enumerated() {
                let high = byte << unused
                storage.bytes[index] = to.isSignedInteger ? UInt8(bitPattern: Int8(bitPattern: high) >> unused) : high >> unused
            }
            return [.tensor(try Tensor(to, x.shape, storage: storage))]
        }
    }
}

extension ElementType {
    /// The bits of one element, nil for strings.
    fileprivate var bitWidth: Int? {
        switch self {
        case .string: nil
        case .int2, .uint2: 2
        case .int4, .uint4, .float4e2m1: 4
        default: byteWidth * 8
        }
    }
}
