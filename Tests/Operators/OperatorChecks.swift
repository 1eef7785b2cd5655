import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

extension OperatorCase {
    /// Runs the case: evaluation against the expected outputs, the type rule against the actual ones, attributes there and back.
    func check() throws {
        let made = try OperatorRegistry.standard.make(op, attributes)
        let operation = try OperatorRegistry.standard.make(op, made.attributes)
        let results = try operation.evaluate(Arguments(inputs, outputCount: outputs.count))
        try #require(results.count >= outputs.count)
        for (index, (result, expected)) in zip(results, outputs).enumerated() {
            guard let expected else { continue }
            if let difference = OperatorCase.difference(result, expected, relativeTolerance) {
                Issue.record("\(name): output \(index): \(difference)")
            }
        }
        for kind in FactKind.allCases {
            var bindings: [String: Int] = [:]
            let given = Facts(inputs.enumerated().map { kind.fact($1, input: $0, &bindings) }, outputCount: outputs.count)
            let facts = try operation.infer(given)
            try #require(facts.count >= outputs.count)
            for (index, (fact, result)) in zip(facts, results).prefix(outputs.count).enumerated() where outputs[index] != nil {
                if let objection = fact.objection(to: result, bindings) {
                    Issue.record("\(name): \(kind): output \(index) is \(result.type), inferred \(fact.type): \(objection)")
                }
            }
        }
    }

    /// What the type rule is told of an input; a symbol stands for a size, so a number below one stays a number.
    enum FactKind: CaseIterable {
        case types, constants, symbols, elementTypes

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
                guard let integers = tensor.integers, tensor.elementType.isInteger else { return Fact(tensor.elementType, shape) }
                let elements = integers.enumerated().map { index, element in
                    guard element > 0 else { return Dimension.fixed(element) }
                    bindings["e\(input)_\(index)"] = element
                    return Dimension.symbol("e\(input)_\(index)")
                }
                return Fact(tensor.elementType, shape, elements: elements.count <= Fact.elementLimit ? elements : nil)
            }
        }
    }

    /// What differs between two values, nil when they agree.
    static func difference(_ found: Value, _ expected: Value, _ relative: Double) -> String? {
        switch (found, expected) {
        case (.tensor(let a), .tensor(let b)): return difference(a, b, relative)
        case (.optional(nil, _), .optional(nil, _)): return nil
        case (.optional(let a?, _), .optional(let b?, _)): return difference(a, b, relative)
        case (.sequence(let a, _), .sequence(let b, _)):
            guard a.count == b.count else { return "\(a.count) items, expected \(b.count)" }
            return zip(a, b).lazy.compactMap { difference($0, $1, relative) }.first
        default: return "\(found.type), expected \(expected.type)"
        }
    }

    private static func difference(_ found: Tensor, _ expected: Tensor, _ relative: Double) -> String? {
        guard found.elementType == expected.elementType, found.shape == expected.shape else {
            return "\(Value.tensor(found).type), expected \(Value.tensor(expected).type)"
        }
        guard let a = found.doubles, let b = expected.doubles, let epsilon = found.elementType.roundingUnit else {
            return found.isIdentical(to: expected) ? nil : "\(found.printed), expected \(expected.printed)"
        }
        let tolerance = min(relative, 32 * epsilon)
        for (index, (x, y)) in zip(a, b).enumerated() {
            let agree = x == y || (x.isNaN && y.isNaN) || abs(x - y) <= tolerance * max(abs(y), 0.05)
            if !agree { return "element \(index) is \(x), expected \(y)" }
        }
        return nil
    }
}

extension Fact {
    /// Why the fact is wrong about a value, nil when it holds.
    func objection(to value: Value, _ bindings: [String: Int]) -> String? {
        guard case .tensor(let tensor) = value, let type = type.tensor else {
            return type.tensor == nil && value.tensor == nil ? nil : "another kind of value"
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

extension Tensor {
    /// The elements of a tensor of wide floats.
    var doubles: [Double]? {
        switch elementType {
        case .float32: try? array(of: Float.self).map(Double.init)
        case .float64: try? array(of: Double.self)
        case .float16: try? array(of: Float16.self).map(Double.init)
        case .bfloat16: try? array(of: BFloat16.self).map { Double($0.float) }
        default: nil
        }
    }

    var printed: String {
        elementType == .string ? "\(strings)" : integers.map { "\($0)" } ?? "\(Array(bytes))"
    }
}

extension ElementType {
    /// The spacing of numbers at one, nil unless a wide float.
    var roundingUnit: Double? {
        switch self {
        case .float64: 0x1p-52
        case .float32: 0x1p-23
        case .float16: 0x1p-10
        case .bfloat16: 0x1p-7
        default: nil
        }
    }
}
