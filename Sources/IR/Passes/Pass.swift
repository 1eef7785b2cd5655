public import SeptumTensor

/// A rewrite of a graph that keeps its inputs, its outputs and what they mean.
public protocol Pass: Sendable {
    static var name: String { get }
    /// - Throws: `invalidModel` when the graph is not valid.
    func run(_ graph: Graph) throws(ModelError) -> Graph
}

extension Graph {
    /// The passes that every compilation runs, in order.
    public static let standardPasses: [any Pass] = [ConstantFolding(), IdentityRemoval(), DeadCodeRemoval()]

    /// The graph after the given passes.
    ///
    /// - Throws: `invalidModel` when the graph is not valid.
    public func simplified(_ passes: [any Pass] = Graph.standardPasses) throws(ModelError) -> Graph {
        var graph = self
        for pass in passes { graph = try pass.run(graph) }
        return graph
    }

    /// Rebuilds the graph node by node: `rewrite` decides what becomes of each.
    ///
    /// - Throws: what `rewrite` throws; `invalidModel` when the rewritten graph is not valid.
    package func rewritten(
        _ rewrite: (Node, inout Rewrite) throws(ModelError) -> Void
    ) throws(ModelError) -> Graph {
        var state = Rewrite(target: Graph(name: name), map: ValueMap(count: values.count))
        for id in inputs { state.map[id] = try state.target.addInput(self[id].name, type(id)) }
        for (id, tensor) in constants {
            state.map[id] = try state.target.addConstant(tensor, name: self[id].name)
        }
        for node in nodes { try rewrite(node, &state) }
        for id in outputs {
            guard let mapped = state.map[id] else {
                throw ModelError(.invalidModel, "output '\(self[id].name)' is never computed")
            }
            state.target.outputs.append(mapped)
        }
        return state.target
    }

    /// A graph in the making and where the values of the old one are in it.
    package struct Rewrite {
        package var target: Graph
        package var map: ValueMap

        /// Copies a node of the old graph as it is.
        package mutating func keep(_ node: Node, from source: Graph) throws(ModelError) {
            let names = node.outputs.map { $0.map { source[$0].name } }
            var inputs: [ValueID?] = []
            for id in node.inputs {
                guard let id else { inputs.append(nil); continue }
                guard let mapped = map[id] else {
                    throw ModelError(.invalidModel, "'\(source[id].name)' is used before it is computed")
                        .atNode(node.name, operator: node.op.name)
                }
                inputs.append(mapped)
            }
            let made =
                if areKnown(node.inputs, in: source) {
                    try target.append(
                        node.op, name: node.name, inputs: inputs, outputs: names,
                        facts: node.outputs.map { $0.map { source[$0].fact } })
                } else {
                    try target.append(node.op, name: node.name, inputs: inputs, outputs: names)
                }
            for (old, new) in zip(node.outputs.compactMap { $0 }, made) { map[old] = new }
        }

        /// Whether as much is known of the inputs as in the old graph, so that a type rule gives what it gave there.
        private func areKnown(_ inputs: [ValueID?], in source: Graph) -> Bool {
            inputs.allSatisfy { id in
                guard let id, let mapped = map[id] else { return id == nil }
                return target[mapped].fact.isSame(as: source[id].fact)
            }
        }
    }
}
