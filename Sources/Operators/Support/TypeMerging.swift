package import SeptumIR
package import SeptumTensor

extension ValueType {
    /// What two types have in common: dimensions that are not provably equal become unknown.
    ///
    /// - Throws: `invalidModel` when the kinds or element types differ.
    package func merged(with other: ValueType) throws(ModelError) -> ValueType {
        switch (self, other) {
        case (.tensor(let a), .tensor(let b)) where a.elementType == b.elementType:
            guard let left = a.shape, let right = b.shape, left.count == right.count else { return .tensor(a.elementType, nil) }
            return .tensor(a.elementType, zip(left, right).map { $0 == $1 ? $0 : .unknown })
        case (.sequence(let a), .sequence(let b)): return .sequence(try a.merged(with: b))
        case (.optional(let a), .optional(let b)): return .optional(try a.merged(with: b))
        case (.map(let key, let a), .map(let otherKey, let b)) where key == otherKey:
            return .map(key: key, value: try a.merged(with: b))
        default: throw ModelError(.invalidModel, "found the types \(self) and \(other), expected equal ones")
        }
    }

    /// The type with each symbol replaced; dimensions with other symbols become unknown.
    package func replacing(_ symbols: [String: Dimension]) -> ValueType {
        switch self {
        case .tensor(let type): .tensor(type.elementType, type.shape?.map { $0.replacing(symbols) })
        case .sequence(let element): .sequence(element.replacing(symbols))
        case .optional(let wrapped): .optional(wrapped.replacing(symbols))
        case .map(let key, let value): .map(key: key, value: value.replacing(symbols))
        }
    }

    /// With the numbers that a declared type has where this one has none.
    fileprivate func narrowed(to declared: ValueType) -> ValueType {
        guard case .tensor(let own) = self, case .tensor(let other) = declared, own.elementType == other.elementType,
            let theirs = other.shape
        else { return self }
        guard let shape = own.shape else { return .tensor(own.elementType, theirs.map { $0.number == nil ? .unknown : $0 }) }
        guard shape.count == theirs.count else { return self }
        return .tensor(own.elementType, zip(shape, theirs).map { $0.number == nil && $1.number != nil ? $1 : $0 })
    }

    /// The type that a result of one run has as an input of the next: wrapped where that is optional.
    fileprivate func carried(as input: ValueType) -> ValueType {
        if case .optional = self { return self }
        if case .optional = input { return .optional(self) }
        return self
    }

    /// The type of a carried value after the last run, whose own result is of the other type.
    fileprivate func leaving(as result: ValueType) -> ValueType {
        if case .optional = result { return self }
        if case .optional(let wrapped) = self { return wrapped }
        return self
    }

    /// Notes what the symbols of this declared type stand for when a value of the other type is given.
    fileprivate func bind(to actual: ValueType, _ symbols: inout [String: Dimension]) {
        switch (self, actual) {
        case (.tensor(let declared), .tensor(let given)):
            guard let left = declared.shape, let right = given.shape else { return }
            for (dimension, value) in zip(left, right) {
                if let name = dimension.symbolName, symbols[name] == nil { symbols[name] = value }
            }
        case (.sequence(let declared), .sequence(let given)), (.optional(let declared), .optional(let given)):
            declared.bind(to: given, &symbols)
        default: return
        }
    }
}

extension Dimension {
    /// The dimension with each symbol replaced; unknown when it has another symbol.
    package func replacing(_ symbols: [String: Dimension]) -> Dimension {
        guard case .expression(let polynomial) = self else { return self }
        return polynomial.terms.reduce(0) { sum, term in
            sum + .product(term.factors.map { $0.replacing(symbols) }) * .fixed(term.coefficient)
        }
    }
}

extension Polynomial.Factor {
    fileprivate func replacing(_ symbols: [String: Dimension]) -> Dimension {
        switch self {
        case .symbol(let name): symbols[name] ?? .unknown
        case .floorQuotient(let a, let b): a.replacing(symbols).dividedRoundingDown(by: b.replacing(symbols))
        case .maximum(let a, let b): .maximum(a.replacing(symbols), b.replacing(symbols))
        }
    }
}

extension Graph {
    /// The types of the outputs for inputs of the given types; nil stands for an input that is not looked at.
    ///
    /// Symbols that the subgraph declares are its own: only numbers are compared.
    ///
    /// - Throws: `invalidModel` when the inputs are not what the subgraph declares.
    package func outputTypes(_ given: [ValueType?]) throws(ModelError) -> [ValueType] {
        guard given.count == inputs.count else {
            throw ModelError(.invalidModel, "subgraph '\(name)' has \(inputs.count) inputs, \(given.count) are given")
        }
        var symbols: [String: Dimension] = [:]
        for (id, actual) in zip(inputs, given) {
            guard let actual else { continue }
            guard type(id).admits(actual.replacing([:])) else {
                throw ModelError(
                    .invalidModel, "input '\(self[id].name)' of subgraph '\(name)' is \(type(id)), a \(actual) is given")
            }
            type(id).bind(to: actual, &symbols)
        }
        return outputs.map { type($0).replacing(symbols) }
    }

    /// The types of values that are carried from run to run of the subgraph, and those of its further outputs.
    ///
    /// The carried values enter by the inputs `carried` and leave by the outputs from `firstResult` on. What is not the same
    /// in every run is unknown. Where an input is optional and the output is not, the next run gets the output as an optional.
    ///
    /// - Throws: `invalidModel` when inputs or outputs do not fit.
    package func repeatedTypes(
        _ given: [ValueType?], carried: Swift.Range<Int>, firstResult: Int
    ) throws(ModelError) -> [ValueType] {
        var given = given
        guard firstResult + carried.count <= outputs.count, carried.upperBound <= inputs.count else {
            throw ModelError(.invalidModel, "subgraph '\(name)' has \(outputs.count) outputs for \(carried.count) carried values")
        }
        for position in carried { given[position] = given[position]?.narrowed(to: type(inputs[position])) }
        while true {
            let results = try outputTypes(given)
            var isStable = true
            for (index, position) in carried.enumerated() {
                let (input, output) = (inputs[position], outputs[firstResult + index])
                let next = type(output).carried(as: type(input))
                guard type(input).admits(next.replacing([:])), let before = given[position] else {
                    throw ModelError(
                        .invalidModel,
                        "'\(self[input].name)' is \(type(input)) in subgraph '\(name)', the next run gives it a \(next)")
                }
                let merged = try before.merged(with: results[firstResult + index].carried(as: type(input)))
                if merged != before { isStable = false }
                given[position] = merged
            }
            guard isStable else { continue }
            let last = zip(given[carried], outputs[firstResult...]).compactMap { $0?.leaving(as: type($1)) }
            return last + results[(firstResult + carried.count)...]
        }
    }

    /// Whether equal inputs always give equal outputs.
    package var isDeterministic: Bool { nodes.allSatisfy(\.op.isDeterministic) }
}
