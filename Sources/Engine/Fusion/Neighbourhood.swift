import SeptumIR
import SeptumTensor

/// Who makes and who uses each value of a graph.
struct Neighbourhood {
    let graph: Graph
    private var producers: [Int?]
    /// The users of all values in one list, and where those of each value begin in it.
    private var users: [Int]
    private var starts: [Int]
    private var leaves: [Bool]

    init(_ graph: Graph) {
        self.graph = graph
        let count = graph.values.count
        producers = [Int?](repeating: nil, count: count)
        leaves = [Bool](repeating: false, count: count)
        starts = [Int](repeating: 0, count: count + 1)
        // Each user of a value once: those of a node that uses it twice follow each other.
        var last = [Int](repeating: -1, count: count)
        for (index, node) in graph.nodes.enumerated() {
            if case let first?? = node.outputs.first { producers[first.index] = index }
            for case let id? in node.inputs where last[id.index] != index {
                last[id.index] = index
                starts[id.index + 1] += 1
            }
        }
        for index in 0..<count { starts[index + 1] += starts[index] }
        var next = starts
        users = [Int](repeating: -1, count: starts[count])
        for (index, node) in graph.nodes.enumerated() {
            for case let id? in node.inputs where last[id.index] != -index - 2 {
                last[id.index] = -index - 2
                users[next[id.index]] = index
                next[id.index] += 1
            }
        }
        for id in graph.outputs { leaves[id.index] = true }
    }

    /// The place of the node whose first output the value is.
    func producer(_ id: Graph.ValueID?) -> Int? { id.flatMap { producers[$0.index] } }

    /// The nodes that use the value, nil when it is an output of the graph.
    func inner(_ id: Graph.ValueID?) -> ArraySlice<Int>? {
        guard let id, !leaves[id.index] else { return nil }
        return users[starts[id.index]..<starts[id.index + 1]]
    }

    /// The one node that uses the value; nil when there are more, or when it is an output of the graph.
    func onlyUser(_ id: Graph.ValueID?) -> Int? {
        guard let id, !leaves[id.index], starts[id.index + 1] - starts[id.index] == 1 else { return nil }
        return users[starts[id.index]]
    }

    /// The only result of a node.
    func result(_ index: Int) -> Graph.ValueID? {
        let outputs = graph.nodes[index].outputs
        return outputs.dropFirst().allSatisfy { $0 == nil } ? outputs.first ?? nil : nil
    }

    /// The value when it is part of the model.
    func constant(_ id: Graph.ValueID?) -> Tensor? { id.flatMap { graph.constants[$0] } }

    /// The value of a float32 constant with one element.
    func scalar(_ id: Graph.ValueID?) -> Float? {
        guard let tensor = constant(id), tensor.count == 1 else { return nil }
        return try? tensor.array(of: Float.self).first
    }

    /// The shape of a float32 tensor of known rank.
    func shape(_ id: Graph.ValueID?) -> [Dimension]? {
        guard let id, let type = graph.type(id).tensor, type.elementType == .float32 else { return nil }
        return type.shape
    }

    /// The input of a node, nil when omitted.
    func input(_ node: Int, _ index: Int) -> Graph.ValueID? {
        let inputs = graph.nodes[node].inputs
        return inputs.indices.contains(index) ? inputs[index] : nil
    }

    /// The node that makes a value, when it is of the given kind and nothing else uses the value.
    func soleProducer<T: Operator>(_ id: Graph.ValueID?, _ kind: T.Type) -> (node: Int, op: T)? {
        guard onlyUser(id) != nil, let index = producer(id), result(index) == id, let op = graph.nodes[index].op.cast(kind) else {
            return nil
        }
        return (index, op)
    }
}

/// A node that takes the place of several, the last of which gives it its name and output.
struct Replacement {
    enum Input { case value(Graph.ValueID), constant(Tensor) }

    let op: any Operator
    var inputs: [Input?]
    /// The nodes that are no longer needed, besides the last.
    var absorbed: [Int]
}

/// Replacements by the place of the node that each takes the place of.
struct Replacements {
    private var places: [Replacement?] = []
    /// The nodes that are no longer needed.
    var absorbed: [Int] { places.flatMap { $0?.absorbed ?? [] } }
    private(set) var isEmpty = true

    subscript(place: Int) -> Replacement? {
        get { places.indices.contains(place) ? places[place] : nil }
        set {
            guard let newValue else { return }
            while places.count <= place { places.append(nil) }
            isEmpty = false
            places[place] = newValue
        }
    }
}

extension Graph {
    /// Whether a node has one of the operators.
    func uses(_ kinds: any Operator.Type...) -> Bool {
        nodes.contains { node in kinds.contains { $0 == Swift.type(of: node.op) } }
    }

    /// The graph with replacements in place of the nodes at the given places.
    func replacing(_ replacements: Replacements) throws(ModelError) -> Graph {
        if replacements.isEmpty { return self }
        var isAbsorbed = [Bool](repeating: false, count: nodes.count)
        for place in replacements.absorbed { isAbsorbed[place] = true }
        var place = -1
        return try rewritten { node, rewrite throws(ModelError) in
            place += 1
            guard let replacement = replacements[place] else {
                if !isAbsorbed[place] { try rewrite.keep(node) }
                return
            }
            var inputs: [ValueID?] = []
            for (index, input) in replacement.inputs.enumerated() {
                switch input {
                case nil: inputs.append(nil)
                case .constant(let tensor): inputs.append(try rewrite.addConstant(tensor, "folded.\(place).\(index)"))
                case .value(let id): inputs.append(rewrite[id])
                }
            }
            try rewrite.replace(node, by: replacement.op, inputs)
        }
    }
}
