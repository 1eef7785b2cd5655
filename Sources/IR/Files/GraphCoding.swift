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

/// Reads a graph from JSON, checking everything; types are inferred anew and must agree with the stored ones.
struct GraphDecoder {
    let operators: OperatorRegistry
    let tensor: (String) throws(ModelError) -> Tensor
    static let depthLimit = 16

    func decode(_ json: JSON, depth: Int = 0) throws(ModelError) -> Graph {
        guard depth <= GraphDecoder.depthLimit else { throw ModelError(.limit, "subgraphs are nested too deeply") }
        let values = try GraphDecoder.require(json["values"]?.array, "values")
        var graph = Graph(name: json["name"]?.string ?? "main")
        var map = [Graph.ValueID?](repeating: nil, count: values.count)
        let valueNames = values.map { $0["name"]?.string }
        func name(_ index: Int) throws(ModelError) -> String {
            guard valueNames.indices.contains(index), let name = valueNames[index] else {
                throw ModelError(.malformed, "value \(index) does not exist or has no name")
            }
            return name
        }
        for index in try ids(json["inputs"], "inputs") {
            guard let index, map.indices.contains(index), map[index] == nil, let type = values[index]["type"] else {
                throw ModelError(.malformed, "an input does not exist or has no type")
            }
            map[index] = try graph.addInput(try name(index), try GraphDecoder.type(type))
        }
        for (index, value) in values.enumerated() {
            guard let key = value["constant"]?.string else { continue }
            guard map[index] == nil else { throw ModelError(.malformed, "value \(index) is an input and a constant") }
            map[index] = try graph.addConstant(try tensor(key), name: try name(index))
        }
        for node in try GraphDecoder.require(json["nodes"]?.array, "nodes") {
            let opName = try GraphDecoder.require(node["op"]?.string, "op")
            let nodeName = node["name"]?.string ?? ""
            do throws(ModelError) {
                var attributes: Attributes = []
                for member in node["attributes"]?.members ?? [] {
                    attributes.append((member.name, try attribute(member.value, depth: depth)))
                }
                let op = try operators.make(opName, attributes)
                var inputs: [Graph.ValueID?] = []
                for index in try ids(node["inputs"], "inputs") {
                    guard let index else { inputs.append(nil); continue }
                    guard map.indices.contains(index), let id = map[index] else {
                        throw ModelError(.invalidModel, "value \(index) is used before it is computed")
                    }
                    inputs.append(id)
                }
                let outputs = try ids(node["outputs"], "outputs")
                var names: [String?] = []
                for index in outputs {
                    guard let index else { names.append(nil); continue }
                    names.append(try name(index))
                }
                var made = try graph.append(op, name: nodeName, inputs: inputs, outputs: names)[...]
                for case let index? in outputs {
                    guard map[index] == nil else { throw ModelError(.invalidModel, "value \(index) is computed twice") }
                    map[index] = made.popFirst()
                    guard let id = map[index], let stored = values[index]["type"] else { continue }
                    let type = try GraphDecoder.type(stored)
                    guard type.admits(graph.type(id)) else {
                        throw ModelError(.invalidModel, "'\(graph[id].name)' is \(type), the rule gives \(graph.type(id))")
                    }
                }
            } catch {
                throw error.atNode(nodeName, operator: opName)
            }
        }
        for index in try ids(json["outputs"], "outputs") {
            guard let index, map.indices.contains(index), let id = map[index] else {
                throw ModelError(.malformed, "an output is never computed")
            }
            try graph.addOutput(id)
        }
        return graph
    }

    private static func require<T>(_ value: T?, _ name: String) throws(ModelError) -> T {
        guard let value else { throw ModelError(.malformed, "the graph has no valid '\(name)'") }
        return value
    }

    private func ids(_ json: JSON?, _ name: String) throws(ModelError) -> [Int?] {
        var ids: [Int?] = []
        for element in try GraphDecoder.require(json?.array, name) {
            if element == .null { ids.append(nil); continue }
            ids.append(try GraphDecoder.require(element.int, name))
        }
        return ids
    }

    private func attribute(_ json: JSON, depth: Int) throws(ModelError) -> Attribute {
        guard let member = json.members?.first, json.members?.count == 1 else {
            throw ModelError(.malformed, "an attribute is not of the form {kind: value}")
        }
        let value = member.value
        func all<T>(_ read: (JSON) -> T?) throws(ModelError) -> [T] {
            let elements = try GraphDecoder.require(value.array, member.name)
            let converted = elements.compactMap(read)
            return try GraphDecoder.require(converted.count == elements.count ? converted : nil, member.name)
        }
        switch member.name {
        case "int": return .int(try GraphDecoder.require(value.int, "int"))
        case "float": return .float(try GraphDecoder.require(value.float, "float"))
        case "string": return .string(try GraphDecoder.require(value.string, "string"))
        case "ints": return .ints(try all(\.int))
        case "floats": return .floats(try all(\.float))
        case "strings": return .strings(try all(\.string))
        case "tensor": return .tensor(try tensor(try GraphDecoder.require(value.string, "tensor")))
        case "graph": return .graph(try decode(value, depth: depth + 1))
        case "type": return .type(try GraphDecoder.type(value))
        default: throw ModelError(.malformed, "unknown kind of attribute '\(member.name)'")
        }
    }

    static func type(_ json: JSON, depth: Int = 0) throws(ModelError) -> ValueType {
        guard depth < depthLimit else { throw ModelError(.limit, "types are nested too deeply") }
        if let name = json["element"]?.string {
            let element = try require(ElementType(name: name), "element")
            guard let shape = json["shape"]?.array else { return .tensor(element, nil) }
            var dimensions: [Dimension] = []
            for text in shape {
                let dimension = try require(text.string.flatMap(Dimension.init(parsing:)), "shape")
                guard dimension.number ?? 0 >= 0 else { throw ModelError(.malformed, "the graph has no valid 'shape'") }
                dimensions.append(dimension)
            }
            return .tensor(element, dimensions)
        }
        if let element = json["sequence"] { return .sequence(try type(element, depth: depth + 1)) }
        if let wrapped = json["optional"] { return .optional(try type(wrapped, depth: depth + 1)) }
        let key = try require(json["key"]?.string.flatMap(ElementType.init(name:)), "key")
        return .map(key: key, value: try type(try require(json["value"], "value"), depth: depth + 1))
    }
}
