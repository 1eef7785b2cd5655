public import SeptumTensor

/// Runs a graph by the definitions of its operators, one node after another.
///
/// It is the yardstick for the engine: slow, allocating, correct.
public enum Interpreter {
    /// Runs a graph on values in the order of its inputs.
    ///
    /// - Throws: `invalidInput` when the inputs do not fit; what an operator throws, naming the node.
    public static func run(_ graph: Graph, _ inputs: [Value]) throws(ModelError) -> [Value] {
        guard inputs.count == graph.inputs.count else {
            throw ModelError(.invalidInput, "\(inputs.count) inputs given, the graph has \(graph.inputs.count)")
        }
        var values = [Value?](repeating: nil, count: graph.values.count)
        for (id, tensor) in graph.constants { values[id.index] = .tensor(tensor) }
        for (id, value) in zip(graph.inputs, inputs) { values[id.index] = value }
        for node in graph.nodes {
            let arguments = Arguments(node.inputs.map { id in id.flatMap { values[$0.index] } }, outputCount: node.outputs.count)
            do throws(ModelError) {
                let results = try node.op.evaluate(arguments)
                guard results.count >= node.outputs.count else {
                    throw ModelError(.invalidModel, "\(results.count) results computed, \(node.outputs.count) are listed")
                }
                for (id, value) in zip(node.outputs, results) {
                    if let id { values[id.index] = value }
                }
            } catch {
                throw error.atNode(node.name, operator: node.op.name)
            }
        }
        var results: [Value] = []
        for id in graph.outputs {
            guard let value = values[id.index] else {
                throw ModelError(.invalidModel, "output '\(graph[id].name)' is never computed")
            }
            results.append(value)
        }
        return results
    }
}
