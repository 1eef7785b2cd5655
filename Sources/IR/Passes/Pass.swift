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

    /// Goes through the nodes in order: `rewrite` decides what becomes of each. Values keep their identities and names, those
    /// that nothing computes any more included, until dead code is removed.
    ///
    /// - Throws: what `rewrite` throws; `invalidModel` when the rewritten graph is not valid.
    package func rewritten(
        _ rewrite: (Node, inout Rewrite) throws(ModelError) -> Void
    ) throws(ModelError) -> Graph {
        var state = Rewrite(self)
        for node in nodes { try rewrite(node, &state) }
        return try state.finish()
    }

    /// A graph that is being changed.
    package struct Rewrite {
        /// The new graph, up to the node in turn.
        package private(set) var target: Graph
        /// Which value stands for one of the old graph, nil as long as nothing computes it.
        private var map: ValueMap
        /// Whether other things are known of what stands for a value than of the value.
        private var isNews: [Bool]

        init(_ source: Graph) {
            target = source
            target.nodes = []
            target.nodes.reserveCapacity(source.nodes.count)
            map = ValueMap(count: source.values.count)
            isNews = [Bool](repeating: false, count: source.values.count)
            for id in source.inputs { map[id] = id }
            for index in source.values.indices {
                let id = ValueID(index: index)
                if source.constants[id] != nil { map[id] = id }
            }
        }

        /// The value that stands for one of the old graph, nil when nothing computes it yet.
        package subscript(id: ValueID) -> ValueID? { map[id] }

        /// Keeps a node; its type rule is asked again only when other things are known of its inputs than before.
        package mutating func keep(_ node: Node) throws(ModelError) {
            var kept = node
            var isSettled = true
            for (index, id) in node.inputs.enumerated() {
                guard let id else { continue }
                guard let mapped = map[id] else {
                    throw ModelError(.invalidModel, "'\(target[id].name)' is used before it is computed")
                        .atNode(node.name, operator: node.op.name)
                }
                if mapped != id { kept.inputs[index] = mapped }
                if isNews[id.index] { isSettled = false }
            }
            if !isSettled { return try add(kept) }
            for case let id? in node.outputs { map[id] = id }
            target.nodes.append(kept)
        }

        /// Lets another operator compute what a node does, from values of the new graph.
        package mutating func replace(
            _ node: Node, by op: any Operator, name: String? = nil, _ inputs: [ValueID?]
        ) throws(ModelError) {
            try add(Node(name: name ?? node.name, op: op, inputs: inputs, outputs: node.outputs))
        }

        /// Adds a node of its own to the new graph; returns its result.
        package mutating func append(_ op: any Operator, name: String, _ inputs: [ValueID?], output: String) throws(ModelError)
            -> ValueID?
        { try target.append(op, name: name, inputs: inputs, outputs: [target.freshName(output)]).first }

        /// Adds a constant to the new graph, under a name that begins with `stem`.
        package mutating func addConstant(_ tensor: Tensor, _ stem: String) throws(ModelError) -> ValueID {
            try target.addConstant(tensor, name: target.freshName(stem))
        }

        /// Makes a value that a node computes a part of the model.
        mutating func fold(_ id: ValueID, _ tensor: Tensor) {
            target.constants[id] = tensor
            learn(Fact(constant: tensor), of: id)
        }

        /// Lets a value of the new graph stand for one of the old graph.
        mutating func pass(_ value: ValueID, for id: ValueID) {
            map[id] = value
            isNews[id.index] = !target[value].fact.isSame(as: target[id].fact)
        }

        private mutating func add(_ node: Node) throws(ModelError) {
            do throws(ModelError) {
                let facts = try Graph.infer(
                    node.op, node.inputs.map { $0.map { target[$0].fact } }, outputCount: node.outputs.count)
                for (id, fact) in zip(node.outputs, facts) {
                    if let id { learn(Graph.naming(fact, after: target[id].name), of: id) }
                }
            } catch {
                throw error.atNode(node.name, operator: node.op.name)
            }
            target.nodes.append(node)
        }

        private mutating func learn(_ fact: Fact, of id: ValueID) {
            map[id] = id
            if fact.isSame(as: target[id].fact) { return }
            target.values[id.index].fact = fact
            isNews[id.index] = true
        }

        fileprivate mutating func finish() throws(ModelError) -> Graph {
            for (index, id) in target.outputs.enumerated() {
                guard let mapped = map[id] else {
                    throw ModelError(.invalidModel, "output '\(target[id].name)' is never computed")
                }
                target.outputs[index] = mapped
            }
            return target
        }
    }
}
