public import SeptumTensor

/// Removes nodes and constants that no output depends on; inputs stay.
///
///     a = Exp(x) : float32[n]         =>    b = Neg(x) : float32[n]
///     b = Neg(x) : float32[n]
///     return b
public struct DeadCodeRemoval: Pass {
    public static let name = "dead-code-removal"

    public init() {}

    public func run(_ graph: Graph) throws(ModelError) -> Graph {
        var isLive = [Bool](repeating: false, count: graph.values.count)
        for id in graph.outputs { isLive[id.index] = true }
        for node in graph.nodes.reversed() where node.outputs.contains(where: { $0.map { isLive[$0.index] } ?? false }) {
            for case let id? in node.inputs { isLive[id.index] = true }
        }
        let isUsed = graph.nodes.map { node in node.outputs.contains { id in id.map { isLive[$0.index] } ?? false } }
        for id in graph.inputs { isLive[id.index] = true }
        if isUsed.allSatisfy({ $0 }), isLive.allSatisfy({ $0 }) { return graph }
        return graph.keeping(values: isLive, nodes: isUsed)
    }
}

extension Graph {
    /// The graph with some of its values and nodes, whose inputs are among them.
    fileprivate func keeping(values isKept: [Bool], nodes isUsed: [Bool]) -> Graph {
        var kept = Graph(name: name)
        var map = ValueMap(count: values.count)
        for index in values.indices where isKept[index] {
            let (old, new) = (ValueID(index: index), ValueID(index: kept.values.count))
            map[old] = new
            kept.values.append(values[index])
            if let tensor = constants[old] { kept.constants[new] = tensor }
        }
        for (index, node) in nodes.enumerated() where isUsed[index] {
            kept.nodes.append(
                Node(
                    name: node.name, op: node.op, inputs: node.inputs.map { $0.flatMap { map[$0] } },
                    outputs: node.outputs.map { $0.flatMap { map[$0] } }))
        }
        kept.inputs = inputs.compactMap { map[$0] }
        kept.outputs = outputs.compactMap { map[$0] }
        kept.forgetNames()
        return kept
    }
}
