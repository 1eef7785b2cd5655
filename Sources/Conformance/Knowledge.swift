import Septum

/// What a type rule is told of an input.
enum Knowledge: CaseIterable {
    case types, constants, symbols, elementTypes

    /// The fact; `bindings` receives the values of the symbols in it.
    func fact(_ value: Value?, input: Int, _ bindings: inout [String: Int]) -> Fact? {
        guard let value else { return nil }
        guard case .tensor(let tensor) = value else { return Fact(value.type) }
        switch self {
        case .types: return Fact(value.type)
        case .constants: return Fact(constant: tensor)
        case .elementTypes: return Fact(tensor.elementType, nil)
        case .symbols:
            let shape = tensor.shape.enumerated().map { axis, size in
                bindings["d\(input)_\(axis)"] = size
                return Dimension.symbol("d\(input)_\(axis)")
            }
            guard tensor.elementType.isInteger, tensor.count <= Fact.elementLimit, let integers = tensor.integers else {
                return Fact(tensor.elementType, shape)
            }
            // Symbols stand for sizes, so other numbers stay numbers.
            let elements = integers.enumerated().map { index, element in
                guard element > 0 else { return Dimension.fixed(element) }
                bindings["e\(input)_\(index)"] = element
                return Dimension.symbol("e\(input)_\(index)")
            }
            return Fact(tensor.elementType, shape, elements: elements)
        }
    }
}

extension Fact {
    /// Why the fact is wrong about a value, nil when it holds.
    func objection(to value: Value, _ bindings: [String: Int]) -> String? {
        guard let tensor = value.tensor, let type = type.tensor else {
            return (self.type.tensor == nil) == (value.tensor == nil) ? nil : "another kind of value"
        }
        guard type.elementType == tensor.elementType else { return "another element type" }
        if let shape = type.shape {
            guard shape.count == tensor.shape.count else { return "another rank" }
            for (dimension, size) in zip(shape, tensor.shape) {
                if let number = dimension.value(bindings), number != size {
                    return "dimension \(dimension) is \(number), not \(size)"
                }
            }
        }
        if let elements {
            guard let integers = tensor.integers, integers.count == elements.count else { return "another number of elements" }
            for (element, actual) in zip(elements, integers) {
                if let number = element.value(bindings), number != actual {
                    return "element \(element) is \(number), not \(actual)"
                }
            }
        }
        if let constant, !constant.isIdentical(to: tensor) { return "another constant" }
        return nil
    }
}
