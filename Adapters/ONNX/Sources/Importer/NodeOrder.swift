import SeptumTensor

/// The order in which nodes can be computed.
///
/// Files must list them so already; those that do not are put in order, as the reference implementations do.
enum NodeOrder {
    /// Indices of the nodes, each after those that it depends on.
    ///
    /// - Throws: `invalidModel` naming a node of a cycle.
    static func order(_ nodes: [NodeRecord]) throws(ModelError) -> [Int] {
        var producers: [String: Int] = [:]
        for (index, node) in nodes.enumerated() {
            for output in node.outputs where !output.isEmpty && producers[output] == nil { producers[output] = index }
        }
        var isOrdered = true
        var dependencies: [[Int]] = []
        for (index, node) in nodes.enumerated() {
            let needed = (node.inputs + freeNames(of: node)).compactMap { producers[$0] }
            isOrdered = isOrdered && needed.allSatisfy { $0 < index }
            dependencies.append(needed)
        }
        return isOrdered ? Array(nodes.indices) : try sorted(nodes, dependencies)
    }

    /// Depth first, without recursion: a hostile file may chain any number of nodes.
    private static func sorted(_ nodes: [NodeRecord], _ dependencies: [[Int]]) throws(ModelError) -> [Int] {
        enum State { case new, open, done }
        var states = [State](repeating: .new, count: nodes.count)
        var order: [Int] = []
        for start in nodes.indices where states[start] == .new {
            var stack = [(node: start, next: 0)]
            states[start] = .open
            while let (node, next) = stack.last {
                guard next < dependencies[node].count else {
                    states[node] = .done
                    order.append(node)
                    stack.removeLast()
                    continue
                }
                stack[stack.count - 1].next += 1
                let needed = dependencies[node][next]
                if states[needed] == .open {
                    let cycle = stack.drop { $0.node != needed }.map(\.node)
                    let first = nodes[cycle.min() ?? needed]
                    let output = first.outputs.first ?? ""
                    throw ModelError(.invalidModel, "its output '\(output)' depends on itself: the graph has a cycle")
                        .atNode(first.name.isEmpty ? first.outputs.first ?? "" : first.name, operator: first.operatorName)
                }
                if states[needed] == .new {
                    states[needed] = .open
                    stack.append((needed, 0))
                }
            }
        }
        return order
    }

    /// What a node's subgraphs use from outside, each name once.
    static func freeNames(of node: NodeRecord) -> [String] {
        var names: [String] = []
        for attribute in node.attributes {
            if case .graph(let graph) = attribute.value { names += freeNames(of: graph) }
        }
        return unique(names)
    }

    static func freeNames(of graph: GraphRecord) -> [String] {
        var defined = Set(graph.inputs.map(\.name) + graph.initializers.map(\.name))
        defined.formUnion(graph.sparseInitializers.map(\.values.name))
        for node in graph.nodes { defined.formUnion(node.outputs) }
        var names: [String] = []
        for node in graph.nodes {
            for name in node.inputs + freeNames(of: node) where !name.isEmpty && !defined.contains(name) { names.append(name) }
        }
        for output in graph.outputs where !defined.contains(output.name) { names.append(output.name) }
        return unique(names)
    }

    static func unique(_ names: [String]) -> [String] {
        var seen: Set<String> = []
        return names.filter { seen.insert($0).inserted }
    }
}
