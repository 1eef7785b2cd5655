/// Floating-point elements with arithmetic of their own.
package typealias RealScalar = ChainScalar & BinaryFloatingPoint
