public import Septum

/// The contract of an operator as a check: what every operator of a registry or a plugin must pass.
///
/// Besides good inputs the operator is given bad ones, which it must refuse with a `ModelError`: a trap ends the process.
public enum OperatorConformance {
    /// Checks an operator on inputs that it must accept.
    ///
    /// - Parameters:
    ///   - op: The operator with its attributes.
    ///   - inputs: Values that fit it; nil for an omitted input.
    ///   - outputCount: How many outputs to ask for.
    /// - Returns: The rules that are broken; empty when the operator conforms.
    public static func check(_ op: any Operator, inputs: [Value?], outputCount: Int = 1) -> [Violation] {
        var violations = checkAttributes(op) + checkCounts(op, inputs.count, outputCount)
        do throws(ModelError) {
            let arguments = Arguments(inputs, outputCount: outputCount)
            let results = try op.evaluate(arguments)
            guard results.count >= outputCount else {
                return violations + [Violation("evaluation gives all outputs", "\(op.name): \(results.count) of \(outputCount)")]
            }
            let again = try op.evaluate(arguments)
            if op.isDeterministic, !zip(results, again).allSatisfy({ $0.isIdentical(to: $1) }) {
                violations.append(Violation("equal inputs give equal outputs", op.name))
            }
            for knowledge in Knowledge.allCases {
                violations += checkRule(op, inputs, Array(results.prefix(outputCount)), knowledge)
            }
        } catch {
            violations.append(Violation("evaluation accepts good inputs", "\(op.name): \(error)"))
        }
        return violations + checkBadInputs(op, inputs, outputCount)
    }

    private static func checkAttributes(_ op: any Operator) -> [Violation] {
        let kind = type(of: op)
        var violations: [Violation] = []
        do throws(ModelError) {
            let again = try OperatorRegistry.make(kind, op.attributes)
            if !isIdentical(op.attributes, again.attributes) {
                violations.append(Violation("attributes read back", "\(op.name): \(op.attributes) became \(again.attributes)"))
            }
        } catch {
            violations.append(Violation("attributes read back", "\(op.name): \(error)"))
        }
        let stray = op.attributes + [("an_attribute_that_no_operator_has", .int(1))]
        if (try? OperatorRegistry.make(kind, stray)) != nil {
            violations.append(Violation("unknown attributes are refused", op.name))
        }
        let names = op.attributes.map(\.name)
        if Set(names).count != names.count {
            violations.append(Violation("attributes have one name each", "\(op.name): \(names)"))
        }
        return violations
    }

    private static func checkCounts(_ op: any Operator, _ inputCount: Int, _ outputCount: Int) -> [Violation] {
        let kind = type(of: op)
        guard kind.inputCount.contains(inputCount), kind.outputCount.contains(outputCount) else {
            let declared = "\(kind.inputCount) inputs, \(kind.outputCount) outputs"
            return [Violation("declared counts cover the sample", "\(op.name): \(inputCount), \(outputCount); \(declared)")]
        }
        return []
    }

    private static func checkRule(
        _ op: any Operator, _ inputs: [Value?], _ results: [Value], _ knowledge: Knowledge
    ) -> [Violation] {
        var bindings: [String: Int] = [:]
        let facts = inputs.enumerated().map { knowledge.fact($1, input: $0, &bindings) }
        do throws(ModelError) {
            let inferred = try op.infer(Facts(facts, outputCount: results.count))
            guard inferred.count >= results.count else {
                return [Violation("the type rule covers all outputs", "\(op.name): \(inferred.count) of \(results.count)")]
            }
            return zip(inferred, results).enumerated().compactMap { index, pair in
                pair.0.objection(to: pair.1, bindings).map { objection in
                    Violation(
                        "the inferred type admits the result",
                        "\(op.name), knowing \(knowledge): output \(index) is \(pair.1.type), inferred \(pair.0.type): \(objection)"
                    )
                }
            }
        } catch {
            return [Violation("the type rule accepts good inputs", "\(op.name), knowing \(knowledge): \(error)")]
        }
    }

    /// Replaces one input after the other by bad ones: whatever the operator accepts, its type rule must admit.
    private static func checkBadInputs(_ op: any Operator, _ inputs: [Value?], _ outputCount: Int) -> [Violation] {
        // A subgraph may loop as often as an input says.
        guard op.subgraphs.isEmpty else { return [] }
        var violations: [Violation] = []
        for index in inputs.indices {
            for bad in badValues(inputs[index]) {
                var changed = inputs
                changed[index] = bad
                let facts = Facts(
                    changed.map { $0.map { $0.tensor.map(Fact.init(constant:)) ?? Fact($0.type) } }, outputCount: outputCount)
                let inferred = try? op.infer(facts)
                guard let results = try? op.evaluate(Arguments(changed, outputCount: outputCount)) else { continue }
                for (fact, result) in zip(inferred ?? [], results).prefix(outputCount) {
                    guard let objection = fact.objection(to: result, [:]) else { continue }
                    let found = bad.map { "\($0.type)" } ?? "nothing"
                    violations.append(
                        Violation("the inferred type admits the result", "\(op.name): input \(index) is \(found): \(objection)"))
                }
            }
        }
        return violations
    }

    /// Nothing, other kinds and element types, other ranks, no elements, and elements out of any range.
    private static func badValues(_ value: Value?) -> [Value?] {
        var tensors: [Tensor?] = [
            try? Tensor([], [Float.nan]), try? Tensor(zeros: .float32, [0]), try? Tensor(zeros: .string, [2]),
            try? Tensor(zeros: .float32, [1, 1, 1, 1, 1, 1, 1]), try? Tensor(zeros: .int64, [1 << 40, 0, 1 << 40]),
            try? Tensor([2], [Int64.min, .max]), try? Tensor([1], [Int64.max]), try? Tensor([], [Int64.min]),
            try? Tensor([2], [Bool8(true), Bool8(false)]), try? Tensor(zeros: .complex64, [2]),
        ]
        if let tensor = value?.tensor {
            tensors.append(try? Tensor(zeros: tensor.elementType, tensor.shape))
            tensors.append(try? Tensor(zeros: tensor.elementType, tensor.shape + [1]))
            tensors.append(try? Tensor(zeros: tensor.elementType, tensor.shape.map { _ in 0 }))
            tensors.append(try? Tensor(zeros: tensor.elementType, tensor.shape.reversed()))
            tensors.append(try? Tensor(zeros: tensor.elementType, []))
            for extreme in [Int64.min, -1, .max] where tensor.elementType == .int64 {
                tensors.append(
                    try? Tensor(tensor.shape) { (elements: UnsafeMutableBufferPointer<Int64>) in
                        for index in elements.indices { elements[index] = extreme }
                    })
            }
        }
        let float = ValueType.tensor(.float32, nil)
        return [nil, .sequence([], of: float), .optional(nil, of: float)] + tensors.compactMap { $0 }.map { .some(.tensor($0)) }
    }

    static func isIdentical(_ left: Attributes, _ right: Attributes) -> Bool {
        left.count == right.count
            && zip(left, right).allSatisfy { $0.name == $1.name && $0.value.isIdentical(to: $1.value) }
    }
}
