/// A sum of products of symbols with integer coefficients, in normal form.
public struct Polynomial: Sendable, Hashable {
    public indirect enum Factor: Sendable, Hashable {
        case symbol(String)
        case floorQuotient(Dimension, Dimension)
        case maximum(Dimension, Dimension)
    }

    public struct Term: Sendable, Hashable {
        public var factors: [Factor]
        public var coefficient: Int
    }

    /// Sorted by their factors, without zero coefficients and with each product once.
    public let terms: [Term]

    /// Beyond this many terms a dimension is given up as unknown; a hostile graph could square it at each node.
    static let termLimit = 32
    static let depthLimit = 4

    init(_ terms: [Term]) { self.terms = terms.filter { $0.coefficient != 0 } }

    private static func normal(_ terms: [Term]) -> Polynomial? {
        if terms.count <= 1 { return Polynomial(terms) }
        var sums: [[Factor]: Int] = [:]
        for term in terms {
            let (sum, overflow) = sums[term.factors, default: 0].addingReportingOverflow(term.coefficient)
            if overflow { return nil }
            sums[term.factors] = sum
        }
        guard sums.count <= termLimit else { return nil }
        let sorted = sums.map { (key: order($0.key), term: Term(factors: $0.key, coefficient: $0.value)) }
            .sorted { $0.key < $1.key }
        return Polynomial(sorted.map(\.term))
    }

    /// Constants last, single symbols in alphabetical order first.
    private static func order(_ factors: [Factor]) -> String {
        factors.isEmpty ? "\u{10FFFF}" : factors.map(\.description).joined(separator: "*")
    }

    static func sum(_ left: Polynomial, _ right: Polynomial) -> Polynomial? { normal(left.terms + right.terms) }

    static func product(_ left: Polynomial, _ right: Polynomial) -> Polynomial? {
        // The terms of a multiple keep their order.
        if right.terms.count == 1, right.terms[0].factors.isEmpty { return left.multiplied(by: right.terms[0].coefficient) }
        if left.terms.count == 1, left.terms[0].factors.isEmpty { return right.multiplied(by: left.terms[0].coefficient) }
        var terms: [Term] = []
        for a in left.terms {
            for b in right.terms {
                let (coefficient, overflow) = a.coefficient.multipliedReportingOverflow(by: b.coefficient)
                guard !overflow, a.factors.count + b.factors.count <= termLimit else { return nil }
                let factors = (a.factors + b.factors).sorted { $0.description < $1.description }
                terms.append(Term(factors: factors, coefficient: coefficient))
            }
        }
        return normal(terms)
    }

    private func multiplied(by factor: Int) -> Polynomial? {
        var multiple: [Term] = []
        for term in terms {
            let (coefficient, overflow) = term.coefficient.multipliedReportingOverflow(by: factor)
            if overflow { return nil }
            multiple.append(Term(factors: term.factors, coefficient: coefficient))
        }
        return Polynomial(multiple)
    }

    /// The quotient when the division leaves no remainder: long division by leading terms.
    static func exactQuotient(_ dividend: Polynomial, _ divisor: Polynomial) -> Polynomial? {
        guard let lead = divisor.leadingTerm else { return nil }
        var quotient: [Term] = []
        var rest = dividend
        while let next = rest.leadingTerm {
            guard quotient.count < termLimit, let term = exactQuotient(next, lead),
                let product = product(Polynomial([term]), divisor), let negated = Polynomial.product(product, minusOne),
                let difference = sum(rest, negated)
            else { return nil }
            quotient.append(term)
            rest = difference
        }
        return normal(quotient)
    }

    private static let minusOne = Polynomial([Term(factors: [], coefficient: -1)])

    /// The first term in the lexicographic order of products, which multiplication keeps.
    private var leadingTerm: Term? {
        terms.max { a, b in
            for (left, right) in zip(a.factors, b.factors) where left != right { return left.description > right.description }
            return a.factors.count < b.factors.count
        }
    }

    private static func exactQuotient(_ term: Term, _ divisor: Term) -> Term? {
        guard divisor.coefficient != 0, divisor.coefficient != -1 || term.coefficient != .min,
            term.coefficient % divisor.coefficient == 0
        else { return nil }
        var factors = term.factors
        for factor in divisor.factors {
            guard let index = factors.firstIndex(of: factor) else { return nil }
            factors.remove(at: index)
        }
        return Term(factors: factors, coefficient: term.coefficient / divisor.coefficient)
    }

    static func floorDivide(_ a: Int, _ b: Int) -> Int {
        let (quotient, overflow) = a.dividedReportingOverflow(by: b)
        if overflow { return a }
        let remainder = a &- quotient &* b
        return remainder != 0 && (remainder < 0) != (b < 0) ? quotient - 1 : quotient
    }

    func value(_ bindings: [String: Int]) -> Int? {
        var sum = 0
        for term in terms {
            var product = term.coefficient
            for factor in term.factors {
                guard let value = factor.value(bindings) else { return nil }
                let (next, overflow) = product.multipliedReportingOverflow(by: value)
                if overflow { return nil }
                product = next
            }
            let (next, overflow) = sum.addingReportingOverflow(product)
            if overflow { return nil }
            sum = next
        }
        return sum
    }

    var symbols: [String] {
        var found: [String] = []
        for term in terms {
            for factor in term.factors {
                for name in factor.symbols where !found.contains(name) { found.append(name) }
            }
        }
        return found
    }
}

extension Polynomial.Factor: CustomStringConvertible {
    var depth: Int {
        switch self {
        case .symbol: 0
        case .floorQuotient(let a, let b), .maximum(let a, let b): 1 + max(a.depth, b.depth)
        }
    }

    func value(_ bindings: [String: Int]) -> Int? {
        switch self {
        case .symbol(let name): return bindings[name]
        case .floorQuotient(let a, let b):
            guard let a = a.value(bindings), let b = b.value(bindings), b != 0 else { return nil }
            return Polynomial.floorDivide(a, b)
        case .maximum(let a, let b):
            guard let a = a.value(bindings), let b = b.value(bindings) else { return nil }
            return max(a, b)
        }
    }

    var symbols: [String] {
        switch self {
        case .symbol(let name): [name]
        case .floorQuotient(let a, let b), .maximum(let a, let b): a.symbols + b.symbols
        }
    }

    public var description: String {
        switch self {
        case .symbol(let name): Polynomial.isIdentifier(name) ? name : "`\(name)`"
        case .floorQuotient(let a, let b): "floor(\(a), \(b))"
        case .maximum(let a, let b): "max(\(a), \(b))"
        }
    }
}

extension Polynomial: CustomStringConvertible {
    static func isIdentifier(_ name: String) -> Bool {
        guard let first = name.unicodeScalars.first, first == "_" || first.properties.isAlphabetic else { return false }
        return name.unicodeScalars.allSatisfy { $0 == "_" || $0 == "." || $0.properties.isAlphabetic || ("0"..."9").contains($0) }
    }

    public var description: String {
        var text = ""
        for term in terms {
            let magnitude = term.coefficient.magnitude
            var parts = term.factors.map(\.description)
            if magnitude != 1 || parts.isEmpty { parts.insert("\(magnitude)", at: 0) }
            if term.coefficient < 0 { text += "-" } else if !text.isEmpty { text += "+" }
            for (index, part) in parts.enumerated() { text += index == 0 ? part : "*" + part }
        }
        return text
    }
}
