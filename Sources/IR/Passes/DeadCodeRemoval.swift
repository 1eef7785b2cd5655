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
        let isWhole =
            graph.constants.keys.allSatisfy { isLive[$0.index] }
            && graph.nodes.allSatisfy { node in node.outputs.allSatisfy { id in id.map { isLive[$0.index] } ?? true } }
        if isWhole { return graph }
        var live = graph
        for id in graph.constants.keys where !isLive[id.index] { live.constants[id] = nil }
        live.nodes = graph.nodes.filter { node in node.outputs.contains { $0.map { isLive[$0.index] } ?? false } }
        for index in live.nodes.indices {
            live.nodes[index].outputs = live.nodes[index].outputs.map { id in id.flatMap { isLive[$0.index] ? $0 : nil } }
        }
        return try live.rewritten { node, rewrite throws(ModelError) in try rewrite.keep(node, from: live) }
    }
}
