import SeptumTensor

/// Writes a graph as JSON; tensors are put aside under names, for the weights section of the file.
struct GraphEncoder {
    private(set) var tensors: [(name: String, tensor: Tensor)] = []

    mutating func encode(_ graph: Graph, depth: Int = 0) throws(ModelError) -> JSON {
        guard depth <= GraphDecoder.depthLimit else { throw ModelError(.limit, "subgraphs are nested too deeply") }
        var values: [JSON] = []
        for (index, info) in graph.values.enumerated() {
            var members: [JSON.Member] = [.init("name", .string(info.name))]
            if let tensor = graph.constants[Graph.ValueID(index: index)] {
                members.append(.init("constant", .string(put(tensor, info.name))))
            } else {
                members.append(.init("type", GraphEncoder.encode(info.fact.type)))
            }
            values.append(.object(members))
        }
        var nodes: [JSON] = []
        for node in graph.nodes {
            var attributes: [JSON.Member] = []
            for (name, value) in node.op.attributes {
                attributes.append(.init(name, try encode(value, "\(node.name).\(name)", depth: depth)))
            }
            nodes.append(
                .object([
                    "op": .string(node.op.name), "name": .string(node.name), "attributes": .object(attributes),
                    "inputs": .array(node.inputs.map(GraphEncoder.encode)),
                    "outputs": .array(node.outputs.map(GraphEncoder.encode)),
                ]))
        }
        return .object([
            "name": .string(graph.name), "values": .array(values), "nodes": .array(nodes),
            "inputs": .array(graph.inputs.map { .int($0.index) }), "outputs": .array(graph.outputs.map { .int($0.index) }),
        ])
    }

    private mutating func put(_ tensor: Tensor, _ stem: String) -> String {
        let name = "\(tensors.count):\(stem)"
        tensors.append((name, tensor))
        return name
    }

    private static func encode(_ id: Graph.ValueID?) -> JSON { id.map { .int($0.index) } ?? .null }

    private mutating func encode(_ attribute: Attribute, _ stem: String, depth: Int) throws(ModelError) -> JSON {
        switch attribute {
        case .int(let value): .object(["int": .int(value)])
        case .float(let value): .object(["float": .number("\(value)")])
        case .string(let value): .object(["string": .string(value)])
        case .ints(let values): .object(["ints": .array(values.map(JSON.int))])
        case .floats(let values): .object(["floats": .array(values.map { .number("\($0)") })])
        case .strings(let values): .object(["strings": .array(values.map(JSON.string))])
        case .tensor(let tensor): .object(["tensor": .string(put(tensor, stem))])
        case .graph(let graph): .object(["graph": try encode(graph, depth: depth + 1)])
        case .type(let type): .object(["type": GraphEncoder.encode(type)])
        }
    }

    static func encode(_ type: ValueType) -> JSON {
        switch type {
        case .tensor(let tensor):
            .object([
                "element": .string(tensor.elementType.name),
                "shape": tensor.shape.map { .array($0.map { .string($0.description) }) } ?? .null,
            ])
        case .sequence(let element): .object(["sequence": encode(element)])
        case .optional(let wrapped): .object(["optional": encode(wrapped)])
        case .map(let key, let value): .object(["key": .string(key.name), "value": encode(value)])
        }
    }
}
