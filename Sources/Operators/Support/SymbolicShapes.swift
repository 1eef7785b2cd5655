package import SeptumIR
package import SeptumTensor

extension Facts {
    /// The elements of an integer input as expressions, nil when omitted or not known.
    package func elements(_ index: Int) -> [Dimension]? { self[index]?.elements }

    /// The rank of a tensor whose dimensions are the elements of the input; nil when not known.
    package func elementCount(_ index: Int) -> Int? {
        guard let shape = self[index]?.type.tensor?.shape, shape.count <= 1 else { return nil }
        guard let count = shape.first else { return 1 }
        return count.number.flatMap { $0 <= Fact.elementLimit ? $0 : nil }
    }

    /// A shape of the given rank of which nothing else is known.
    package static func unknownShape(_ rank: Int?) -> [Dimension]? { rank.map { Array(repeating: .unknown, count: $0) } }
}

extension Operator {
    /// The symbolic elements of the outputs of an operator that only moves elements of its `data` inputs about.
    ///
    /// The operator is evaluated on the positions of the elements in place of the elements; position 0 stands for zero.
    package func movedElements(_ inputs: Facts, data: [Int] = [0]) -> [[Dimension]?] {
        let unknown = [[Dimension]?](repeating: nil, count: inputs.outputCount)
        var elements: [Dimension] = [0]
        var values: [Value?] = []
        for (index, fact) in inputs.inputs.enumerated() {
            if let fact, data.contains(index) {
                guard let own = fact.elements, let shape = fact.type.tensor?.concreteShape,
                    let positions = try? Tensor(shape, own.indices.map { Int64(elements.count + $0) })
                else { return unknown }
                elements += own
                values.append(.tensor(positions))
            } else if let fact {
                guard let constant = fact.constant else { return unknown }
                values.append(.tensor(constant))
            } else {
                values.append(nil)
            }
        }
        guard let results = try? evaluate(Arguments(values, outputCount: inputs.outputCount)) else { return unknown }
        return results.map { result in
            guard let positions = result.tensor?.integers, positions.count <= Fact.elementLimit else { return nil }
            return positions.map { elements[$0] }
        }
    }

    /// The facts of one output that holds elements of the `data` inputs.
    package func moved(
        _ inputs: Facts, _ elementType: ElementType, _ shape: [Dimension]?, data: [Int] = [0]
    ) -> [Fact] {
        [Fact(elementType, shape, elements: shape == nil ? nil : movedElements(inputs, data: data).first ?? nil)]
    }
}

extension Dimension {
    /// The dimension, or zero where it is negative.
    package var clampedToZero: Dimension { isProvablyNonnegative ? self : .maximum(self, 0) }

    /// The smaller of two dimensions; one of them where that can be told.
    package static func lesser(_ a: Dimension, _ b: Dimension) -> Dimension {
        if (b - a).isProvablyNonnegative { return a }
        return (a - b).isProvablyNonnegative ? b : .minimum(a, b)
    }

    /// What is known of a dimension that both describe: a number beats an expression.
    ///
    /// - Throws: `invalidModel` when they can not be equal.
    package static func unified(_ a: Dimension, _ b: Dimension) throws(ModelError) -> Dimension {
        if a.isProvablyDifferent(from: b) { throw ModelError(.invalidModel, "dimensions \(a) and \(b) should be equal") }
        if a == .unknown { return b }
        return b.number == nil ? a : b
    }

    /// The product of dimensions.
    package static func product(_ dimensions: some Sequence<Dimension>) -> Dimension { dimensions.reduce(1, *) }
}

/// Whether two shapes have the same value under every binding of their symbols.
package func areProvablyEqual(_ a: [Dimension]?, _ b: [Dimension]?) -> Bool {
    guard let a, let b else { return false }
    return a.count == b.count && zip(a, b).allSatisfy { $0.isProvablyEqual(to: $1) }
}
