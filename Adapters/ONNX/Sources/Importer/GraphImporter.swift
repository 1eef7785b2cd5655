import SeptumIR
import SeptumTensor

/// Builds one graph, main or nested, from its record.
struct GraphImporter {
    let session: ImportSession
    var builder: GraphBuilder

    init(session: ImportSession, name: String) {
        self.session = session
        builder = GraphBuilder(registry: session.registry, name: name, reserved: session.names)
    }

    /// Reads a graph; `scope` says which operator sets and function arguments are in force.
    ///
    /// The hints are types of inputs, in order, for files that leave them open. Captures become inputs after the declared ones
    /// or, when they are small and known, constants.
    ///
    /// - Throws: `ModelError` naming the node, value or tensor.
    static func graph(
        _ record: GraphRecord, _ session: ImportSession, _ scope: Scope, inputs hints: [ValueType?] = [],
        captures: [Capture] = [],
        isNested: Bool = false
    ) throws(ModelError) -> Graph {
        var importer = GraphImporter(session: session, name: record.name.isEmpty ? isNested ? "body" : "main" : record.name)
        var scope = scope.nested()
        let sparse = record.sparseInitializers.map(\.values.name)
        let initialized = Set(record.initializers.map(\.name) + sparse)
        for (index, info) in record.inputs.filter({ !initialized.contains($0.name) }).enumerated() {
            let hint = index < hints.count ? hints[index] : nil
            let type = try session.type(info, hint: hint)
            try scope.define(info.name, try importer.builder.addInput(scope.unique(info.name, &importer.builder), type))
        }
        for capture in captures {
            let name = scope.unique(capture.name, &importer.builder)
            if let constant = capture.embedded {
                scope.values[capture.name] = try importer.builder.addConstant(constant, name: name)
            } else {
                scope.values[capture.name] = try importer.builder.addInput(name, capture.fact.type)
            }
        }
        try importer.addInitializers(record, &scope)
        try importer.add(record.nodes, &scope)
        for output in record.outputs { try importer.addOutput(output, scope) }
        session.columns.merge(importer.builder.columns) { _, new in new }
        return importer.builder.graph
    }

    mutating func addInitializers(_ record: GraphRecord, _ scope: inout Scope) throws(ModelError) {
        for tensor in record.initializers {
            try addConstant(try tensor.tensor(in: session.files), tensor.name, &scope)
        }
        for tensor in record.sparseInitializers {
            try addConstant(try tensor.tensor(in: session.files), tensor.values.name, &scope)
        }
    }

    private mutating func addConstant(_ tensor: Tensor, _ name: String, _ scope: inout Scope) throws(ModelError) {
        try scope.define(name, try builder.addConstant(tensor, name: scope.unique(name, &builder)))
    }

    private mutating func addOutput(_ info: ValueInfoRecord, _ scope: Scope) throws(ModelError) {
        guard let id = scope.values[info.name] else {
            throw ModelError(.invalidModel, "output '\(info.name)' is computed by no node")
        }
        if case .tensor(let element, _) = info.type, element != 0, let found = builder.elementType(id) {
            let declared = try ElementType.onnx(element)
            guard declared == found else {
                throw ModelError(.invalidModel, "output '\(info.name)' is declared as \(declared), its node gives \(found)")
            }
        }
        try builder.graph.addOutput(id)
    }

    // MARK: Nodes

    mutating func add(_ nodes: [NodeRecord], _ scope: inout Scope) throws(ModelError) {
        for index in try NodeOrder.order(nodes) {
            let node = nodes[index]
            let label = node.name.isEmpty ? node.outputs.first ?? "" : node.name
            do throws(ModelError) {
                try add(node, label, &scope)
            } catch {
                throw error.atNode(label, operator: node.operatorName)
            }
        }
    }

    private mutating func add(_ node: NodeRecord, _ label: String, _ scope: inout Scope) throws(ModelError) {
        try session.spend(nodes: 1)
        if let function = session.function(of: node) { return try call(function, node, label, &scope) }
        let opset = try scope.opset(node.domain)
        var inputs: [Graph.ValueID?] = []
        for name in node.inputs { inputs.append(name.isEmpty ? nil : try scope.value(name)) }
        var outputs: [String?] = []
        for name in node.outputs { outputs.append(name.isEmpty ? nil : scope.unique(name, &builder)) }
        let attributes = try resolved(node.attributes, scope)
        if node.operatorName == "If", ONNX.canonical(node.domain).isEmpty,
            try inlineBranch(node, attributes, label, &scope)
        {
            return
        }
        if ONNX.canonical(node.domain).isEmpty, node.operatorName == "Constant" {
            try addConstantNode(attributes, outputs.first ?? nil)
        } else {
            let row = try ONNX.row(node, opset, session.registry)
            var form = NodeForm(
                name: scope.prefix + label, op: row.name, attributes: [:], inputs: inputs, outputs: outputs, opset: opset)
            try convert(attributes, &form, scope)
            for name in row.namingAttributes { try addNamedValues(name, &form, scope) }
            try add(&form, row)
        }
        for (name, unique) in zip(node.outputs, outputs) {
            guard let unique, let id = builder.ids[unique] else { continue }
            try scope.define(name, id)
        }
    }

