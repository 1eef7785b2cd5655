/// One dimension of a symbolic shape: a number, an expression of symbols, or unknown.
///
/// Expressions are kept as polynomials in normal form, so that equal ones compare equal: `batch * 2 + batch` is `3*batch`.
public enum Dimension: Sendable, Hashable {
    case fixed(Int)
    case expression(Polynomial)
    /// Nothing is known; two unknown dimensions are never provably equal.
    case unknown

    /// A dimension named by a symbol, such as `batch`.
    public static func symbol(_ name: String) -> Dimension {
        .expression(Polynomial([.init(factors: [.symbol(name)], coefficient: 1)]))
    }

    /// The number, nil when symbolic.
    public var number: Int? {
        if case .fixed(let number) = self { number } else { nil }
    }

    /// The symbol's name when the dimension is exactly one symbol.
    public var symbolName: String? {
        guard case .expression(let polynomial) = self, polynomial.terms.count == 1, polynomial.terms[0].coefficient == 1,
            polynomial.terms[0].factors.count == 1, case .symbol(let name) = polynomial.terms[0].factors[0]
        else { return nil }
        return name
    }

    /// Whether both dimensions have the same value under every binding of their symbols.
    public func isProvablyEqual(to other: Dimension) -> Bool { self != .unknown && self == other }

    /// Whether no binding of the symbols can make the dimensions equal, as far as that is known.
    public func isProvablyDifferent(from other: Dimension) -> Bool {
        if self == other { return false }
        return if case .fixed(let difference) = self - other { difference != 0 } else { false }
    }

    public static func + (left: Dimension, right: Dimension) -> Dimension {
        if left == .fixed(0) { return right }
        return right == .fixed(0) ? left : combine(left, right, Polynomial.sum)
    }
    public static func * (left: Dimension, right: Dimension) -> Dimension {
        if left == .fixed(1) { return right }
        return right == .fixed(1) ? left : combine(left, right, Polynomial.product)
    }
    public static func - (left: Dimension, right: Dimension) -> Dimension { left + right * .fixed(-1) }

    /// The quotient rounded towards minus infinity; exact division of every term is carried out.
    public func dividedRoundingDown(by divisor: Dimension) -> Dimension {
        if self == .unknown || divisor == .unknown || divisor == .fixed(0) { return .unknown }
        if case .fixed(let a) = self, case .fixed(let b) = divisor { return .fixed(Polynomial.floorDivide(a, b)) }
        if divisor == .fixed(1) { return self }
        if let exact = Polynomial.exactQuotient(polynomial, divisor.polynomial) { return Dimension(exact) }
        return Dimension.opaque(.floorQuotient(self, divisor))
    }

    /// The quotient rounded towards plus infinity.
    public func dividedRoundingUp(by divisor: Dimension) -> Dimension {
        .fixed(0) - (.fixed(0) - self).dividedRoundingDown(by: divisor)
    }

    /// The larger of two dimensions.
    public static func maximum(_ left: Dimension, _ right: Dimension) -> Dimension {
        if left == .unknown || right == .unknown { return .unknown }
        if case .fixed(let difference) = left - right { return difference >= 0 ? left : right }
        return opaque(.maximum(left, right))
    }

    /// The smaller of two dimensions.
    public static func minimum(_ left: Dimension, _ right: Dimension) -> Dimension {
        left + right - maximum(left, right)
    }

    /// A factor that is no polynomial of its symbols; deep nests of such factors are given up as unknown.
    private static func opaque(_ factor: Polynomial.Factor) -> Dimension {
        guard factor.depth <= Polynomial.depthLimit else { return .unknown }
        return .expression(Polynomial([.init(factors: [factor], coefficient: 1)]))
    }

    /// The value when every symbol that occurs is bound, nil otherwise or on overflow.
    public func value(_ bindings: [String: Int]) -> Int? {
        switch self {
        case .fixed(let number): number
        case .unknown: nil
        case .expression(let polynomial): polynomial.value(bindings)
        }
    }

    /// The symbols that occur, in order of first appearance.
    public var symbols: [String] {
        if case .expression(let polynomial) = self { polynomial.symbols } else { [] }
    }

    var depth: Int {
        if case .expression(let polynomial) = self { polynomial.terms.flatMap(\.factors).map(\.depth).max() ?? 0 } else { 0 }
    }

    var polynomial: Polynomial {
        switch self {
        case .fixed(let number): Polynomial([.init(factors: [], coefficient: number)])
        case .expression(let polynomial): polynomial
        case .unknown: Polynomial([])
        }
    }

    init(_ polynomial: Polynomial) {
        if polynomial.terms.isEmpty {
            self = .fixed(0)
        } else if polynomial.terms.count == 1, polynomial.terms[0].factors.isEmpty {
            self = .fixed(polynomial.terms[0].coefficient)
        } else {
            self = .expression(polynomial)
        }
    }

    private static func combine(
        _ left: Dimension, _ right: Dimension, _ operation: (Polynomial, Polynomial) -> Polynomial?
    ) -> Dimension {
        guard left != .unknown, right != .unknown, let result = operation(left.polynomial, right.polynomial) else {
            return .unknown
        }
        return Dimension(result)
    }
}

extension Dimension: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
    public init(integerLiteral value: Int) { self = .fixed(value) }
    public init(stringLiteral value: String) { self = .symbol(value) }
}

extension Dimension: CustomStringConvertible {
    public var description: String {
        switch self {
        case .fixed(let number): "\(number)"
        case .unknown: "?"
        case .expression(let polynomial): polynomial.description
        }
    }
}
