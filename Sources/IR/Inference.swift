package import SeptumTensor

extension Graph {
    /// Results larger than this are not computed while types are inferred.
    private static let foldedElementLimit = 4096

    /// Applies an operator's type rule; when every input is a small constant, the outputs become constants too.
    ///
    /// - Throws: `ModelError` when the inputs do not fit the operator.
    package static func infer(_ op: any Operator, _ inputs: [Fact?], outputCount: Int) throws(ModelError) -> [Fact] {
        let kind = Swift.type(of: op)
        let given = inputs.lastIndex { $0 != nil }.map { $0 + 1 } ?? 0
        guard kind.inputCount.contains(max(given, min(inputs.count, kind.inputCount.lowerBound))) else {
            throw ModelError(.invalidModel, "found \(given) inputs, expected \(describe(kind.inputCount))")
        }
        guard kind.outputCount.contains(outputCount) else {
            throw ModelError(.invalidModel, "found \(outputCount) outputs, expected \(describe(kind.outputCount))")
        }
        var facts = try op.infer(Facts(inputs, outputCount: outputCount))
        guard facts.count >= outputCount else {
            throw ModelError(.invalidModel, "the type rule gave \(facts.count) outputs, \(outputCount) are listed")
        }
        facts.removeLast(facts.count - outputCount)
        for index in facts.indices { facts[index] = completed(facts[index]) }
        if facts.contains(where: { $0.constant == nil }), let values = folded(op, inputs, facts) {
            for (index, value) in values.enumerated() { facts[index] = Fact(constant: value) }
        }
        return facts
    }

    /// A tensor whose every element is a known integer is a constant.
    private static func completed(_ fact: Fact) -> Fact {
        guard fact.constant == nil, let elements = fact.elements, let type = fact.type.tensor, let shape = type.concreteShape
        else { return fact }
        let numbers = elements.compactMap(\.number)
        guard numbers.count == elements.count else { return fact }
        let constant: Tensor? =
            switch type.elementType {
            case .int64: try? Tensor(shape, numbers.map(Int64.init))
            case .int32: try? Tensor(shape, numbers.map(Int32.init(clamping:)))
            default: nil
            }
        return constant.map(Fact.init(constant:)) ?? fact
    }

    private static func folded(_ op: any Operator, _ inputs: [Fact?], _ facts: [Fact]) -> [Tensor]? {
        guard op.isDeterministic, op.subgraphs.isEmpty else { return nil }
        for fact in inputs {
            guard let fact else { continue }
            guard let constant = fact.constant, constant.count <= foldedElementLimit else { return nil }
        }
        for fact in facts {
            guard let shape = fact.type.tensor?.concreteShape, let count = try? Tensor.elementCount(shape),
                count <= foldedElementLimit
            else { return nil }
        }
        let values = inputs.map { $0?.constant.map(Value.tensor) }
        guard let results = try? op.evaluate(Arguments(values, outputCount: facts.count)) else { return nil }
        let tensors = results.compactMap(\.tensor)
        return tensors.count >= facts.count ? Array(tensors.prefix(facts.count)) : nil
    }

    private static func describe(_ range: ClosedRange<Int>) -> String {
        if range.lowerBound == range.upperBound { return "\(range.lowerBound)" }
        return range.upperBound == .max ? "at least \(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
    }
}
