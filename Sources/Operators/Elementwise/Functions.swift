public import SeptumIR
import SeptumTensor

// Source of all: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md

extension Op {
    /// The number e to the power of x.
    public struct Exp: UnaryOperator, PlainOperator {
        public static let name = "Exp"
        public init() {}
        public func value(_ x: Double) -> Double { Elementary.exp(x) }
    }

    /// The natural logarithm.
    public struct Log: UnaryOperator, PlainOperator {
        public static let name = "Log"
        public init() {}
        public func value(_ x: Double) -> Double { Elementary.log(x) }
    }

    /// The square root.
    public struct Sqrt: UnaryOperator, PlainOperator {
        public static let name = "Sqrt"
        public init() {}
        public func value(_ x: Double) -> Double { x.squareRoot() }
    }

    /// One divided by x.
    public struct Reciprocal: UnaryOperator, PlainOperator {
        public static let name = "Reciprocal"
        public init() {}
        public func value(_ x: Double) -> Double { 1 / x }
    }

    /// The error function.
    public struct Erf: UnaryOperator, PlainOperator {
        public static let name = "Erf"
        public init() {}
        public func value(_ x: Double) -> Double { Elementary.erf(x) }
    }

    public struct Sin: UnaryOperator, PlainOperator {
        public static let name = "Sin"
        public init() {}
        public func value(_ x: Double) -> Double { Elementary.sin(x) }
    }

    public struct Cos: UnaryOperator, PlainOperator {
        public static let name = "Cos"
        public init() {}
        public func value(_ x: Double) -> Double { Elementary.cos(x) }
    }

    public struct Tan: UnaryOperator, PlainOperator {
        public static let name = "Tan"
        public init() {}
        public func value(_ x: Double) -> Double { Elementary.tan(x) }
    }

    public struct Asin: UnaryOperator, PlainOperator {
        public static let name = "Asin"
        public init() {}
        public func value(_ x: Double) -> Double { Elementary.asin(x) }
    }

    public struct Acos: UnaryOperator, PlainOperator {
        public static let name = "Acos"
        public init() {}
        public func value(_ x: Double) -> Double { Elementary.acos(x) }
    }

    public struct Atan: UnaryOperator, PlainOperator {
        public static let name = "Atan"
        public init() {}
        public func value(_ x: Double) -> Double { Elementary.atan(x) }
    }

    public struct Sinh: UnaryOperator, PlainOperator {
        public static let name = "Sinh"
        public init() {}
        public func value(_ x: Double) -> Double { Elementary.sinh(x) }
    }

    public struct Cosh: UnaryOperator, PlainOperator {
        public static let name = "Cosh"
        public init() {}
        public func value(_ x: Double) -> Double { Elementary.cosh(x) }
    }

    public struct Tanh: UnaryOperator, PlainOperator {
        public static let name = "Tanh"
        public init() {}
        public func value(_ x: Double) -> Double { Elementary.tanh(x) }
    }

    public struct Asinh: UnaryOperator, PlainOperator {
        public static let name = "Asinh"
        public init() {}
        public func value(_ x: Double) -> Double { Elementary.asinh(x) }
    }

    public struct Acosh: UnaryOperator, PlainOperator {
        public static let name = "Acosh"
        public init() {}
        public func value(_ x: Double) -> Double { Elementary.acosh(x) }
    }

    public struct Atanh: UnaryOperator, PlainOperator {
        public static let name = "Atanh"
        public init() {}
        public func value(_ x: Double) -> Double { Elementary.atanh(x) }
    }
}
