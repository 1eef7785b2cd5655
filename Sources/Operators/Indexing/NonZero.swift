public import SeptumIR
public import SeptumTensor

extension Op {
    /// The places of the elements that are not zero, one column each.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#NonZero
    public struct NonZero: Operator {
        public static let name = "NonZero"
        public static let inputCount = 1...1

        public init() {}
        public init(_ attributes: inout AttributeReader) throws(ModelError) {}

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let rank = try inputs.tensor(0).shape?.count
            return [Fact(.int64, [rank.map(Dimension.fixed) ?? .unknown, .unknown])]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let data = try inputs.tensor(0)
            let places = data.nonZeroPlaces
            let result = try Tensor([data.shape.count, places.count]) { (buffer: UnsafeMutableBufferPointer<Int64>) in
                let strides = rowMajorStrides(data.shape)
                for axis in data.shape.indices {
                    for (column, place) in places.enumerated() {
                        buffer[axis * places.count + column] = Int64(place / strides[axis] % data.shape[axis])
                    }
                }
            }
            return [.tensor(result)]
        }
    }

    /// The slices of a tensor along an axis, or its elements, for which the condition holds.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#Compress
    public struct Compress: Operator {
        public static let name = "Compress"
        public static let inputCount = 2...2

        /// Nil means the elements in row-major order.
        public var axis: Int?

        public init(axis: Int? = nil) { self.axis = axis }
        public init(_ attributes: inout AttributeReader) throws(ModelError) { axis = try attributes.int("axis") }
        public var attributes: Attributes { axis.map { [("axis", .int($0))] } ?? [] }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let data = try inputs.tensor(0)
            guard try inputs.tensor(1).elementType == .bool else {
                throw ModelError(.invalidModel, "the condition is \(try inputs.tensor(1)), expected bool")
            }
            guard let axis else { return [Fact(data.elementType, [.unknown])] }
            guard var shape = data.shape else { return [Fact(data.elementType, nil)] }
            shape[try normalizedAxis(axis, rank: shape.count)] = .unknown
            return [Fact(data.elementType, shape)]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let (data, condition) = (try inputs.tensor(0), try inputs.tensor(1))
            let chosen = condition.nonZeroPlaces
            let source = axis == nil ? try data.reshaped([data.count]) : data
            let axis = try normalizedAxis(axis ?? 0, rank: source.shape.count)
            return [.tensor(try source.taking(chosen, shape: [chosen.count], axis: axis))]
        }
    }
}

extension Tensor {
    /// The positions of the elements other than zero, minus zero and the empty string, ascending.
    package var nonZeroPlaces: [Int] {
        let places = 0..<count
        switch elementType {
        case .string: return places.filter { !storage.strings[byteOffset + $0].isEmpty }
        case .float16, .bfloat16: return places.filter { load($0, UInt16.self) & 0x7fff != 0 }
        case .float32: return places.filter { load($0, UInt32.self) & 0x7fff_ffff != 0 }
        case .float64: return places.filter { load($0, UInt64.self) << 1 != 0 }
        case .complex64: return places.filter { load($0, UInt64.self) & 0x7fff_ffff_7fff_ffff != 0 }
        case .complex128: return places.filter { load(2 * $0, UInt64.self) << 1 != 0 || load(2 * $0 + 1, UInt64.self) << 1 != 0 }
        case .float8e4m3fn, .float8e5m2: return places.filter { load($0, UInt8.self) & 0x7f != 0 }
        case .float4e2m1: return places.filter { load($0, UInt8.self) & 0x7 != 0 }
        case .float8e8m0: return Array(places)
        default:
            switch elementType.byteWidth {
            case 1: return places.filter { load($0, UInt8.self) != 0 }
            case 2: return places.filter { load($0, UInt16.self) != 0 }
            case 4: return places.filter { load($0, UInt32.self) != 0 }
            default: return places.filter { load($0, UInt64.self) != 0 }
            }
        }
    }

    /// An element as the bits of a type of its width.
    package func load<T: BitwiseCopyable>(_ index: Int, _ type: T.Type) -> T {
        bytes.load(fromByteOffset: index * MemoryLayout<T>.stride, as: T.self)
    }
}
