import SeptumIR
import SeptumOperators
import SeptumTensor

/// Moves a transposition behind the elementwise operators that follow it, where it meets another one or a product, or leaves a
/// product alone with what can be folded into it.
///
///     a = Transpose<perm=[0, 2, 1]>(x) : float32[n, 8, w]    =>    b = Relu(x) : float32[n, w, 8]
///     b = Relu(a) : float32[n, 8, w]                                a = Transpose<perm=[0, 2, 1]>(b) : float32[n, 8, w]
///     y = Transpose<perm=[0, 2, 1]>(b) : float32[n, w, 8]           y = Transpose<perm=[0, 2, 1]>(a) : float32[n, w, 8]
struct TransposeSinking: Pass {
    static let name = "transpose-sinking"

    func run(_ graph: Graph) throws(ModelError) -> Graph {
        guard graph.uses(Op.Transpose.self) else { return graph }
        let near = Neighbourhood(graph)
        // For each node at the end of a row of elementwise ones: the transposition before them, and they.
        var rows: [Int: (transpose: Int, order: [Int], members: [Int])] = [:]
        var moved: Set<Int> = []
        for (index, node) in graph.nodes.enumerated() {
            guard let op = node.op.cast(Op.Transpose.self), let rank = near.shape(near.result(index))?.count,
                let order = try? op.order(rank: rank)
            else { continue }
            var members: [Int] = []
            var value = near.result(index)
            while let next = near.onlyUser(value), TransposeSinking.isMovable(graph.nodes[next], near),
                let result = near.result(next)
            {
                members.append(next)
                value = result
            }
            guard let first = members.first, let last = members.last else { continue }
            let meetsAnother = near.inner(value)?.contains { graph.nodes[$0].op.isA(Op.Transpose.self) } ?? false
            let isFolded =
                graph.nodes[first].op.isA(Fused.Affine.self)
                && near.producer(near.input(index, 0)).map { place in
                    let source = graph.nodes[place].op
                    return source.isA(Op.MatMul.self) || source.isA(Op.Gemm.self) || source.isA(Op.Add.self)
                } ?? false
            let isStacked = near.onlyUser(value).map { graph.nodes[$0].op.isA(Op.MatMul.self) } ?? false
            guard meetsAnother || isFolded || isStacked else { continue }
            rows[last] = (index, order, members)
            moved.formUnion(members)
            moved.insert(index)
        }
        if rows.isEmpty { return graph }
        var place = -1
        return try graph.rewritten { node, rewrite throws(ModelError) in
            place += 1
            guard let (transpose, order, members) = rows[place] else {
                if !moved.contains(place) { try rewrite.keep(node) }
                return
            }
            guard case let x?? = graph.nodes[transpose].inputs.first, var value = rewrite[x] else { return }
            var before = graph.nodes[transpose].outputs.first ?? nil
            for member in members {
                let node = graph.nodes[member]
                var op = node.op
                var inputs = node.inputs.map { id in id == before ? value : id.flatMap { rewrite[$0] } }
                before = node.outputs.first ?? nil
                if let affine = op.cast(Fused.Affine.self) {
                    let axis = order[affine.axis]
                    op = Fused.Affine(axis: axis)
                    for index in [1, 2] {
                        guard let tensor = near.constant(node.inputs[index]) else { continue }
                        let shape = [tensor.count] + [Int](repeating: 1, count: order.count - 1 - axis)
                        inputs[index] = try rewrite.addConstant(try tensor.reshaped(shape), "moved.\(member).\(index)")
                    }
                }
                guard let result = try rewrite.append(op, name: node.name, inputs, output: "moved.\(member)") else { return }
                value = result
            }
            try rewrite.replace(node, by: graph.nodes[transpose].op, name: graph.nodes[transpose].name, [value])
        }
    }

    /// Whether the operator treats all places of its first input alike, or all of one axis.
    private static func isMovable(_ node: Graph.Node, _ near: Neighbourhood) -> Bool {
        if node.op.isA(Fused.Affine.self) { return true }
        guard let instruction = ElementInstruction(node, near) else { return false }
        switch instruction.kind {
        case .unary: return true
        case .binary: return node.inputs.count { near.scalar($0) != nil && near.constant($0)?.shape == [] } == 1
        case .select: return false
        }
    }
}

/// Joins transpositions that follow each other; two that undo each other vanish.
///
///     a = Transpose<perm=[0, 2, 1]>(x) : float32[n, w, 8]    =>    y = Neg(x) : float32[n, 8, w]
///     b = Transpose<perm=[0, 2, 1]>(a) : float32[n, 8, w]
///     y = Neg(b) : float32[n, 8, w]
struct TransposeMerging: Pass {
    static let name = "transpose-merging"

    func run(_ graph: Graph) throws(ModelError) -> Graph {
        guard graph.uses(Op.Transpose.self) else { return graph }
        let near = Neighbourhood(graph)
        var replacements = Replacements()
        for (index, node) in graph.nodes.enumerated() {
            guard let op = node.op.cast(Op.Transpose.self), let before = near.producer(near.input(index, 0)),
                let first = graph.nodes[before].op.cast(Op.Transpose.self), let x = near.input(before, 0),
                let rank = graph.type(x).tensor?.shape?.count, let inner = try? first.order(rank: rank),
                let outer = try? op.order(rank: rank)
            else { continue }
            replacements[index] = Replacement(
                op: Op.Transpose(permutation: outer.map { inner[$0] }), inputs: [.value(x)], absorbed: [])
        }
        guard !replacements.isEmpty else { return graph }
        return try graph.replacing(replacements).simplified([IdentityRemoval(), DeadCodeRemoval()])
    }
}
