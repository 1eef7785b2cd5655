package import SeptumTensor

/// Element types that sums of products run over.
///
/// A sum is one chain: its terms are added one after another in the order that the operator states, each by one
/// fused multiply-add. Kernels follow the same order, so that they give the same bits.
package protocol ChainScalar: Scalar, Numeric, Comparable {
    /// `self + a * b`: rounded once for floating-point numbers, wrapping for integers.
    func adding(_ a: Self, times b: Self) -> Self
    /// `self * other`, wrapping for integers.
    func wrappingMultiplied(by other: Self) -> Self
    /// A factor given as an attribute; nil when it is no value of the type.
    init?(exactFactor: Float)
    /// No element is below this one.
    static var lowest: Self { get }
}

extension ChainScalar where Self: FixedWidthInteger {
    @inline(__always)
    package func adding(_ a: Self, times b: Self) -> Self { self &+ a &* b }
    @inline(__always)
    package func wrappingMultiplied(by other: Self) -> Self { self &* other }
    package init?(exactFactor: Float) { self.init(exactly: exactFactor) }
    package static var lowest: Self { .min }
}

extension ChainScalar where Self: BinaryFloatingPoint {
    @inline(__always)
    package func adding(_ a: Self, times b: Self) -> Self { addingProduct(a, b) }
    @inline(__always)
    package func wrappingMultiplied(by other: Self) -> Self { self * other }
    package init?(exactFactor: Float) { self.init(exactFactor) }
    package static var lowest: Self { -.infinity }
}

extension Float: ChainScalar {}
extension Double: ChainScalar {}
extension Int8: ChainScalar {}
extension Int16: ChainScalar {}
extension Int32: ChainScalar {}
extension Int64: ChainScalar {}
extension UInt8: ChainScalar {}
extension UInt16: ChainScalar {}
extension UInt32: ChainScalar {}
extension UInt64: ChainScalar {}
