public import SeptumTensor

extension Graph {
    /// Checks that nodes come after what they use, that each value has one producer, and that the type rules hold.
    ///
    /// - Throws: `invalidModel` naming the node or value.
    public func verify() throws(ModelError) {
        var isComputed = [Bool](repeating: false, count: values.count)
        for id in constants.keys { try Graph.define(id, self, &isComputed) }
        for id in inputs { try Graph.define(id, self, &isComputed) }
        for node in nodes {
            do throws(ModelError) {
                for id in node.inputs {
                    guard let id else { continue }
                    guard isComputed.indices.contains(id.index), isComputed[id.index] else {
                        throw ModelError(.invalidModel, "value \(id.index) is used before it is computed")
                    }
                }
                let facts = try Graph.infer(
                    node.op, node.inputs.map { $0.map { self[$0].fact } }, outputCount: node.outputs.count)
                for (id, fact) in zip(node.outputs, facts) {
                    guard let id else { continue }
                    try Graph.define(id, self, &isComputed)
                    guard self.type(id).admits(fact.type) else {
                        throw ModelError(.invalidModel, "'\(self[id].name)' is \(self.type(id)), the rule gives \(fact.type)")
                    }
                }
                for subgraph in node.op.subgraphs { try subgraph.verify() }
            } catch {
                throw error.atNode(node.name, operator: node.op.name)
            }
        }
        for id in outputs where !isComputed[id.index] {
            throw ModelError(.invalidModel, "output '\(self[id].name)' is never computed")
        }
    }

    private static func define(_ id: ValueID, _ graph: Graph, _ isComputed: inout [Bool]) throws(ModelError) {
        guard isComputed.indices.contains(id.index) else {
            throw ModelError(.invalidModel, "value \(id.index) does not exist")
        }
        guard !isComputed[id.index] else {
            throw ModelError(.invalidModel, "'\(graph[id].name)' is computed twice")
        }
        isComputed[id.index] = true
    }
}

extension ValueType {
    /// Whether a value of the other type can be one of this type, as far as symbols tell.
    public func admits(_ other: ValueType) -> Bool {
        switch (self, other) {
        case (.tensor(let a), .tensor(let b)):
            guard a.elementType == b.elementType else { return false }
            guard let left = a.shape, let right = b.shape else { return true }
            return left.count == right.count && !zip(left, right).contains { $0.isProvablyDifferent(from: $1) }
        case (.sequence(let a), .sequence(let b)), (.optional(let a), .optional(let b)): return a.admits(b)
        case (.map(let keyA, let a), .map(let keyB, let b)): return keyA == keyB && a.admits(b)
        default: return false
        }
    }
}
