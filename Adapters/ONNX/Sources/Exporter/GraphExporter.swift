import SeptumIR
import SeptumTensor

/// Writes one graph, main or nested, as a record.
struct GraphExporter {
    private let graph: Graph
    /// Names in the file, by the values of the graph.
    private var names: [Graph.ValueID: String]
    private(set) var record = GraphRecord()

    /// The record of a graph.
    ///
    /// - Throws: `unsupported` naming a node that ONNX cannot hold.
    static func record(
        _ graph: Graph, _ session: inout ExportSession, captures: [Graph.ValueID: String] = [:]
    ) throws(ModelError) -> GraphRecord {
        var exporter = GraphExporter(graph: graph, names: captures)
        try exporter.run(&session)
        return exporter.record
    }

    private init(graph: Graph, names: [Graph.ValueID: String]) {
        self.graph = graph
        self.names = names
    }

    private mutating func run(_ session: inout ExportSession) throws(ModelError) {
        record.name = graph.name
        for id in graph.inputs where names[id] == nil {
            record.inputs.append(ValueInfoRecord(name: name(id, &session), type: TypeRecord(graph.type(id))))
        }
        for (id, tensor) in graph.constants.sorted(by: { $0.key.index < $1.key.index }) {
            record.initializers.append(try TensorRecord(name: name(id, &session), tensor))
        }
        for node in graph.nodes {
            do throws(ModelError) {
                try add(node, &session)
            } catch {
                throw error.atNode(node.name, operator: node.op.name)
            }
        }
        var listed: Set<Graph.ValueID> = []
        for id in graph.outputs {
            var output = name(id, &session)
            // An output is listed once; in a subgraph it may not be a value from outside.
            if !listed.insert(id).inserted || captures(id) {
                let copy = session.unique(output + "_copy")
                record.nodes.append(NodeRecord("Identity", inputs: [output], outputs: [copy]))
                output = copy
            }
            record.outputs.append(ValueInfoRecord(name: output, type: TypeRecord(graph.type(id))))
        }
    }

    private func captures(_ id: Graph.ValueID) -> Bool {
        graph.inputs.contains(id) && !record.inputs.contains { $0.name == names[id] }
    }

    mutating func name(_ id: Graph.ValueID, _ session: inout ExportSession) -> String {
        if let name = names[id] { return name }
        let name = session.unique(graph[id].name)
        names[id] = name
        return name
    }

    // MARK: Nodes

    private mutating func add(_ node: Graph.Node, _ session: inout ExportSession) throws(ModelError) {
        if let special = SpecialExports.all[node.op.name] { return try special(node, &self, &session) }
        let need = try OpsetNeed.of(node, in: graph)
        guard need.version <= session.opset else {
            throw ModelError(
                .unsupported, "\(need.reason) needs opset \(need.version), \(session.opset) was asked for",
                remedy: "leave the opset out, or name \(need.version) or a newer one")
        }
        var inputs = node.inputs
        var attributes: [AttributeRecord] = []
        let row = ONNX.row("", node.op.name)
        let captured = try takeCaptures(node, &inputs)
        for (name, value) in node.op.attributes where name != "captures" {
            if let later = row?.laterAttributes[name], later.since > session.opset { continue }
            if let record = try self.attribute(name, value, captured, &session) { attributes.append(record) }
        }
        append(node.op.name, domain: "", node, inputs: inputs, attributes, &session)
    }

    /// Adds a record for a node of the graph.
    mutating func append(
        _ op: String, domain: String, _ node: Graph.Node, inputs: [Graph.ValueID?]? = nil, _ attributes: [AttributeRecord],
        _ session: inout ExportSession
    ) {
        let given = (inputs ?? node.inputs).map { id in id.map { name($0, &session) } ?? "" }
        let results = node.outputs.map { id in id.map { name($0, &session) } ?? "" }
        record.nodes.append(
            NodeRecord(
                op, domain: domain, name: session.uniqueNode(node.name), inputs: given, outputs: results, attributes: attributes))
    }

    mutating func append(_ node: NodeRecord) { record.nodes.append(node) }

    mutating func addInitializer(_ tensor: Tensor, _ stem: String, _ session: inout ExportSession) throws(ModelError) -> String {
        let name = session.unique(stem)
        record.initializers.append(try TensorRecord(name: name, tensor))
        return name
    }

    func constant(_ id: Graph.ValueID?) -> Tensor? { id.flatMap { graph.constants[$0] } }

    func type(_ id: Graph.ValueID?) -> TensorType? { id.flatMap { graph.type($0).tensor } }

    /// Takes off the inputs that a node's subgraphs capture; in ONNX they see them by their names.
    private func takeCaptures(_ node: Graph.Node, _ inputs: inout [Graph.ValueID?]) throws(ModelError) -> [Graph.ValueID] {
        guard !node.op.subgraphs.isEmpty else { return [] }
        var reader = AttributeReader(node.op.attributes)
        let count = node.op.name == "If" ? inputs.count - 1 : try reader.int("captures") ?? 0
        guard count >= 0, count <= inputs.count else {
            throw ModelError(.invalidModel, "found \(count) captures of \(inputs.count) inputs")
        }
        let captured = inputs.suffix(count).compactMap { $0 }
        inputs.removeLast(count)
        return captured
    }

    mutating func attribute(
        _ name: String, _ value: Attribute, _ captured: [Graph.ValueID], _ session: inout ExportSession
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
            guard captured.count <= body.inputs.count else {
                throw ModelError(.invalidModel, "the graph has \(body.inputs.count) inputs", attribute: name)
            }
            var outside: [Graph.ValueID: String] = [:]
            for (id, inner) in zip(captured, body.inputs.suffix(captured.count)) { outside[inner] = self.name(id, &session) }
            return .init(name, .graph(try GraphExporter.record(body, &session, captures: outside)))
        }
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
