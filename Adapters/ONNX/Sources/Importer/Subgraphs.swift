import SeptumIR
import SeptumTensor

extension GraphImporter {
    /// Builds the graphs that a node runs; what they use from outside becomes further inputs of the node and of each graph.
    mutating func addSubgraphs(
        _ graphs: [(name: String, record: GraphRecord)], _ form: inout NodeForm, _ scope: Scope
    ) throws(ModelError) {
        let hints = try inputHints(form)
        var captures: [Capture] = []
        for name in NodeOrder.unique(graphs.flatMap { NodeOrder.freeNames(of: $0.record) }) {
            let id = try scope.value(name)
            let capture = Capture(name: name, fact: builder.graph[id].fact)
            captures.append(capture)
            if capture.embedded == nil { form.inputs.append(id) }
        }
        let enteringCount = captures.filter { $0.embedded == nil }.count
        if GraphImporter.countingCaptures.contains(form.op) { form.attributes["captures"] = .int(enteringCount) }
        for (name, record) in graphs {
            form.attributes[name] = .graph(
                try GraphImporter.graph(record, session, scope, inputs: hints, captures: captures, isNested: true))
        }
    }

    /// Operators that take further inputs anyway and must be told how many of them are captures.
    private static let countingCaptures: Set<String> = ["Loop", "Scan", "SequenceMap"]

    /// Types of a body's inputs, for files that leave them open; a loop may change the shape of what it carries.
    private func inputHints(_ form: NodeForm) throws(ModelError) -> [ValueType?] {
        func carried(_ id: Graph.ValueID?) -> ValueType? {
            guard let id else { return nil }
            let type = builder.graph.type(id)
            return type.tensor.map { .tensor($0.elementType, nil) } ?? type
        }
        switch form.op {
        case "Loop": return [.tensor(.int64, []), .tensor(.bool, [])] + form.inputs.dropFirst(2).map(carried)
        case "Scan": return try scanHints(form)
        case "SequenceMap": return form.inputs.map { id in id.map { builder.graph.type($0).mapped } }
        default: return []
        }
    }

    /// States keep their shapes; of a sequence the body gets a slice.
    private func scanHints(_ form: NodeForm) throws(ModelError) -> [ValueType?] {
        let isBatched = form.opset < 9
        let inputs = isBatched ? form.inputs.dropFirst() : form.inputs[...]
        guard let count = try form.int("num_scan_inputs"), count >= 0, count <= inputs.count else { return [] }
        var reader = AttributeReader(form.attributes.map { ($0.key, $0.value) })
        let axes = isBatched ? [] : try reader.ints("scan_input_axes") ?? []
        return inputs.enumerated().map { index, id in
            guard let id, let type = builder.graph.type(id).tensor else { return nil }
            guard var shape = type.shape else { return .tensor(type.elementType, nil) }
            if isBatched { shape = Array(shape.dropFirst()) }
            let sequence = index - (inputs.count - count)
            if sequence >= 0 {
                let given = axes.indices.contains(sequence) ? axes[sequence] : 0
                let axis = given < 0 ? given + shape.count : given
                guard shape.indices.contains(axis) else { return nil }
                shape.remove(at: axis)
            }
            return .tensor(type.elementType, shape)
        }
    }

    /// Puts the nodes of the branch that is taken in the place of an `If` whose condition is known.
    ///
    /// Exporters leave such branches behind for shapes that do not occur, where the other branch does not even type-check.
    ///
    /// Returns whether it did.
    mutating func inlineBranch(
        _ node: NodeRecord, _ attributes: [AttributeRecord], _ label: String, _ scope: inout Scope
    ) throws(ModelError) -> Bool {
        guard let condition = builder.constantValue(try scope.value(node.inputs.first ?? "")), condition.count == 1,
            let isTrue = condition.integers?.first
        else { return false }
        let name = isTrue != 0 ? "then_branch" : "else_branch"
        guard case .graph(let branch) = attributes.first(where: { $0.name == name })?.value, branch.inputs.isEmpty,
            node.outputs.count <= branch.outputs.count
        else { return false }
        let (prefix, renames) = (scope.prefix, scope.renames)
        let results = branch.outputs.map(\.name)
        var inner = scope.nested()
        let uniques = rename(results, node, scope, &inner)
        scope.prefix = prefix + label + "/"
        scope.renames = inner.renames
        try addInitializers(branch, &scope)
        try add(branch.nodes, &scope)
        (scope.prefix, scope.renames) = (prefix, renames)
        for name in results { inner.values[name] = try scope.value(name) }
        scope.forget(branch)
        try define(results, uniques, node, label, inner, &scope)
        return true
    }
}

extension ValueType {
    /// What a body gets that runs on each item of a sequence, or on a value as it is.
    fileprivate var mapped: ValueType { if case .sequence(let element) = self { element } else { self } }
}
