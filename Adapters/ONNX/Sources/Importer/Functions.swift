import SeptumIR
import SeptumTensor

extension GraphImporter {
    /// Puts a function's nodes in the place of a call.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/IR.md#functions
    mutating func call(
        _ function: FunctionRecord, _ node: NodeRecord, _ label: String, _ scope: inout Scope
    ) throws(ModelError) {
        let key = ImportSession.FunctionKey(
            domain: ONNX.canonical(function.domain), name: function.name, overload: function.overload)
        guard !scope.calls.contains(key) else {
            throw ModelError(.invalidModel, "function '\(function.name)' calls itself")
        }
        guard node.inputs.count <= function.inputs.count, node.outputs.count <= function.outputs.count else {
            throw ModelError(
                .invalidModel,
                "found \(node.inputs.count) inputs and \(node.outputs.count) outputs, "
                    + "function '\(function.name)' has \(function.inputs.count) and \(function.outputs.count)")
        }
        var inner = Scope(function.opsets)
        inner.opsets.merge(scope.opsets) { own, _ in own }
        inner.calls = scope.calls + [key]
        inner.prefix = scope.prefix + label + "/"
        inner.arguments = try arguments(of: function, node, scope)
        for (name, argument) in zip(function.inputs, node.inputs) where !argument.isEmpty {
            try inner.define(name, try scope.value(argument))
        }
        let uniques = rename(function.outputs, node, scope, &inner)
        let omitted = Set(function.inputs.filter { inner.values[$0] == nil })
        try add(function.nodes.map { $0.omitting(omitted) }, &inner)
        try define(function.outputs, uniques, node, label, inner, &scope)
    }

    /// Lets the results of nodes that replace another be called as the other's outputs; returns these names.
    mutating func rename(_ results: [String], _ node: NodeRecord, _ scope: Scope, _ inner: inout Scope) -> [String] {
        var uniques: [String] = []
        for output in node.outputs { uniques.append(scope.unique(output, &builder)) }
        for (index, (name, unique)) in zip(results, uniques).enumerated()
        where !node.outputs[index].isEmpty && inner.renames[name] == nil { inner.renames[name] = unique }
        return uniques
    }

    /// Makes the results of nodes that replace another its outputs.
    mutating func define(
        _ results: [String], _ uniques: [String], _ node: NodeRecord, _ label: String, _ inner: Scope, _ scope: inout Scope
    ) throws(ModelError) {
        for (index, (name, output)) in zip(results, node.outputs).enumerated() where !output.isEmpty {
            let id = try inner.value(name)
            let isNamed = builder.graph[id].name == uniques[index]
            try scope.define(output, isNamed ? id : try builder.apply("Identity", name: label, [id], output: uniques[index]))
        }
    }

    private func arguments(
        of function: FunctionRecord, _ node: NodeRecord, _ scope: Scope
    ) throws(ModelError) -> [String: AttributeRecord.Value] {
        var arguments: [String: AttributeRecord.Value] = [:]
        for attribute in function.defaults { arguments[attribute.name] = attribute.value }
        let known = Set(function.attributes + function.defaults.map(\.name))
        for attribute in node.attributes {
            guard known.contains(attribute.name) else {
                throw ModelError(.invalidModel, "function '\(function.name)' has no such attribute", attribute: attribute.name)
            }
            if case .reference(let name) = attribute.value {
                if let value = scope.arguments[name] { arguments[attribute.name] = value }
            } else {
                arguments[attribute.name] = attribute.value
            }
        }
        return arguments
    }
}

extension NodeRecord {
    /// The node without the inputs that a call leaves out.
    fileprivate func omitting(_ names: Set<String>) -> NodeRecord {
        guard !names.isEmpty else { return self }
        var node = self
        node.inputs = inputs.map { names.contains($0) ? "" : $0 }
        return node
    }
}
