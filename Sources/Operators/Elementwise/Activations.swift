public import SeptumIR
public import SeptumTensor

// Source of all: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md

/// Without overflow far out.
private func sigmoid(_ x: Double) -> Double {
    let power = Elementary.exp(-abs(x))
    return x < 0 ? power / (1 + power) : 1 / (1 + power)
}

private func softplus(_ x: Double) -> Double { max(x, 0) + Elementary.log1p(Elementary.exp(-abs(x))) }

extension Op {
    /// One over one plus e to the power of -x.
    public struct Sigmoid: UnaryOperator, PlainOperator {
        public static let name = "Sigmoid"
        public init() {}
        public func value(_ x: Double) -> Double { sigmoid(x) }
    }

    /// The line `alpha * x + beta`, kept within 0 and 1.
    public struct HardSigmoid: UnaryOperator {
        public static let name = "HardSigmoid"
        public var alpha: Float
        public var beta: Float

        public init(alpha: Float = 0.2, beta: Float = 0.5) {
            self.alpha = alpha
            self.beta = beta
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            self.init(alpha: try attributes.float("alpha") ?? 0.2, beta: try attributes.float("beta") ?? 0.5)
        }

        public var attributes: Attributes { [("alpha", .float(alpha)), ("beta", .float(beta))] }

        public func value(_ x: Double) -> Double {
            let line = Double(alpha) * x + Double(beta)
            return line < 0 ? 0 : line > 1 ? 1 : line
        }
    }

    /// The number x times the line `x / 6 + 1 / 2`, the line kept within 0 and 1.
    public struct HardSwish: UnaryOperator, PlainOperator {
        public static let name = "HardSwish"
        public init() {}
        public func value(_ x: Double) -> Double { x >= 3 ? x : x <= -3 ? x * 0 : x * (x / 6 + 0.5) }
    }

    /// The logarithm of one plus e to the power of x.
    public struct Softplus: UnaryOperator, PlainOperator {
        public static let name = "Softplus"
        public init() {}
        public func value(_ x: Double) -> Double { x.isNaN ? x : softplus(x) }
    }

    /// The number x over one plus its absolute value.
    public struct Softsign: UnaryOperator, PlainOperator {
        public static let name = "Softsign"
        public init() {}
        public func value(_ x: Double) -> Double { x / (1 + abs(x)) }
    }

    /// The number x where positive, otherwise zero; NaN stays NaN.
    public struct Relu: UnaryOperator, PlainOperator {
        public static let name = "Relu"
        public static let elementTypes: ElementTypeSet = .numbers
        public init() {}
        public func value(_ x: Double) -> Double { x < 0 ? 0 : x }
        public func value<T: FixedWidthInteger>(_ x: T) -> T { max(x, 0) }
        public func value(_ x: Dimension) -> Dimension? { .maximum(x, 0) }
    }

    /// The scaled exponential linear unit.
    public struct Selu: UnaryOperator {
        public static let name = "Selu"
        public var alpha: Float
        public var gamma: Float

        public init(alpha: Float = 1.67326319217681884765625, gamma: Float = 1.05070102214813232421875) {
            self.alpha = alpha
            self.gamma = gamma
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            self.init()
            alpha = try attributes.float("alpha") ?? alpha
            gamma = try attributes.float("gamma") ?? gamma
        }

        public var attributes: Attributes { [("alpha", .float(alpha)), ("gamma", .float(gamma))] }

        public func value(_ x: Double) -> Double { Double(gamma) * (x > 0 ? x : Double(alpha) * Elementary.expm1(x)) }
    }

    /// The number x times the normal distribution function at x, exact or by its `tanh` approximation.
    public struct Gelu: UnaryOperator {
        public static let name = "Gelu"

        public enum Approximation: String, CaseIterable, Sendable { case none, tanh }

        public var approximate: Approximation

        public init(approximate: Approximation = .none) { self.approximate = approximate }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            approximate = try attributes.choice("approximate") ?? .none
        }

        public var attributes: Attributes { [("approximate", .string(approximate.rawValue))] }

        public func value(_ x: Double) -> Double {
            switch approximate {
            case .none: 0.5 * x * Elementary.erfc(-x / 2.0.squareRoot())
            case .tanh: 0.5 * x * (1 + Elementary.tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
            }
        }
    }

    /// The number x times the hyperbolic tangent of its softplus.
    public struct Mish: UnaryOperator, PlainOperator {
        public static let name = "Mish"
        public init() {}
        public func value(_ x: Double) -> Double { x.isNaN ? x : x * Elementary.tanh(softplus(x)) }
    }
}

// MARK: With a factor alpha

extension Op {
    /// The number x where not negative, otherwise alpha times x.
    public struct LeakyRelu: UnaryOperator, AlphaOperator {
        public static let name = "LeakyRelu"
        public static let defaultAlpha: Float = 0.01
        public var alpha: Float
        public init(alpha: Float = defaultAlpha) { self.alpha = alpha }
        public func value(_ x: Double) -> Double { x < 0 ? Double(alpha) * x : x }
    }

    /// The number x where not negative, otherwise alpha times e to the power of x less one.
    public struct Elu: UnaryOperator, AlphaOperator {
        public static let name = "Elu"
        public static let defaultAlpha: Float = 1
        public var alpha: Float
        public init(alpha: Float = defaultAlpha) { self.alpha = alpha }
        public func value(_ x: Double) -> Double { x < 0 ? Double(alpha) * Elementary.expm1(x) : x }
    }

    /// The exponential linear unit whose slope is continuous for every alpha.
    public struct Celu: UnaryOperator, AlphaOperator {
        public static let name = "Celu"
        public static let defaultAlpha: Float = 1
        public var alpha: Float
        public init(alpha: Float = defaultAlpha) { self.alpha = alpha }

        public func value(_ x: Double) -> Double {
            let bent = Double(alpha) * Elementary.expm1(x / Double(alpha))
            return (x < 0 ? 0 : x) + (bent > 0 ? 0 : bent)
        }
    }

    /// The number x where above alpha, otherwise zero; NaN gives zero.
    public struct ThresholdedRelu: UnaryOperator, AlphaOperator {
        public static let name = "ThresholdedRelu"
        public static let defaultAlpha: Float = 1
        public var alpha: Float
        public init(alpha: Float = defaultAlpha) { self.alpha = alpha }
        public func value(_ x: Double) -> Double { x > Double(alpha) ? x : 0 }
    }

    /// The number x times the sigmoid of alpha times x.
    public struct Swish: UnaryOperator, AlphaOperator {
        public static let name = "Swish"
        public static let defaultAlpha: Float = 1
        public var alpha: Float
        public init(alpha: Float = defaultAlpha) { self.alpha = alpha }
        public func value(_ x: Double) -> Double { x * sigmoid(Double(alpha) * x) }
    }
}
