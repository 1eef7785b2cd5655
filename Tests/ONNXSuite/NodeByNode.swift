import SeptumEngine
import SeptumIR
import SeptumTensor

/// Runs a graph as it is, each node as a program of its own.
///
/// It stands in for the interpreter where images are so large that the definitions of convolution and pooling take minutes.
enum NodeByNode {
    static func run(_ graph: Graph, _ inputs: [Value]) throws(ModelError) -> [Value] {
        var values: [Graph.ValueID: Value] = [:]
        for (id, tensor) in graph.constants { values[id] = .tensor(tensor) }
        for (id, value) in zip(graph.inputs, inputs) { values[id] = value }
        for node in graph.nodes {
            let results = try run(node, node.inputs.map { id in id.flatMap { values[$0] } })
            for (id, result) in zip(node.outputs.compactMap(\.self), results) { values[id] = result }
        }
        return graph.outputs.compactMap { values[$0] }
    }

    /// Input 0 is fed, the others are constants, as weights are in a whole program.
    private static func run(_ node: Graph.Node, _ arguments: [Value?]) throws(ModelError) -> [Value] {
        var graph = Graph(name: node.name)
        var (fed, inputs): ([Value], [Graph.ValueID?]) = ([], [])
        for (index, argument) in arguments.enumerated() {
            if index > 0, let tensor = argument?.tensor {
                inputs.append(try graph.addConstant(tensor, name: "input\(index)"))
            } else if let argument {
                inputs.append(try graph.addInput("input\(index)", argument.type))
                fed.append(argument)
            } else {
                inputs.append(nil)
            }
        }
        let names = node.outputs.enumerated().map { index, id in id.map { _ in "output\(index)" } }
        for id in try graph.append(node.op, name: node.name, inputs: inputs, outputs: names) { try graph.addOutput(id) }
        return try Program(graph).makeContext().run(values: fed)
    }
}
