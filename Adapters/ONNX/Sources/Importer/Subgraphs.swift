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
        for (name, record) in graphs {
            form.attributes[name] = .graph(
                try GraphImporter.graph(record, session, scope, inputs: hints, captures: captures, isNested: true))
        }
    }

    /// Types of a body's inputs, for files that leave them open; a loop may change the shape of what it carries.
    private func inputHints(_ form: NodeForm) throws(ModelError) -> [ValueType?] {
        func carried(_ id: Graph.ValueID?) -> ValueType? {
            guard let id else { return nil }
            let type = builder.graph.type(id)
            return type.tensor.map { .tensor($0.elementType, nil) } ?? type
        }
        switch form.op {
        case "Loop": return [.tensor(.int64, []), .tensor(.bool, [])] + form.inputs.dropFirst(2).map(carried)
        case "Scan": return form.inputs.map(carried)
        default: return []
        }
    }
}
