#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Floating-point elements with the elementary functions that operators need; float32 is computed in float64 and rounded.
package protocol RealScalar: ChainScalar, BinaryFloatingPoint {
    static func exponential(_ x: Self) -> Self
    static func logarithm(_ x: Self) -> Self
    static func hyperbolicTangent(_ x: Self) -> Self
    static func power(_ x: Self, _ y: Self) -> Self
}

extension Float: RealScalar {
    package static func exponential(_ x: Float) -> Float { Float(exp(Double(x))) }
    package static func logarithm(_ x: Float) -> Float { Float(log(Double(x))) }
    package static func hyperbolicTangent(_ x: Float) -> Float { Float(tanh(Double(x))) }
    package static func power(_ x: Float, _ y: Float) -> Float { Float(pow(Double(x), Double(y))) }
}

extension Double: RealScalar {
    package static func exponential(_ x: Double) -> Double { exp(x) }
    package static func logarithm(_ x: Double) -> Double { log(x) }
    package static func hyperbolicTangent(_ x: Double) -> Double { tanh(x) }
    package static func power(_ x: Double, _ y: Double) -> Double { pow(x, y) }
}

extension RealScalar {
    /// `1 / (1 + e^-x)`, without overflow far out.
    package static func sigmoid(_ x: Self) -> Self {
        let e = exponential(-x.magnitude)
        return x < 0 ? e / (1 + e) : 1 / (1 + e)
    }
}
