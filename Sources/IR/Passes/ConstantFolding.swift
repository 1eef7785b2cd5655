public import SeptumTensor

/// Replaces nodes whose outputs are known by constants.
///
///     x = constant float32[2] [1.0, 2.0]        =>    y = constant float32[2] [-1.0, -2.0]
///     y = Neg(x) : float32[2]
public struct ConstantFolding: Pass {
    public static let name = "constant-folding"
    /// Larger results stay computed: a folded `Expand` must not blow up the file.
    static let byteLimit = 1 << 24

    private let keeps: (@Sendable (any Operator) -> Bool)?

    public init() { keeps = nil }

    /// Leaves the operators alone that `keeps` names.
    package init(keeping keeps: @escaping @Sendable (any Operator) -> Bool) { self.keeps = keeps }

    public func run(_ graph: Graph) throws(ModelError) -> Graph {
        guard graph.nodes.contains(where: { ConstantFolding.isFoldable($0, graph) }) else { return graph }
        return try graph.rewritten { node, rewrite throws(ModelError) in
            guard keeps?(node.op) != true, let results = ConstantFolding.results(node, graph, rewrite) else {
                return try rewrite.keep(node)
            }
            for (id, tensor) in zip(node.outputs, results) {
                if let id { rewrite.fold(id, tensor) }
            }
        }
    }

    /// Whether a node may be the first of those that are folded.
    private static func isFoldable(_ node: Graph.Node, _ graph: Graph) -> Bool {
        let isKnown = node.outputs.allSatisfy { id in id.map { graph[$0].fact.constant != nil } ?? true }
        return isKnown || node.inputs.allSatisfy { id in id.map { graph.constants[$0] != nil } ?? true }
    }

    private static func results(_ node: Graph.Node, _ graph: Graph, _ rewrite: Graph.Rewrite) -> [Tensor]? {
        let known = node.outputs.map { $0.flatMap { graph[$0].fact.constant } }
        if zip(node.outputs, known).allSatisfy({ $0 == nil || $1 != nil }), let first = known.compactMap({ $0 }).first {
            return known.map { $0 ?? first }
        }
        guard node.op.isDeterministic, node.op.subgraphs.isEmpty else { return nil }
        var values: [Value?] = []
        for id in node.inputs {
            guard let id else { values.append(nil); continue }
            guard let mapped = rewrite[id], let tensor = rewrite.target.constants[mapped] else { return nil }
            values.append(.tensor(tensor))
        }
        for id in node.outputs {
            guard let id else { continue }
            guard let type = graph.type(id).tensor, let shape = type.concreteShape, let count = try? Tensor.elementCount(shape),
                count <= byteLimit / max(1, type.elementType.byteWidth)
            else { return nil }
        }
        guard let results = try? node.op.evaluate(Arguments(values, outputCount: node.outputs.count)) else { return nil }
        let tensors = results.compactMap(\.tensor)
        return tensors.count >= node.outputs.count ? tensors : nil
    }
}
