package import SeptumTensor

/// A tensor element together with the type in which it is computed: every value is exact there.
///
/// One float64 operation on widened float32 (or narrower) elements, rounded back, is the correctly rounded operation of
/// the narrow type; integer operations modulo 2^64 are right modulo any smaller power of two.
package protocol Element: Scalar {
    associatedtype Wide: Scalar & Comparable
    var wide: Wide { get }
    /// Rounds to nearest, or keeps the low bits.
    init(narrowing value: Wide)
    /// The element that is not above any other.
    static var leastElement: Self { get }
    /// The element that is not below any other.
    static var greatestElement: Self { get }
}

extension Element where Self: BinaryFloatingPoint {
    package static var leastElement: Self { -.infinity }
    package static var greatestElement: Self { .infinity }
}

extension Element where Self: FixedWidthInteger {
    package static var leastElement: Self { .min }
    package static var greatestElement: Self { .max }
}

extension Float: Element {
    package var wide: Double { Double(self) }
    package init(narrowing value: Double) { self.init(value) }
}

extension Double: Element {
    package var wide: Double { self }
    package init(narrowing value: Double) { self = value }
}

extension Float16: Element {
    package var wide: Double { Double(self) }
    package init(narrowing value: Double) { self.init(value) }
}

extension BFloat16: Element {
    package var wide: Double { Double(float) }
    package init(narrowing value: Double) { self.init(Float(value)) }
    package static var leastElement: BFloat16 { BFloat16(-.infinity) }
    package static var greatestElement: BFloat16 { BFloat16(.infinity) }
}

extension Element where Self: FixedWidthInteger, Wide == Int64 {
    package var wide: Int64 { Int64(truncatingIfNeeded: self) }
    package init(narrowing value: Int64) { self.init(truncatingIfNeeded: value) }
}

extension Int8: Element { package typealias Wide = Int64 }
extension Int16: Element { package typealias Wide = Int64 }
extension Int32: Element { package typealias Wide = Int64 }
extension Int64: Element { package typealias Wide = Int64 }
extension UInt8: Element { package typealias Wide = Int64 }
extension UInt16: Element { package typealias Wide = Int64 }
extension UInt32: Element { package typealias Wide = Int64 }

extension UInt64: Element {
    package var wide: UInt64 { self }
    package init(narrowing value: UInt64) { self = value }
}

extension Bool8: Element {
    package var wide: Int64 { value ? 1 : 0 }
    package init(narrowing value: Int64) { self.init(value != 0) }
    package static var leastElement: Bool8 { false }
    package static var greatestElement: Bool8 { true }
}

/// A computation written once for all element types that share a wide type.
package protocol ElementVisitor {
    associatedtype Result
    func real<T: Element>(_ type: T.Type) throws(ModelError) -> Result where T.Wide == Double
    func signed<T: Element>(_ type: T.Type) throws(ModelError) -> Result where T.Wide == Int64
    func unsigned<T: Element>(_ type: T.Type) throws(ModelError) -> Result where T.Wide == UInt64
}

extension ElementType {
    /// Runs the computation for this element type.
    ///
    /// - Throws: `invalidInput` for strings, complex numbers and types narrower than a byte or of float8; what it throws.
    package func dispatch<V: ElementVisitor>(_ visitor: V) throws(ModelError) -> V.Result {
        switch self {
        case .float32: try visitor.real(Float.self)
        case .float64: try visitor.real(Double.self)
        case .float16: try visitor.real(Float16.self)
        case .bfloat16: try visitor.real(BFloat16.self)
        case .int8: try visitor.signed(Int8.self)
        case .int16: try visitor.signed(Int16.self)
        case .int32: try visitor.signed(Int32.self)
        case .int64: try visitor.signed(Int64.self)
        case .uint8: try visitor.signed(UInt8.self)
        case .uint16: try visitor.signed(UInt16.self)
        case .uint32: try visitor.signed(UInt32.self)
        case .uint64: try visitor.unsigned(UInt64.self)
        case .bool: try visitor.signed(Bool8.self)
        default: throw ModelError(.invalidInput, "there is no arithmetic for elements of type \(self)")
        }
    }
}
