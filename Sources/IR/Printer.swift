import SeptumTensor

extension Graph: CustomStringConvertible {
    /// The graph as text: one line a node, with the types of what it computes.
    public var description: String { lines(indent: "").joined(separator: "\n") }

    private func lines(indent: String) -> [String] {
        let parameters = inputs.map { "\(self[$0].name): \(type($0))" }.joined(separator: ", ")
        let results = outputs.map { "\(self[$0].name): \(type($0))" }.joined(separator: ", ")
        var lines = ["\(indent)graph \(name)(\(parameters)) -> (\(results)) {"]
        for (id, tensor) in constants.sorted(by: { $0.key.index < $1.key.index }) {
            lines.append("\(indent)  \(self[id].name) = constant \(type(id))\(Graph.preview(tensor))")
        }
        for node in nodes {
            let outputs = node.outputs.map { $0.map { self[$0].name } ?? "_" }.joined(separator: ", ")
            let inputs = node.inputs.map { $0.map { self[$0].name } ?? "_" }.joined(separator: ", ")
            let attributes = node.op.attributes.compactMap { Graph.describe($0.name, $0.value) }.joined(separator: ", ")
            let types = node.outputs.compactMap { $0.map { type($0).description } }.joined(separator: ", ")
            let brackets = attributes.isEmpty ? "" : "<\(attributes)>"
            lines.append("\(indent)  \(outputs) = \(node.op.name)\(brackets)(\(inputs)) : \(types)")
            for subgraph in node.op.subgraphs { lines += subgraph.lines(indent: indent + "    ") }
        }
        return lines + ["\(indent)}"]
    }

    private static func describe(_ name: String, _ value: Attribute) -> String? {
        switch value {
        case .int(let value): "\(name)=\(value)"
        case .float(let value): "\(name)=\(value)"
        case .string(let value): "\(name)=\"\(value)\""
        case .ints(let values): "\(name)=\(list(values))"
        case .floats(let values): "\(name)=\(list(values))"
        case .strings(let values): "\(name)=\(list(values))"
        case .tensor(let tensor): "\(name)=\(tensor.elementType)\(tensor.shape)\(preview(tensor))"
        case .type(let type): "\(name)=\(type)"
        case .graph: nil
        }
    }

    private static func list<T>(_ values: [T]) -> String {
        values.count <= 8 ? "\(values)" : "[\(values.prefix(6).map { "\($0)" }.joined(separator: ", ")), ... \(values.count)]"
    }

    private static func preview(_ tensor: Tensor) -> String {
        guard tensor.count <= 8 else { return "" }
        if let integers = tensor.integers { return " \(integers)" }
        switch tensor.elementType {
        case .float32: return (try? tensor.array(of: Float.self)).map { " \($0)" } ?? ""
        case .float64: return (try? tensor.array(of: Double.self)).map { " \($0)" } ?? ""
        case .string: return " \(tensor.strings)"
        default: return ""
        }
    }
}
