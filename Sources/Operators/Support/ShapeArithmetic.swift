package import SeptumIR
package import SeptumTensor

extension Dimension {
    /// Whether the value is zero or more whatever its symbols are bound to; symbols stand for sizes.
    package var isProvablyNonnegative: Bool {
        switch self {
        case .unknown: false
        case .fixed(let number): number >= 0
        case .expression(let polynomial):
            polynomial.terms.allSatisfy { $0.coefficient >= 0 && $0.factors.allSatisfy(\.isProvablyNonnegative) }
        }
    }

    /// The sign of the difference to another dimension when it is known: whether this one is less, equal or greater.
    package func provableOrder(to other: Dimension) -> (isLess: Bool?, isEqual: Bool?, isGreater: Bool?) {
        let difference = self - other
        let atLeast = difference.isProvablyNonnegative
        let atMost = (other - self).isProvablyNonnegative
        let isGreater = (difference - 1).isProvablyNonnegative
        let isLess = (other - self - 1).isProvablyNonnegative
        return (
            isLess ? true : atLeast ? false : nil, isProvablyEqual(to: other) ? true : isLess || isGreater ? false : nil,
            isGreater ? true : atMost ? false : nil
        )
    }

    /// The quotient rounded towards zero, unknown where that is not provably a polynomial or the floor.
    package func dividedTowardsZero(by divisor: Dimension) -> Dimension {
        if case .fixed(let a) = self, case .fixed(let b) = divisor {
            return b == 0 ? .unknown : .fixed(a.dividedReportingOverflow(by: b).partialValue)
        }
        let quotient = dividedRoundingDown(by: divisor)
        let isFloor = isProvablyNonnegative && divisor.isProvablyNonnegative
        return isFloor || (quotient * divisor).isProvablyEqual(to: self) ? quotient : .unknown
    }
}

extension Polynomial.Factor {
    fileprivate var isProvablyNonnegative: Bool {
        switch self {
        case .symbol: true
        case .floorQuotient(let a, let b): a.isProvablyNonnegative && b.isProvablyNonnegative
        case .maximum(let a, let b): a.isProvablyNonnegative || b.isProvablyNonnegative
        }
    }
}

extension Fact {
    /// The elements when they and the shape are known and arithmetic on them is followed: 32 and 64 bit integers.
    package var shapeElements: (elements: [Dimension], shape: [Int])? {
        guard let elements, let type = type.tensor, type.elementType == .int64 || type.elementType == .int32,
            let shape = type.concreteShape, (try? Tensor.elementCount(shape)) == elements.count
        else { return nil }
        return (elements, shape)
    }

    /// The fact with elements attached, unless one is beyond the element type.
    package func following(_ elements: [Dimension]?) -> Fact {
        guard let elements, elements.count <= Fact.elementLimit, let type = type.tensor else { return self }
        var copy = self
        switch type.elementType {
        case .int64: copy.elements = elements
        case .int32:
            copy.elements = elements.map { $0.number.map { Int32(exactly: $0) != nil } ?? true ? $0 : .unknown }
        default: break
        }
        return copy
    }

    /// Combines the elements of facts that have one shape, or a single element.
    package static func combined<T>(_ a: Fact?, _ b: Fact?, _ function: (Dimension, Dimension) -> T) -> [T]? {
        guard let (a, shapeA) = a?.shapeElements, let (b, shapeB) = b?.shapeElements else { return nil }
        guard shapeA == shapeB || a.count == 1 || b.count == 1 else { return nil }
        let count = a.count == 1 ? b.count : a.count
        return (0..<count).map { function(a[a.count == 1 ? 0 : $0], b[b.count == 1 ? 0 : $0]) }
    }
}
