public import SeptumIR
public import SeptumTensor

// Source of all: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md

extension Op {
    /// The absolute value; the least integer stays itself.
    public struct Abs: UnaryOperator, PlainOperator {
        public static let name = "Abs"
        public static let elementTypes: ElementTypeSet = .numbers
        public init() {}
        public func value(_ x: Double) -> Double { x.magnitude }
        public func value<T: FixedWidthInteger>(_ x: T) -> T { x < 0 ? 0 &- x : x }
        public func value(_ x: Dimension) -> Dimension? { x.isProvablyNonnegative ? x : x.number.map { .fixed(value($0)) } }
    }

    /// The negative; the least integer stays itself.
    public struct Neg: UnaryOperator, PlainOperator {
        public static let name = "Neg"
        public static let elementTypes: ElementTypeSet = .numbers
        public init() {}
        public func value(_ x: Double) -> Double { -x }
        public func value<T: FixedWidthInteger>(_ x: T) -> T { 0 &- x }
        public func value(_ x: Dimension) -> Dimension? { 0 - x }
    }

    /// One with the sign of x, or zero for zero.
    public struct Sign: UnaryOperator, PlainOperator {
        public static let name = "Sign"
        public static let elementTypes: ElementTypeSet = .numbers
        public init() {}
        public func value(_ x: Double) -> Double { x > 0 ? 1 : x < 0 ? -1 : x }
        public func value<T: FixedWidthInteger>(_ x: T) -> T { x.signum() }
    }

    /// The least integer that is not below x.
    public struct Ceil: UnaryOperator, PlainOperator {
        public static let name = "Ceil"
        public init() {}
        public func value(_ x: Double) -> Double { x.rounded(.up) }
    }

    /// The greatest integer that is not above x.
    public struct Floor: UnaryOperator, PlainOperator {
        public static let name = "Floor"
        public init() {}
        public func value(_ x: Double) -> Double { x.rounded(.down) }
    }

    /// The nearest integer, the even one of two.
    public struct Round: UnaryOperator, PlainOperator {
        public static let name = "Round"
        public init() {}
        public func value(_ x: Double) -> Double { x.rounded(.toNearestOrEven) }
    }
}
