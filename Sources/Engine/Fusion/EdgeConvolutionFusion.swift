import SeptumIR
import SeptumKernels
import SeptumOperators
import SeptumTensor

/// Joins an edge convolution: what gathers neighbours, puts their differences from a centre beside it, the layers on the edges,
/// and the reduction over the neighbours.
///
///     g = Gather<axis=0>(rows, index) : float32[n*p*k, 8]       =>    y = Fused.EdgeConvolution(x, rows, index, w, b)
///     r = Reshape(g, shape) : float32[n, p, k, 8]                         : float32[n, 32, p]
///     t = Transpose<perm=[0, 3, 1, 2]>(r) : float32[n, 8, p, k]
///     e = Expand(x, wide) : float32[n, 8, p, k]
///     d = Sub(t, e) : float32[n, 8, p, k]
///     c = Concat<axis=1>(e, d) : float32[n, 16, p, k]
///     a = Conv(c, w, b) : float32[n, 32, p, k]
///     f = Relu(a) : float32[n, 32, p, k]
///     y = ReduceMean(f, [3]) : float32[n, 32, p]
///
/// The table may also have a column for each point, and channels may be the last axis, with products in place of convolutions.
/// Rounding changes where the first layer is divided: it is worked out for each point and each row of the table then, not for each
/// edge. Its errors grow with the features themselves instead of their differences, as those of its part for the centre do anyway; so
/// the largest weight of each feature in that part must not be less than an eighth of that of its difference. All else gives the same
/// bits. ParticleNet with 50 particles does 142 instead of 204 million multiply-adds on its edges.
struct EdgeConvolutionFusion: Pass {
    static let name = "edge-convolution-fusion"

    func run(_ graph: Graph) throws(ModelError) -> Graph {
        guard graph.uses(Op.Gather.self) else { return graph }
        let near = Neighbourhood(graph)
        var replacements = Replacements()
        for index in graph.nodes.indices {
            if let match = EdgeMatch(index, near) { replacements[index] = match.replacement(near) }
        }
        return replacements.isEmpty ? graph : try graph.replacing(replacements).simplified([DeadCodeRemoval()])
    }
}

/// The nodes of one edge convolution.
private struct EdgeMatch {
    private var members: Set<Int>
    private let reduction: ReduceOperation
    private let isChannelFirst: Bool
    private var layers: [(node: Int, activations: [UnaryKernel])] = []
    private var (table, indices, centre): (Graph.ValueID, Graph.ValueID, Graph.ValueID)
    private var isTableByChannel = false

    /// From the reduction at the end.
    init?(_ index: Int, _ near: Neighbourhood) {
        switch near.graph.nodes[index].op {
        case Op.ReduceMean.self: reduction = .mean
        case Op.ReduceSum.self: reduction = .sum
        case Op.ReduceMax.self: reduction = .maximum
        default: return nil
        }
        guard let edges = near.input(index, 0), let shape = near.shape(edges), shape.count == 4,
            let axes = near.constant(near.input(index, 1))?.integers, axes.count == 1, [2, 3, -1, -2].contains(axes[0])
        else { return nil }
        isChannelFirst = axes[0] == 3 || axes[0] == -1
        var (members, layers): (Set<Int>, [(node: Int, activations: [UnaryKernel])]) = ([index], [])
        var (value, activations): (Graph.ValueID, [UnaryKernel]) = (edges, [])
        while near.onlyUser(value) != nil, let place = near.producer(value), near.result(place) == value {
            let node = near.graph.nodes[place]
            if node.op.isA(Op.Concat.self) {
                guard !layers.isEmpty, activations.isEmpty,
                    let head = Head(place, near, isChannelFirst: isChannelFirst)
                else { return nil }
                (table, indices, centre, isTableByChannel) = (head.table, head.indices, head.centre, head.isTableByChannel)
                self.layers = layers.reversed()
                self.members = members.union(head.members)
                return
            }
            if let kernel = EdgeMatch.activation(node, near) {
                activations.insert(kernel, at: 0)
            } else {
                guard EdgeMatch.isLayer(place, near, isChannelFirst: isChannelFirst) else { return nil }
                layers.append((place, activations))
                activations = []
            }
            guard let next = near.input(place, 0), members.count < 64 else { return nil }
            members.insert(place)
            value = next
        }
        return nil
    }

