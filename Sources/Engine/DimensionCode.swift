import SeptumTensor

/// A dimension as planning evaluates it: symbols are places in a list of numbers.
enum DimensionCode: Sendable {
    case number(Int)
    case symbol(Int)
    case sum([(coefficient: Int, factors: [DimensionCode])])
    indirect case floorQuotient(DimensionCode, DimensionCode)
    indirect case maximum(DimensionCode, DimensionCode)

    /// Nil when the dimension is unknown or has a symbol without a place.
    init?(_ dimension: Dimension, _ places: NameTable) {
        switch dimension {
        case .unknown: return nil
        case .fixed(let number): self = .number(number)
        case .expression(let polynomial):
            var terms: [(coefficient: Int, factors: [DimensionCode])] = []
            for term in polynomial.terms {
                var factors: [DimensionCode] = []
                for factor in term.factors {
                    guard let code = DimensionCode(factor, places) else { return nil }
                    factors.append(code)
                }
                terms.append((term.coefficient, factors))
            }
            if terms.count == 1, terms[0].coefficient == 1, terms[0].factors.count == 1 {
                self = terms[0].factors[0]
            } else {
                self = .sum(terms)
            }
        }
    }

    private init?(_ factor: Polynomial.Factor, _ places: NameTable) {
        switch factor {
        case .symbol(let name):
            guard let place = places[name] else { return nil }
            self = .symbol(place)
        case .floorQuotient(let a, let b):
            guard let a = DimensionCode(a, places), let b = DimensionCode(b, places) else { return nil }
            self = .floorQuotient(a, b)
        case .maximum(let a, let b):
            guard let a = DimensionCode(a, places), let b = DimensionCode(b, places) else { return nil }
            self = .maximum(a, b)
        }
    }

    /// The value; nil on overflow and division by zero.
    func value(_ symbols: [Int]) -> Int? {
        switch self {
        case .number(let number): return number
        case .symbol(let place): return symbols[place]
        case .maximum(let a, let b):
            guard let a = a.value(symbols), let b = b.value(symbols) else { return nil }
            return max(a, b)
        case .floorQuotient(let a, let b):
            guard let a = a.value(symbols), let b = b.value(symbols), b > 0 else { return nil }
            return a >= 0 ? a / b : -((b - 1 - a) / b)
        case .sum(let terms):
            var sum = 0
            for term in terms {
                var product = term.coefficient
                for factor in term.factors {
                    guard let value = factor.value(symbols) else { return nil }
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
    }
}

extension [DimensionCode] {
    /// The values, nil when one cannot be told.
    func values(_ symbols: [Int]) -> [Int]? {
        var values: [Int] = []
        values.reserveCapacity(count)
        for code in self {
            guard let value = code.value(symbols) else { return nil }
            values.append(value)
        }
        return values
    }

    /// A shape whose number of elements can be counted.
    func shape(_ symbols: [Int]) -> [Int]? {
        guard let shape = values(symbols), (try? Tensor.elementCount(shape)) != nil else { return nil }
        return shape
    }
}
