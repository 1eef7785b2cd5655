public import SeptumIR
public import SeptumTensor

extension Op {
    /// A matrix of the input's shape with ones on a diagonal.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#EyeLike
    public struct EyeLike: Operator {
        public static let name = "EyeLike"
        public static let inputCount = 1...1

        /// Nil means the input's.
        public var elementType: ElementType?
        /// How far the diagonal lies above the main one.
        public var diagonal: Int

        public init(elementType: ElementType? = nil, diagonal: Int = 0) {
            self.elementType = elementType
            self.diagonal = diagonal
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            elementType = try attributes.elementType("dtype")
            diagonal = try attributes.int("k") ?? 0
        }

        public var attributes: Attributes {
            [("k", .int(diagonal))] + (elementType.map { [("dtype", .int(Int($0.rawValue)))] } ?? [])
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let type = try inputs.tensor(0)
            guard (type.shape?.count ?? 2) == 2 else { throw ModelError(.invalidModel, "found \(type), expected a matrix") }
            _ = try Tensor(one: elementType ?? type.elementType)
            return [Fact(elementType ?? type.elementType, type.shape ?? [.unknown, .unknown])]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let data = try inputs.tensor(0)
            guard data.shape.count == 2 else { throw ModelError(.invalidInput, "shape \(data.shape) is no matrix") }
            let one = try Tensor(one: elementType ?? data.elementType)
            var result = try Assembly(one.elementType, data.shape)
            let (rows, columns) = (data.shape[0], data.shape[1])
            let shift = min(max(diagonal, -rows), columns)
            for row in max(0, -shift)..<max(max(0, -shift), min(rows, columns - shift)) {
                result.copy(one, from: 0, to: row * columns + row + shift)
            }
            return [.tensor(try result.finished())]
        }
    }

    /// The upper or lower triangle of matrices, the rest zero.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#Trilu
    public struct Trilu: Operator {
        public static let name = "Trilu"
        public static let inputCount = 1...2

        public var keepsUpper: Bool

        public init(keepsUpper: Bool = true) { self.keepsUpper = keepsUpper }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            keepsUpper = try attributes.bool("upper") ?? true
        }

        public var attributes: Attributes { [("upper", .int(keepsUpper ? 1 : 0))] }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let type = try inputs.tensor(0)
            guard (type.shape?.count ?? 2) >= 2 else { throw ModelError(.invalidModel, "found \(type), expected matrices") }
            return [Fact(type.elementType, type.shape)]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let data = try inputs.tensor(0)
            guard data.shape.count >= 2 else { throw ModelError(.invalidInput, "shape \(data.shape) is no matrix") }
            let shifts = inputs[1] == nil ? [0] : try inputs.integers(1)
            guard shifts.count == 1 else { throw ModelError(.invalidInput, "input 1 must have one element") }
            var result = try Assembly(data.elementType, data.shape)
            guard data.count > 0 else { return [.tensor(try result.finished())] }
            let (rows, columns) = (data.shape[data.shape.count - 2], data.shape[data.shape.count - 1])
            let shift = min(max(shifts[0], -rows - 1), columns + 1)
            for start in 0..<data.count / columns {
                let diagonal = start % rows + shift
                let kept = keepsUpper ? min(max(diagonal, 0), columns)..<columns : 0..<min(max(diagonal + 1, 0), columns)
                let first = start * columns + kept.lowerBound
                result.copy(data, from: first, to: first, count: kept.count)
            }
            return [.tensor(try result.finished())]
        }
    }
}

extension Tensor {
    /// A scalar that holds 1.
    ///
    /// - Throws: `unsupported` when the element type has no 1.
    package init(one elementType: ElementType) throws(ModelError) {
        switch elementType {
        case .float32: self = try Tensor([], [Float(1)])
        case .float64: self = try Tensor([], [Double(1)])
        case .float16: self = try Tensor([], [Float16(1)])
        case .bfloat16: self = try Tensor([], [BFloat16(1)])
        case .bool: self = try Tensor([], [Bool8(true)])
        case .int64, .uint64, .int32, .uint32, .int16, .uint16, .int8, .uint8, .int4, .uint4, .int2, .uint2:
            let storage = try Storage(byteCount: elementType.byteWidth)
            storage.bytes.storeBytes(of: 1, as: UInt8.self)
            self = try Tensor(elementType, [], storage: storage)
        default: throw ModelError(.unsupported, "\(elementType) has no number 1")
        }
    }
}