    private static func activation(_ node: Graph.Node, _ near: Neighbourhood) -> UnaryKernel? {
        guard let instruction = ElementInstruction(node, near), case .unary(let kernel) = instruction.kind else { return nil }
        return kernel
    }

    /// Whether a node multiplies the channels of each edge by a constant weight.
    private static func isLayer(_ index: Int, _ near: Neighbourhood, isChannelFirst: Bool) -> Bool {
        let node = near.graph.nodes[index]
        guard let w = near.constant(near.input(index, 1)), w.elementType == .float32,
            node.inputs.dropFirst(2).allSatisfy({ $0 == nil || near.constant($0)?.elementType == .float32 })
        else { return false }
        switch node.op {
        case let op as Op.Conv:
            return isChannelFirst && op.group == 1 && w.shape.count == 4 && w.shape[2...] == [1, 1]
                && op.window.pads.allSatisfy { $0 == 0 } && op.window.strides.allSatisfy { $0 == 1 }
        case Op.MatMul.self: return !isChannelFirst && w.shape.count == 2
        case let op as Fused.Linear: return !isChannelFirst && w.shape.count == 2 && op.code.lines.isEmpty
        default: return false
        }
    }

    /// Whether the largest weight of each feature of the centre is at least an eighth of that of its difference.
    private static func weighsCentre(_ weight: Tensor?, isTurned: Bool) -> Bool {
        guard let weight, weight.shape.count >= 2, let values = try? weight.array(of: Float.self) else { return false }
        let (inputs, outputs) = isTurned ? (weight.shape[1], weight.shape[0]) : (weight.shape[0], weight.shape[1])
        let channels = inputs / 2
        guard inputs == 2 * channels, values.count == inputs * outputs else { return false }
        var largest = [Float](repeating: 0, count: inputs)
        for (place, value) in values.enumerated() {
            let input = isTurned ? place % inputs : place / outputs
            largest[input] = max(largest[input], value.magnitude)
        }
        return zip(largest, largest.dropFirst(channels)).allSatisfy { $0 * 8 >= $1 }
    }

    func replacement(_ near: Neighbourhood) -> Replacement? {
        var assembly = FusedAssembly()
        for id in [centre, table, indices] { _ = assembly.source(id) }
        for member in members.sorted() { assembly.add(near.graph.nodes[member]) }
        func place(_ id: Graph.ValueID?) -> Int? {
            guard let id, case .input(let index) = assembly.source(id) else { return nil }
            return index
        }
        guard let table = place(table), let indices = place(indices), let centre = place(centre) else { return nil }
        var made: [Fused.EdgeConvolution.Layer] = []
        for layer in layers {
            let node = near.graph.nodes[layer.node]
            guard let weight = place(near.input(layer.node, 1)) else { return nil }
            let bias = near.input(layer.node, 2)
            let isTurned = node.op.isA(Op.Conv.self) || node.op.cast(Fused.Linear.self)?.transposesWeight ?? false
            made.append(
                .init(
                    weight: weight, bias: place(bias), transposesWeight: isTurned, activations: layer.activations))
        }
        return Replacement(
            op: Fused.EdgeConvolution(
                parts: assembly.parts, table: table, isTableByChannel: isTableByChannel, indices: indices, centre: centre,
                isChannelFirst: isChannelFirst, layers: made,
                isDivided: EdgeMatch.weighsCentre(
                    near.constant(near.input(layers[0].node, 1)), isTurned: made[0].transposesWeight),
                reduction: reduction),
            inputs: assembly.inputs.map { .value($0) }, absorbed: [])
    }
}

/// What makes the tensor of edges: the centre and the differences of its neighbours from it.
private struct Head {
    private(set) var members: Set<Int>
    private(set) var table: Graph.ValueID
    private(set) var indices: Graph.ValueID
    private(set) var centre: Graph.ValueID
    private(set) var isTableByChannel = false