    private func addNamedValues(_ attribute: String, _ form: inout NodeForm, _ scope: Scope) throws(ModelError) {
        let names: [String]
        switch form.attributes[attribute] {
        case .string(let name): names = [name]
        case .strings(let list): names = list
        default: return
        }
        for name in names { form.inputs.append(try scope.value(name)) }
    }

    private mutating func add(_ form: inout NodeForm, _ row: OperatorRow) throws(ModelError) {
        for edit in row.edits where form.opset < edit.before {
            guard try edit.change(&form, &builder) else { return }
        }
        try builder.append(form)
    }

    private mutating func addConstantNode(_ attributes: [AttributeRecord], _ output: String?) throws(ModelError) {
        guard attributes.count == 1, let attribute = attributes.first else {
            throw ModelError(.invalidModel, "found \(attributes.count) attributes, expected exactly one that holds the value")
        }
        let tensor: Tensor
        switch (attribute.name, attribute.value) {
        case ("value", .tensor(let record)): tensor = try record.tensor(in: session.files)
        case ("sparse_value", .sparseTensor(let record)): tensor = try record.tensor(in: session.files)
        case ("value_float", .float(let value)): tensor = try Tensor([], [value])
        case ("value_int", .int(let value)): tensor = try Tensor([], [Int64(value)])
        case ("value_string", .string(let value)): tensor = try Tensor([], strings: [value])
        case ("value_floats", .floats(let values)): tensor = try Tensor([values.count], values)
        case ("value_ints", .ints(let values)): tensor = try Tensor([values.count], values.map(Int64.init))
        case ("value_strings", .strings(let values)): tensor = try Tensor([values.count], strings: values)
        default: throw ModelError(.unsupported, "the operator has no such attribute of this kind", attribute: attribute.name)
        }
        try builder.addConstant(tensor, name: output)
    }

    // MARK: Attributes

    /// Attributes with the function's arguments put in; one that refers to an argument that is not given is left out.
    private func resolved(_ attributes: [AttributeRecord], _ scope: Scope) throws(ModelError) -> [AttributeRecord] {
        var result: [AttributeRecord] = []
        var names: Set<String> = []
        for attribute in attributes {
            guard names.insert(attribute.name).inserted else {
                throw ModelError(.invalidModel, "the attribute is given twice", attribute: attribute.name)
            }
            guard case .reference(let name) = attribute.value else { result.append(attribute); continue }
            guard let value = scope.arguments[name] else { continue }
            result.append(AttributeRecord(attribute.name, value))
        }
        return result
    }

    /// Turns attributes into those of the form; graphs get what they capture, which the node takes as further inputs.
    private mutating func convert(
        _ attributes: [AttributeRecord], _ form: inout NodeForm, _ scope: Scope
    ) throws(ModelError) {
        var graphs: [(name: String, record: GraphRecord)] = []
        for attribute in attributes {
            if case .graph(let record) = attribute.value {
                graphs.append((attribute.name, record))
            } else {
                do throws(ModelError) {
                    form.attributes[attribute.name] = try value(attribute.value)
                } catch {
                    var named = error
                    named.attribute = attribute.name
                    throw named
                }
            }
        }
        if !graphs.isEmpty { try addSubgraphs(graphs, &form, scope) }
    }

    private func value(_ value: AttributeRecord.Value) throws(ModelError) -> Attribute {
        switch value {
        case .float(let value): return .float(value)
        case .int(let value): return .int(value)
        case .string(let value): return .string(value)
        case .floats(let values): return .floats(values)
        case .ints(let values): return .ints(values)
        case .strings(let values): return .strings(values)
        case .tensor(let record): return .tensor(try record.tensor(in: session.files))
        case .sparseTensor(let record): return .tensor(try record.tensor(in: session.files))
        case .type(let record): return .type(try session.type(record))
        default: throw ModelError(.unsupported, "lists of tensors, graphs or types are attributes of no known operator")
        }
    }
}
