import SeptumIR
import SeptumTensor

extension PlanBuilder {
    /// Values of more elements than this are not computed while planning.
    private static let elementLimit = 1 << 20

    /// The results of a node whose shapes depend on values, when those follow from the shapes of the plan's inputs alone, as the
    /// places of the pairs of n particles do.
    mutating func fixedResults(_ node: Graph.Node, index: Int) -> [Tensor]? {
        guard dependsOnShapesAlone(node) else { return nil }
        var needed: Set<Int> = []
        var known: [Int: Tensor] = [:]
        func demand(_ node: Graph.Node) -> Bool {
            for case let id? in node.inputs where known[id.index] == nil && !needed.contains(id.index) {
                if let tensor = evaluated(id) {
                    known[id.index] = tensor
                } else {
                    guard let count = shapes[id.index].flatMap({ try? Tensor.elementCount($0) }), count <= Self.elementLimit
                    else { return false }
                    needed.insert(id.index)
                }
            }
            return true
        }
        guard demand(node) else { return nil }
        var order = [index]
        for earlier in stride(from: index - 1, through: firstNode, by: -1) {
            guard nodes[earlier].outputs.contains(where: { id in id.map { needed.contains($0.index) } ?? false }) else {
                continue
            }
            guard demand(nodes[earlier]) else { return nil }
            order.append(earlier)
        }
        var results: [Tensor] = []
        for place in order.reversed() {
            let node = nodes[place]
            let arguments = node.inputs.map { id in id.flatMap { known[$0.index] }.map(Value.tensor) }
            guard let values = try? node.op.evaluate(Arguments(arguments, outputCount: node.outputs.count)) else { return nil }
            results = values.compactMap(\.tensor)
            guard results.count >= node.outputs.count, results.count == values.count else { return nil }
            for (id, tensor) in zip(node.outputs, results) {
                if let id { known[id.index] = tensor }
            }
        }
        return Array(results.prefix(node.outputs.count))
    }
}
