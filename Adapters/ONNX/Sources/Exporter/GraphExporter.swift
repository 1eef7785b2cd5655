import SeptumIR
import SeptumTensor

/// Writes one graph, main or nested, as a record.
struct GraphExporter {
    let session: ExportSession
    private let graph: Graph
    /// Names in the file, by the values of the graph.
    private var names: [Graph.ValueID: String]
    /// Values from outside that a nested graph sees by their names.
    private let captured: Set<Graph.ValueID>
    private var record = GraphRecord()
    /// Constants, of which those that something uses are written.
    private var constants: [(name: String, tensor: Tensor)] = []

    /// The record of a graph.
    ///
    /// - Throws: `unsupported` naming a node that ONNX cannot hold.
    static func record(
        _ graph: Graph, _ session: ExportSession, captures: [Graph.ValueID: String] = [:]
    ) throws(ModelError) -> GraphRecord {
        var exporter = GraphExporter(graph, session, captures)
        try exporter.run()
        return exporter.record
    }

    /// Names every value at once, so that those of subgraphs and of further nodes give way to them.
    private init(_ graph: Graph, _ session: ExportSession, _ captures: [Graph.ValueID: String]) {
        self.graph = graph
        self.session = session
        names = captures
        captured = Set(captures.keys)
        for (index, value) in graph.values.enumerated() where !captured.contains(Graph.ValueID(index: index)) {
            names[Graph.ValueID(index: index)] = session.unique(value.name)
        }
    }

    private mutating func run() throws(ModelError) {
        record.name = graph.name
        for id in graph.inputs where !captured.contains(id) {
            record.inputs.append(ValueInfoRecord(name: name(id), type: TypeRecord(graph.type(id))))
        }
        for (id, tensor) in graph.constants { constants.append((name(id), tensor)) }
        for node in graph.nodes {
            do throws(ModelError) {
                try add(node)
            } catch {
                throw error.atNode(node.name, operator: node.op.name)
            }
        }
        var listed: Set<Graph.ValueID> = []
        for id in graph.outputs {
            var output = name(id)
            // An output is listed once; in a subgraph it may not be a value from outside.
            if !listed.insert(id).inserted || captured.contains(id) {
                let copy = session.unique(output + "_copy")
                record.nodes.append(NodeRecord("Identity", inputs: [output], outputs: [copy]))
                output = copy
            }
            record.outputs.append(ValueInfoRecord(name: output, type: TypeRecord(graph.type(id))))
        }
        let used = record.usedNames
        for (name, tensor) in constants where used.contains(name) {
            record.initializers.append(try session.constant(name, tensor))
        }
    }

    func name(_ id: Graph.ValueID) -> String { names[id] ?? graph[id].name }

    func constant(_ id: Graph.ValueID?) -> Tensor? { id.flatMap { graph.constants[$0] } }

    func type(_ id: Graph.ValueID?) -> TensorType? { id.flatMap { graph.type($0).tensor } }

    // MARK: Nodes

    private mutating func add(_ node: Graph.Node) throws(ModelError) {
        if let special = SpecialExports.all[node.op.name] { return try special.export(node, &self) }
        var inputs = node.inputs
        let captures = try takeCaptures(node, &inputs)
        func value(_ id: Graph.ValueID?) -> OutgoingForm.Value? { id.map { .init(name: name($0), fact: graph[$0].fact) } }
        let form = OutgoingForm(
            name: node.name, op: node.op.name, attributes: node.op.attributes.filter { $0.name != "captures" },
            inputs: inputs.map(value), outputs: node.outputs.map(value), captures: captures.map(name), opset: session.opset)
        if ONNX.row("", form.op) == nil, let dot = form.op.lastIndex(of: ".") { return try appendForeign(form, dot) }
        try write(form)
    }

    /// An operator that a plugin registered as `domain.name`.
    private mutating func appendForeign(_ form: OutgoingForm, _ dot: String.Index) throws(ModelError) {
        var form = form
        let domain = String(form.op[..<dot])
        form.op.removeSubrange(...dot)
        session.domains[domain] = 1
        try append(form, domain: domain)
    }

