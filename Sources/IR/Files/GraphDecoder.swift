import SeptumTensor

/// Reads a graph from JSON, checking everything; types are inferred anew and must agree with the stored ones.
struct GraphDecoder {
    let operators: OperatorRegistry
    let tensor: (JSONText) throws(ModelError) -> Tensor
    static let depthLimit = 16

    func decode(_ json: JSONText, depth: Int = 0) throws(ModelError) -> Graph {
        guard depth <= GraphDecoder.depthLimit else { throw ModelError(.limit, "subgraphs are nested too deeply") }
        let values = Array(try GraphDecoder.require(json["values"]?.elements, "values"))
        var graph = Graph(name: json["name"]?.string ?? "main")
        var map = [Graph.ValueID?](repeating: nil, count: values.count)
        var isComputed = [Bool](repeating: false, count: values.count)
        func name(_ index: Int) throws(ModelError) -> String {
            guard values.indices.contains(index), let name = values[index]["name"]?.string else {
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
            guard let key = value["constant"], key.isString else { continue }
            guard map[index] == nil else { throw ModelError(.malformed, "value \(index) is an input and a constant") }
            map[index] = try graph.addConstant(try tensor(key), name: try name(index))
        }
        for node in try GraphDecoder.require(json["nodes"]?.elements, "nodes") {
            let opName = try GraphDecoder.require(node["op"]?.string, "op")
            let nodeName = node["name"]?.string ?? ""
            do throws(ModelError) {
                var attributes: Attributes = []
                if let members = node["attributes"]?.members {
                    for (name, value) in members {
                        attributes.append(
                            (try GraphDecoder.require(name.string, "attributes"), try attribute(value, depth: depth)))
                    }
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
                    guard !isComputed[index] else { throw ModelError(.invalidModel, "value \(index) is computed twice") }
                    isComputed[index] = true
                }
                var made = try graph.append(op, name: nodeName, inputs: inputs, outputs: names)[...]
                for case let index? in outputs {
                    guard map[index] == nil else { throw ModelError(.invalidModel, "value \(index) is computed twice") }
                    map[index] = made.popFirst()
                    guard let id = map[index], let stored = values[index]["type"], !stored.isPlainly(graph.type(id)) else {
                        continue
                    }
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

    private func ids(_ json: JSONText?, _ name: String) throws(ModelError) -> [Int?] {
        var ids: [Int?] = []
        for element in try GraphDecoder.require(json?.elements, name) {
            if element.isNull { ids.append(nil); continue }
            ids.append(try GraphDecoder.require(element.int, name))
        }
        return ids
    }

    private func attribute(_ json: JSONText, depth: Int) throws(ModelError) -> Attribute {
        guard var members = json.members, let (key, value) = members.next(), let kind = key.string, members.next() == nil else {
            throw ModelError(.malformed, "an attribute is not of the form {kind: value}")
        }
        func all<T>(_ read: (JSONText) -> T?) throws(ModelError) -> [T] {
            var converted: [T] = []
            for element in try GraphDecoder.require(value.elements, kind) {
                converted.append(try GraphDecoder.require(read(element), kind))
            }
            return converted
        }
        switch kind {
        case "int": return .int(try GraphDecoder.require(value.int, "int"))
        case "float": return .float(try GraphDecoder.require(value.float, "float"))
        case "string": return .string(try GraphDecoder.require(value.string, "string"))
        case "ints": return .ints(try all(\.int))
        case "floats": return .floats(try all(\.float))
        case "strings": return .strings(try all(\.string))
        case "tensor": return .tensor(try tensor(try GraphDecoder.require(value.isString ? value : nil, "tensor")))
        case "graph": return .graph(try decode(value, depth: depth + 1))
        case "type": return .type(try GraphDecoder.type(value))
        default: throw ModelError(.malformed, "unknown kind of attribute '\(kind)'")
        }
    }

    static func type(_ json: JSONText, depth: Int = 0) throws(ModelError) -> ValueType {
        guard depth < depthLimit else { throw ModelError(.limit, "types are nested too deeply") }
        if let name = json["element"], name.isString {
            let element = try require(name.elementType, "element")
            guard let shape = json["shape"]?.elements else { return .tensor(element, nil) }
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
        let key = try require(json["key"]?.elementType, "key")
        return .map(key: key, value: try type(try require(json["value"], "value"), depth: depth + 1))
    }
}
