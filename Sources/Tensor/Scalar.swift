/// A Swift type that is the in-memory form of one tensor element.
public protocol Scalar: BitwiseCopyable, Sendable, Hashable {
    static var elementType: ElementType { get }
    static var zero: Self { get }
}

extension Float: Scalar { public static var elementType: ElementType { .float32 } }
extension Double: Scalar { public static var elementType: ElementType { .float64 } }
extension Float16: Scalar { public static var elementType: ElementType { .float16 } }
extension Int8: Scalar { public static var elementType: ElementType { .int8 } }
extension Int16: Scalar { public static var elementType: ElementType { .int16 } }
extension Int32: Scalar { public static var elementType: ElementType { .int32 } }
extension Int64: Scalar { public static var elementType: ElementType { .int64 } }
extension UInt8: Scalar { public static var elementType: ElementType { .uint8 } }
extension UInt16: Scalar { public static var elementType: ElementType { .uint16 } }
extension UInt32: Scalar { public static var elementType: ElementType { .uint32 } }
extension UInt64: Scalar { public static var elementType: ElementType { .uint64 } }

/// A boolean tensor element: one byte, any non-zero value is true.
public struct Bool8: Scalar, ExpressibleByBooleanLiteral {
    public var byte: UInt8

    public init(_ value: Bool) { byte = value ? 1 : 0 }
    public init(booleanLiteral value: Bool) { self.init(value) }

    public var value: Bool { byte != 0 }
    public static var elementType: ElementType { .bool }
    public static var zero: Bool8 { Bool8(false) }
}

/// The upper half of a binary32 number.
public struct BFloat16: Scalar {
    public var bits: UInt16

    public init(bits: UInt16) { self.bits = bits }

    /// Rounds to nearest, ties to even; NaN stays a quiet NaN.
    public init(_ value: Float) {
        if value.isNaN {
            bits = UInt16(truncatingIfNeeded: value.bitPattern >> 16) | 0x40
        } else {
            let pattern = value.bitPattern
            bits = UInt16(truncatingIfNeeded: (pattern &+ 0x7fff &+ ((pattern >> 16) & 1)) >> 16)
        }
    }

    public var float: Float { Float(bitPattern: UInt32(bits) << 16) }
    public static var elementType: ElementType { .bfloat16 }
    public static var zero: BFloat16 { BFloat16(bits: 0) }
}