    /// Adds a record for a form as it is.
    mutating func append(_ form: OutgoingForm, domain: String = "") throws(ModelError) {
        var attributes: [AttributeRecord] = []
        for (name, value) in form.attributes {
            if let record = try attribute(name, value, form.captures) { attributes.append(record) }
        }
        record.nodes.append(
            NodeRecord(
                form.op, domain: domain, name: session.uniqueNode(form.name), inputs: form.inputs.map { $0?.name ?? "" },
                outputs: form.outputs.map { $0?.name ?? "" }, attributes: attributes))
    }

    mutating func append(_ node: NodeRecord) { record.nodes.append(node) }

    /// Adds a constant under a name of its own.
    mutating func addConstant(_ tensor: Tensor, _ stem: String) -> String {
        let name = session.unique(stem)
        constants.append((name, tensor))
        return name
    }

    /// Takes off the inputs that a node's subgraphs capture; in ONNX they see them by their names.
    private func takeCaptures(_ node: Graph.Node, _ inputs: inout [Graph.ValueID?]) throws(ModelError) -> [Graph.ValueID] {
        guard !node.op.subgraphs.isEmpty else { return [] }
        var reader = AttributeReader(node.op.attributes)
        let count = node.op.name == "If" ? inputs.count - 1 : try reader.int("captures") ?? 0
        guard count >= 0, count <= inputs.count else {
            throw ModelError(.invalidModel, "found \(count) captures of \(inputs.count) inputs")
        }
        let captures = inputs.suffix(count).compactMap { $0 }
        inputs.removeLast(count)
        return captures
    }

    func attribute(
        _ name: String, _ value: Attribute, _ captures: [String]
    ) throws(ModelError) -> AttributeRecord? {
        switch value {
        case .int(let value): return .init(name, .int(value))
        case .float(let value): return .init(name, .float(value))
        case .string(let value): return .init(name, .string(value))
        case .ints(let values): return values.isEmpty ? nil : .init(name, .ints(values))
        case .floats(let values): return values.isEmpty ? nil : .init(name, .floats(values))
        case .strings(let values): return values.isEmpty ? nil : .init(name, .strings(values))
        case .tensor(let tensor): return .init(name, .tensor(try TensorRecord(name: "", tensor)))
        case .type(let type): return .init(name, .type(TypeRecord(type)))
        case .graph(let body):
            guard captures.count <= body.inputs.count else {
                throw ModelError(.invalidModel, "the graph has \(body.inputs.count) inputs", attribute: name)
            }
            let outside = zip(body.inputs.suffix(captures.count), captures)
            let names = Dictionary(outside.map { ($0, $1) }, uniquingKeysWith: { first, _ in first })
            return .init(name, .graph(try GraphExporter.record(body, session, captures: names)))
        }
    }
}

extension GraphRecord {
    /// Names that nodes use, those of nested graphs included, and outputs.
    fileprivate var usedNames: Set<String> {
        var names = Set(outputs.map(\.name))
        for node in nodes {
            names.formUnion(node.inputs)
            for case .graph(let nested) in node.attributes.map(\.value) { names.formUnion(nested.usedNames) }
        }
        return names
    }
}

extension TypeRecord {
    /// The type as a file writes it; expressions of dimensions become their names.
    init(_ type: ValueType) {
        switch type {
        case .tensor(let tensor):
            let shape = tensor.shape?.map { dimension -> DimensionRecord in
                if let number = dimension.number { return .value(number) }
                return dimension == .unknown ? .unset : .name(dimension.symbolName ?? dimension.description)
            }
            self = .tensor(element: Int(tensor.elementType.rawValue), shape: shape)
        case .sequence(let element): self = .sequence(TypeRecord(element))
        case .optional(let wrapped): self = .optional(TypeRecord(wrapped))
        case .map(let key, let value): self = .map(key: Int(key.rawValue), value: TypeRecord(value))
        }
    }
}

extension TensorRecord {
    /// The tensor as a file writes it.
    init(name: String, _ tensor: Tensor) throws(ModelError) {
        let data: Data =
            switch tensor.elementType {
            case .string: .strings(tensor.strings)
            case let type where type.packedBits < 8: .raw(try type.packed(tensor))
            default: .tensor(tensor)
            }
        self.init(name: name, elementCode: Int(tensor.elementType.rawValue), dimensions: tensor.shape, data: data)
    }
}
