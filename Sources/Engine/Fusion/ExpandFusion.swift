import SeptumIR
import SeptumOperators
import SeptumTensor

extension Fused {
    /// Tensors joined along an axis, some of them expanded along others while they are copied.
    struct Concat: FusedOperator {
        static let name = "Fused.Concat"
        let parts: [FusedPart]
        let axis: Int
        /// The input that each joined tensor is read from.
        let sources: [Int]

        func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
            guard let y = site.output(0), axis < y.shape.count else { return nil }
            let target = rowMajorStrides(y.shape)
            var (steps, start): ([Step], Int) = ([], 0)
            for source in sources {
                guard let operand = site.input(source) else { return nil }
                let place = axis - (y.shape.count - operand.shape.count)
                var box = y.shape
                box[axis] = place < 0 ? 1 : operand.shape[place]
                guard start + box[axis] <= y.shape[axis], BroadcastWalk(operand.shape, to: box) != nil else { return nil }
                let copy = StridedCopy(
                    operand, broadcastStrides(operand.shape, to: box), to: y, box: box, targetStrides: target,
                    targetStart: start * target[axis])
                if !copy.isEmpty { steps.append(copy.step(&site)) }
                start += box[axis]
            }
            return start == y.shape[axis] ? inOrder(steps) : nil
        }
    }
}

/// Lets elementwise operators repeat an operand themselves, and joins expansions with the concatenation they are made for.
///
///     a = Expand(x, shape) : float32[n, p, k, 8]     =>    b = Sub(y, x) : float32[n, p, k, 8]
///     b = Sub(y, a) : float32[n, p, k, 8]                  c = Fused.Concat<parts=Expand,Concat>(x, shape, b)
///     c = Concat<axis=3>(a, b) : float32[n, p, k, 16]
///
/// This is how edge convolutions are written: each neighbour's difference from the centre beside the centre itself.
struct ExpandFusion: Pass {
    static let name = "expand-fusion"

    func run(_ graph: Graph) throws(ModelError) -> Graph {
        guard graph.uses(Op.Expand.self) else { return graph }
        let near = Neighbourhood(graph)
        var replacements = Replacements()
        for (index, node) in graph.nodes.enumerated() {
            if let op = node.op.cast(Op.Concat.self) {
                replacements[index] = joined(node, op, near)
            } else if let instruction = ElementInstruction(node, near), instruction.operands.count > 1 {
                replacements[index] = repeated(node, near)
            }
        }
        return replacements.isEmpty ? graph : try graph.replacing(replacements).simplified([DeadCodeRemoval()])
    }

    /// The node without the expansions that another operand makes needless.
    private func repeated(_ node: Graph.Node, _ near: Neighbourhood) -> Replacement? {
        guard case let output?? = node.outputs.first, let shape = near.shape(output) else { return nil }
        var inputs = node.inputs
        for (index, id) in inputs.enumerated() {
            let isSpread = inputs.enumerated().contains { other, id in
                other != index && id.map { areProvablyEqual(near.graph.type($0).tensor?.shape, shape) } ?? false
            }
            guard isSpread, let place = near.producer(id), near.graph.nodes[place].op.isA(Op.Expand.self) else { continue }
            inputs[index] = near.input(place, 0)
        }
        guard inputs != node.inputs else { return nil }
        return Replacement(op: node.op, inputs: inputs.map { $0.map { .value($0) } }, absorbed: [])
    }

    private func joined(_ node: Graph.Node, _ op: Op.Concat, _ near: Neighbourhood) -> Replacement? {
        guard case let output?? = node.outputs.first, let shape = near.graph.type(output).tensor?.shape,
            let axis = try? normalizedAxis(op.axis, rank: shape.count)
        else { return nil }
        var (assembly, bases): (FusedAssembly, [Graph.ValueID]) = (FusedAssembly(), [])
        for case let id? in node.inputs {
            var base = id
            if let place = near.producer(id), near.graph.nodes[place].op.isA(Op.Expand.self), let x = near.input(place, 0),
                let own = near.graph.type(x).tensor?.shape, let wide = near.graph.type(id).tensor?.shape,
                own.count == wide.count, own[axis].isProvablyEqual(to: wide[axis]),
                near.graph.type(id).tensor?.elementType != .string
            {
                base = x
                assembly.add(near.graph.nodes[place])
            }
            bases.append(base)
        }
        guard !assembly.parts.isEmpty else { return nil }
        assembly.add(node)
        let sources = bases.compactMap { assembly.inputs.firstIndex(of: $0) }
        guard sources.count == bases.count else { return nil }
        return Replacement(
            op: Fused.Concat(parts: assembly.parts, axis: axis, sources: sources),
            inputs: assembly.inputs.map { .value($0) }, absorbed: [])
    }
}
