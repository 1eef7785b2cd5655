import SeptumIR
import SeptumTensor

extension ONNX {
    /// Derivatives of the sum of a tensor's elements, as nodes that compute them by the chain rule from the end to the start.
    ///
    /// The node's inputs stand in for the tensors named in `xs` and `zs`; its outputs have the shapes of those of `xs`.
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#ai.onnx.preview.training.Gradient
    @Sendable static func gradient(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        let variables = try AttributeReader.require(try form.takeStrings("xs"), "xs").count
        let others = try form.takeStrings("zs")?.count ?? 0
        _ = try AttributeReader.require(try form.takeString("y"), "y")
        try form.checkEmpty()
        let count = variables + others
        guard form.inputs.count == 2 * count + 1, form.outputs.count <= variables, variables > 0 else {
            throw ModelError(
                .invalidModel,
                "found \(form.inputs.count - count - 1) inputs and \(form.outputs.count) outputs, expected an input for each "
                    + "of the \(count) names in 'xs' and 'zs' and at most \(variables) outputs")
        }
        var (given, named): ([Graph.ValueID], [Graph.ValueID]) = ([], [])
        for index in 0..<count {
            given.append(try form.requiredInput(index))
            named.append(try form.requiredInput(count + index))
        }
        let reverse = ReverseMode(builder: builder, name: form.name)
        let target = try reverse.recomputed(try form.requiredInput(2 * count), named, with: given)
        let gradients = try reverse.gradients(of: target, for: Array(given.prefix(variables)))
        builder = reverse.builder
        for (output, gradient) in zip(form.outputs, gradients) {
            guard let output else { continue }
            try builder.append("Identity", [:], name: form.name, [gradient], outputs: [output])
        }
    }
}

/// Adds to a graph the nodes that differentiate it.
final class ReverseMode {
    var builder: GraphBuilder
    let name: String

    init(builder: GraphBuilder, name: String) {
        self.builder = builder
        self.name = name
    }

    /// Each gradient of a gradient repeats a graph several times.
    private static let nodeLimit = 1 << 17

    /// - Throws: `limit` when the graph has grown beyond it.
    private func checkSize() throws(ModelError) {
        guard builder.graph.nodes.count <= ReverseMode.nodeLimit else {
            throw ModelError(.limit, "the gradients of the model stand for more than \(ReverseMode.nodeLimit) nodes")
        }
    }

    /// The value as it would be, were some of the values before it others.
    func recomputed(
        _ value: Graph.ValueID, _ named: [Graph.ValueID], with given: [Graph.ValueID]
    ) throws(ModelError) -> Graph.ValueID {
        var replaced = Dictionary(zip(named, given).filter { $0 != $1 }, uniquingKeysWith: { first, _ in first })
        guard !replaced.isEmpty else { return value }
        let needed = ancestors(of: value, stoppingAt: Set(named))
        for node in builder.graph.nodes where node.outputs.contains(where: { $0.map(needed.contains) ?? false }) {
            let inputs = node.inputs.map { id in id.map { replaced[$0] ?? $0 } }
            guard inputs != node.inputs else { continue }
            try checkSize()
            let results = try builder.repeated(node, inputs: inputs)
            for (old, new) in zip(node.outputs, results) {
                if let old, let new, replaced[old] == nil { replaced[old] = new }
            }
        }
        return replaced[value] ?? value
    }

    /// The derivatives of the sum of a value's elements.
    func gradients(of target: Graph.ValueID, for variables: [Graph.ValueID]) throws(ModelError) -> [Graph.ValueID] {
        let before = ancestors(of: target, stoppingAt: Set(variables))
        let nodes = builder.graph.nodes.filter { $0.outputs.contains { $0.map(before.contains) ?? false } }
        var active = Set(variables)
        for node in nodes where node.inputs.contains(where: { $0.map(active.contains) ?? false }) {
            // Integers and truth values do not vary.
            active.formUnion(node.outputs.compactMap(\.self).filter { builder.elementType($0)?.isFloatingPoint ?? true })
        }
        var sums: [Graph.ValueID: Graph.ValueID] = [target: try filled(1, like: target)]
        for node in nodes.reversed() {
            let isActive = node.inputs.map { $0.map(active.contains) ?? false }
            guard isActive.contains(true), node.outputs.contains(where: { $0.map { sums[$0] != nil } ?? false }) else { continue }
            try checkSize()
            let derivative = Derivative(reverse: self, node: node, isNeeded: isActive)
            let parts: [Graph.ValueID?]
            do throws(ModelError) {
                parts = try derivative.parts(node.outputs.map { $0.flatMap { sums[$0] } })
            } catch {
                throw error.atNode(node.name, operator: node.op.name)
            }
            for (index, part) in parts.enumerated() {
                guard let part, isActive.indices.contains(index), isActive[index], let input = node.inputs[index] else {
                    continue
                }
                sums[input] = if let sum = sums[input] { try builder.apply("Add", name: name, [sum, part]) } else { part }
            }
        }
        var results: [Graph.ValueID] = []
        for variable in variables {
            if let sum = sums[variable] { results.append(sum) } else { results.append(try filled(0, like: variable)) }
        }
        return results
    }

    /// A tensor of one number in the shape and element type of another.
    func filled(_ number: Float, like value: Graph.ValueID) throws(ModelError) -> Graph.ValueID {
        let shape = try builder.apply("Shape", name: name, [value])
        return try builder.apply("Expand", name: name, [try builder.constant(number, like: value), shape])
    }

    /// The values that a value is computed from, itself included; not beyond the given ones.
    private func ancestors(of value: Graph.ValueID, stoppingAt stops: Set<Graph.ValueID>) -> Set<Graph.ValueID> {
        var found: Set = [value]
        for node in builder.graph.nodes.reversed() {
            let isNeeded = node.outputs.contains { id in id.map { found.contains($0) && !stops.contains($0) } ?? false }
            if isNeeded { found.formUnion(node.inputs.compactMap(\.self)) }
        }
        return found
    }
}