    init?(_ concat: Int, _ near: Neighbourhood, isChannelFirst: Bool) {
        guard let op = near.graph.nodes[concat].op.cast(Op.Concat.self), near.graph.nodes[concat].inputs.count == 2,
            op.axis == (isChannelFirst ? 1 : 3) || op.axis == (isChannelFirst ? -3 : -1),
            let own = near.input(concat, 0), let difference = near.input(concat, 1),
            let shape = near.shape(difference), shape.count == 4, near.onlyUser(difference) == concat,
            let subtraction = near.producer(difference), near.graph.nodes[subtraction].op.isA(Op.Sub.self),
            let others = near.input(subtraction, 0), let measures = Head.measures(others, besides: subtraction, near),
            let repeated = near.input(subtraction, 1), areProvablyEqual(near.shape(others), shape),
            areProvablyEqual(near.shape(own), shape)
        else { return nil }
        let axis = isChannelFirst ? 3 : 2
        let (first, second) = (Head.base(own, shape, axis, near), Head.base(repeated, shape, axis, near))
        guard let first, let second, first.value == second.value else { return nil }
        centre = first.value
        members = first.members.union(second.members).union([concat, subtraction])
        // The shape of the neighbours may be what the centre is expanded to.
        for measure in measures {
            guard let users = near.inner(near.result(measure)), members.isSuperset(of: users) else { return nil }
        }
        members.formUnion(measures)
        // From the differences back to the rows of the table.
        var (value, isTurned) = (others, false)
        if let place = near.producer(value), let op = near.graph.nodes[place].op.cast(Op.Transpose.self) {
            guard isChannelFirst, let order = try? op.order(rank: 4), order == [0, 3, 1, 2] || order == [1, 0, 2, 3],
                let x = near.input(place, 0), near.onlyUser(x) == place
            else { return nil }
            isTableByChannel = order == [1, 0, 2, 3]
            isTurned = true
            members.insert(place)
            value = x
        }
        guard isTurned == isChannelFirst, let wide = near.shape(value), wide.count == 4, let view = near.producer(value),
            near.graph.nodes[view].op.isA(Op.Reshape.self), let rows = near.input(view, 0), near.onlyUser(rows) == view,
            let gather = near.producer(rows), let op = near.graph.nodes[gather].op.cast(Op.Gather.self),
            let table = near.input(gather, 0), let indices = near.input(gather, 1), let lines = near.shape(table),
            lines.count == 2, op.axis == (isTableByChannel ? 1 : 0) || op.axis == (isTableByChannel ? -1 : -2),
            wide[isTableByChannel ? 0 : 3].isProvablyEqual(to: lines[isTableByChannel ? 0 : 1])
        else { return nil }
        members.formUnion([view, gather])
        (self.table, self.indices) = (table, indices)
    }

    /// The nodes that take the shape of a value; nil when nodes but those and the given one use it.
    private static func measures(_ id: Graph.ValueID, besides node: Int, _ near: Neighbourhood) -> [Int]? {
        guard let users = near.inner(id), users.contains(node) else { return nil }
        let rest = users.filter { $0 != node }
        return rest.allSatisfy { near.graph.nodes[$0].op.isA(Op.Shape.self) } ? rest : nil
    }

    /// What is repeated along an axis to the given shape, and the nodes that do it.
    private static func base(
        _ id: Graph.ValueID, _ shape: [Dimension], _ axis: Int, _ near: Neighbourhood
    ) -> (value: Graph.ValueID, members: Set<Int>)? {
        var (value, members): (Graph.ValueID, Set<Int>) = (id, [])
        var thin = shape
        thin[axis] = 1
        while let place = near.producer(value), let x = near.input(place, 0), members.count < 4,
            near.graph.nodes[place].op.isA(Op.Expand.self) || near.graph.nodes[place].op.isA(Op.Tile.self),
            areProvablyEqual(near.shape(x), thin) || areProvablyEqual(near.shape(x), shape)
        {
            members.insert(place)
            value = x
        }
        return areProvablyEqual(near.shape(value), thin) ? (value, members) : nil
    }
}
