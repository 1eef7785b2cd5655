public import SeptumIR
public import SeptumTensor

// Source of all: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md

extension Op {
    /// The sum; integers wrap.
    public struct Add: BinaryOperator, PlainOperator {
        public static let name = "Add"
        public init() {}
        public func value(_ a: Double, _ b: Double) -> Double { a + b }
        public func value<T: FixedWidthInteger>(_ a: T, _ b: T) -> T { a &+ b }
        public func value(_ a: Dimension, _ b: Dimension) -> Dimension { a + b }
    }

    /// The difference; integers wrap.
    public struct Sub: BinaryOperator, PlainOperator {
        public static let name = "Sub"
        public init() {}
        public func value(_ a: Double, _ b: Double) -> Double { a - b }
        public func value<T: FixedWidthInteger>(_ a: T, _ b: T) -> T { a &- b }
        public func value(_ a: Dimension, _ b: Dimension) -> Dimension { a - b }
    }

    /// The product; integers wrap.
    public struct Mul: BinaryOperator, PlainOperator {
        public static let name = "Mul"
        public init() {}
        public func value(_ a: Double, _ b: Double) -> Double { a * b }
        public func value<T: FixedWidthInteger>(_ a: T, _ b: T) -> T { a &* b }
        public func value(_ a: Dimension, _ b: Dimension) -> Dimension { a * b }
    }

    /// The quotient; that of integers is rounded towards zero, and division by zero is refused.
    public struct Div: BinaryOperator, PlainOperator {
        public static let name = "Div"
        public init() {}
        public func value(_ a: Double, _ b: Double) -> Double { a / b }
        public func value<T: FixedWidthInteger>(_ a: T, _ b: T) -> T {
            b == 0 ? 0 : a.dividedReportingOverflow(by: b).partialValue
        }
        public func value(_ a: Dimension, _ b: Dimension) -> Dimension { a.dividedTowardsZero(by: b) }
        public func check(_ a: Tensor, _ b: Tensor) throws(ModelError) { try b.refuseZeros(dividing: a) }
    }

    /// The remainder: of the quotient rounded down, or with `fmod` towards zero.
    public struct Mod: BinaryOperator {
        public static let name = "Mod"
        public var fmod: Bool

        public init(fmod: Bool = false) { self.fmod = fmod }
        public init(_ attributes: inout AttributeReader) throws(ModelError) { fmod = try attributes.bool("fmod") ?? false }
        public var attributes: Attributes { [("fmod", .int(fmod ? 1 : 0))] }

        public func value(_ a: Double, _ b: Double) -> Double {
            let remainder = a.truncatingRemainder(dividingBy: b)
            if fmod || remainder.isNaN { return remainder }
            if remainder == 0 { return b.sign == .minus ? -0.0 : 0 }
            return (remainder < 0) == (b < 0) ? remainder : remainder + b
        }

        public func value<T: FixedWidthInteger>(_ a: T, _ b: T) -> T {
            if b == 0 { return 0 }
            let remainder = a.remainderReportingOverflow(dividingBy: b).partialValue
            return fmod || remainder == 0 || (remainder < 0) == (b < 0) ? remainder : remainder &+ b
        }

        public func value(_ a: Dimension, _ b: Dimension) -> Dimension {
            a - b * (fmod ? a.dividedTowardsZero(by: b) : a.dividedRoundingDown(by: b))
        }

        public func check(_ a: Tensor, _ b: Tensor) throws(ModelError) { try b.refuseZeros(dividing: a) }
    }

    /// The input where not negative, otherwise times the slope, which is broadcast to it.
    public struct PRelu: BinaryOperator, PlainOperator {
        public static let name = "PRelu"
        public init() {}
        public func value(_ a: Double, _ b: Double) -> Double { a < 0 ? a * b : a }
        public func value<T: FixedWidthInteger>(_ a: T, _ b: T) -> T { a < 0 ? a &* b : a }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let type = try inputs.commonElementType(Self.elementTypes)
            let (x, slope) = (try inputs.tensor(0).shape, try inputs.tensor(1).shape)
            _ = try broadcastShape([x, slope])
            return [Fact(type, x)]
        }

        public func check(_ a: Tensor, _ b: Tensor) throws(ModelError) {
            guard try broadcastShape(a.shape, b.shape) == a.shape else {
                throw ModelError(.invalidInput, "a slope of shape \(b.shape) cannot be broadcast to shape \(a.shape)")
            }
        }
    }

    /// The base to the power of the exponent, in the type of the base.
    public struct Pow: PlainOperator {
        public static let name = "Pow"
        public static let inputCount = 2...2
        public init() {}

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let (base, exponent) = (try inputs.tensor(0), try inputs.tensor(1))
            try ElementTypeSet.numbers.admit(base.elementType, input: 0)
            try ElementTypeSet.numbers.admit(exponent.elementType, input: 1)
            return [Fact(base.elementType, try broadcastShape([base.shape, exponent.shape]))]
        }

        /// Integers to integer powers wrap; every other power is computed in float64 and converted to the base's type.
        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            _ = try infer(inputs.facts)
            let (base, exponent) = (try inputs.tensor(0), try inputs.tensor(1))
            if base.elementType.isInteger, exponent.elementType.isInteger {
                let wide = base.elementType == .uint64 ? ElementType.uint64 : .int64
                let powers = try exponent.converted(to: .int64)
                if let negative = try powers.array(of: Int64.self).first(where: { $0 < 0 }), exponent.elementType != .uint64 {
                    throw ModelError(.invalidInput, "an integer cannot be raised to the power \(negative)")
                }
                let visitor = BinaryVisitor(
                    a: try base.converted(to: wide), b: try powers.converted(to: wide), real: { _, _ in .nan },
                    signed: Pow.power, unsigned: Pow.power)
                return [.tensor(try wide.dispatch(visitor).converted(to: base.elementType))]
            }
            let result = try zipElements(
                try base.converted(to: .float64), try exponent.converted(to: .float64)
            ) { (a: Double, b: Double) in Elementary.pow(a, b) }
            return [.tensor(try result.converted(to: base.elementType))]
        }

        private static func power<T: FixedWidthInteger>(_ base: T, _ exponent: T) -> T {
            var (result, square, rest) = (T(1), base, T.Magnitude(truncatingIfNeeded: exponent))
            while rest > 0 {
                if rest & 1 == 1 { result = result &* square }
                square = square &* square
                rest >>= 1
            }
            return result
        }
    }
}
