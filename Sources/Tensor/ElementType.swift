/// The type of one tensor element.
///
/// Raw values equal the codes of `TensorProto.DataType`, so that files and the C ABI share one numbering.
///
/// Source: https://github.com/onnx/onnx/blob/v1.19.0/onnx/onnx.proto#L500
public enum ElementType: Int32, Sendable, Hashable, CaseIterable {
    case float32 = 1
    case uint8 = 2
    case int8 = 3
    case uint16 = 4
    case int16 = 5
    case int32 = 6
    case int64 = 7
    case string = 8
    case bool = 9
    case float16 = 10
    case float64 = 11
    case uint32 = 12
    case uint64 = 13
    case complex64 = 14
    case complex128 = 15
    case bfloat16 = 16
    case float8e4m3fn = 17
    case float8e4m3fnuz = 18
    case float8e5m2 = 19
    case float8e5m2fnuz = 20
    case uint4 = 21
    case int4 = 22
    case float4e2m1 = 23
    case float8e8m0 = 24
    case uint2 = 25
    case int2 = 26
}

extension ElementType {
    /// The name used in printouts, contracts and `.septum` files.
    public var name: String { description }

    /// Finds an element type by its name.
    public init?(name: String) {
        guard let found = ElementType.allCases.first(where: { $0.name == name }) else { return nil }
        self = found
    }

    /// Bytes that one element takes in memory; types below eight bits take a whole byte, strings none.
    public var byteWidth: Int {
        switch self {
        case .string: 0
        case .bool, .uint8, .int8, .uint4, .int4, .uint2, .int2, .float4e2m1: 1
        case .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0: 1
        case .float16, .bfloat16, .int16, .uint16: 2
        case .float32, .int32, .uint32: 4
        case .float64, .int64, .uint64, .complex64: 8
        case .complex128: 16
        }
    }

    /// Whether the type is a real floating-point type of any width.
    public var isFloatingPoint: Bool {
        switch self {
        case .float16, .bfloat16, .float32, .float64: true
        case .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0, .float4e2m1: true
        default: false
        }
    }

    /// Whether the type is an integer type, signed or unsigned; `bool` is none.
    public var isInteger: Bool { isSignedInteger || isUnsignedInteger }

    /// Whether the type is a signed integer type.
    public var isSignedInteger: Bool {
        switch self {
        case .int2, .int4, .int8, .int16, .int32, .int64: true
        default: false
        }
    }

    /// Whether the type is an unsigned integer type.
    public var isUnsignedInteger: Bool {
        switch self {
        case .uint2, .uint4, .uint8, .uint16, .uint32, .uint64: true
        default: false
        }
    }
}

extension ElementType: CustomStringConvertible {
    public var description: String {
        switch self {
        case .float32: "float32"
        case .uint8: "uint8"
        case .int8: "int8"
        case .uint16: "uint16"
        case .int16: "int16"
        case .int32: "int32"
        case .int64: "int64"
        case .string: "string"
        case .bool: "bool"
        case .float16: "float16"
        case .float64: "float64"
        case .uint32: "uint32"
        case .uint64: "uint64"
        case .complex64: "complex64"
        case .complex128: "complex128"
        case .bfloat16: "bfloat16"
        case .float8e4m3fn: "float8e4m3fn"
        case .float8e4m3fnuz: "float8e4m3fnuz"
        case .float8e5m2: "float8e5m2"
        case .float8e5m2fnuz: "float8e5m2fnuz"
        case .uint4: "uint4"
        case .int4: "int4"
        case .float4e2m1: "float4e2m1"
        case .float8e8m0: "float8e8m0"
        case .uint2: "uint2"
        case .int2: "int2"
        }
    }
}
