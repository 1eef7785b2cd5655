import SeptumIR
import SeptumOperators
import SeptumTensor

/// Tells which nodes need no type rule when they are planned, because no shapes of the graph's inputs can make them fail.
///
/// Each of these either follows from equal expressions, which are equal whatever the symbols are, or is checked by the lowering.
enum SettledShapes {
    /// Operators whose outputs' shapes say that the inputs fit, or whose lowering checks it.
    private static let alwaysFit: [any Operator.Type] = [
        Op.Reshape.self, Op.Unsqueeze.self, Op.Squeeze.self, Op.Flatten.self, Op.Identity.self, Op.Transpose.self, Op.Concat.self,
        Op.Slice.self, Op.Split.self, Op.Expand.self, Op.Gather.self, Op.GlobalAveragePool.self, Op.GlobalMaxPool.self,
        Fused.Attention.self, Fused.Concat.self, Fused.EdgeConvolution.self,
    ]

    static func fit(_ node: Graph.Node, _ graph: Graph) -> Bool {
        let inputs = node.inputs.map { $0.flatMap { graph.type($0).tensor?.shape } }
        guard case let y?? = node.outputs.first, let output = graph.type(y).tensor?.shape,
            zip(node.inputs, inputs).allSatisfy({ $0 == nil || $1 != nil }), case let x?? = inputs.first
        else { return false }
        let isSingle = node.outputs.dropFirst().allSatisfy { $0 == nil }
        let kind = type(of: node.op)
        switch kind.family {
        case .reduction: return true
        case .unary: return hasShape(output, x, inputs)
        case .binary, .variadic, .comparison: return inputs.allSatisfy { broadcasts($0, to: output) }
        case nil: break
        }
        if alwaysFit.contains(where: { $0 == kind }) { return true }
        switch node.op {
        case Op.Cast.self, Op.Clip.self, Op.Not.self: return hasShape(output, x, inputs)
        case Op.Softmax.self, Op.LogSoftmax.self: return areProvablyEqual(x, output)
        case Op.Pow.self, Op.Where.self, Fused.Chain.self, Fused.Affine.self:
            return inputs.allSatisfy { broadcasts($0, to: output) }
        case Op.LayerNormalization.self:
            guard let op = node.op.cast(Op.LayerNormalization.self), isSingle, op.axis == -1 || op.axis == x.count - 1,
                let n = x.last, n.number != nil, areProvablyEqual(x, output)
            else { return false }
            return inputs.dropFirst().allSatisfy { $0 == nil || $0 == [n] }
        case Op.Gemm.self:
            guard let op = node.op.cast(Op.Gemm.self), !op.transposesA, let w = inputs[1], x.count == 2, w.count == 2,
                output.count == 2
            else { return false }
            let (k, n) = op.transposesB ? (w[1], w[0]) : (w[0], w[1])
            return x[1].isProvablyEqual(to: k) && output[1].isProvablyEqual(to: n) && output[0].isProvablyEqual(to: x[0])
                && inputs.dropFirst(2).allSatisfy { broadcasts($0, to: output) }
        case Op.MatMul.self: return product(x, inputs[1], output)
        case Fused.Linear.self:
            guard let op = node.op.cast(Fused.Linear.self), let w = inputs[1], w.count == 2 else { return false }
            return product(x, op.transposesWeight ? w.reversed() : w, output)
                && inputs.dropFirst(2).allSatisfy { broadcasts($0, to: output) }
        case Fused.LinearChain.self:
            guard let op = node.op.cast(Fused.LinearChain.self),
                let (first, last) = op.layers.first.flatMap({ first in op.layers.last.map { (first, $0) } }),
                let w = inputs[first.weight], let v = inputs[last.weight], w.count == 2, v.count == 2, x.count >= 2
            else { return false }
            // The layers between are constants that fit each other.
            let k = first.transposesWeight ? w[1] : w[0], n = last.transposesWeight ? v[0] : v[1]
            return x[x.count - 1].isProvablyEqual(to: k) && areProvablyEqual(output, x.dropLast() + [n])
        case Op.Conv.self, Fused.Convolution.self: return convolves(node, x, inputs, output)
        default: return false
        }
    }

    /// Whether the output has the first input's shape, all others being single elements.
    private static func hasShape(_ output: [Dimension], _ x: [Dimension], _ inputs: [[Dimension]?]) -> Bool {
        areProvablyEqual(x, output) && inputs.dropFirst().allSatisfy { $0 == nil || $0 == [] || $0 == [1] }
    }

    /// Whether a shape broadcasts to another one whatever the symbols are.
    static func broadcasts(_ shape: [Dimension]?, to target: [Dimension]) -> Bool {
        guard let shape else { return true }
        return shape.count <= target.count
            && zip(shape.reversed(), target.reversed()).allSatisfy { $0 == 1 || $0.isProvablyEqual(to: $1) }
    }

    private static func product(_ x: [Dimension], _ w: [Dimension]?, _ y: [Dimension]) -> Bool {
        guard let w, x.count >= 2, w.count >= 2, x.count >= w.count, y.count == x.count else { return false }
        let (rank, m, k, n) = (x.count, x[x.count - 2], x[x.count - 1], w[w.count - 1])
        return k.isProvablyEqual(to: w[w.count - 2]) && y[rank - 2].isProvablyEqual(to: m) && y[rank - 1].isProvablyEqual(to: n)
            && broadcasts(Array(x.dropLast(2)), to: Array(y.dropLast(2)))
            && broadcasts(Array(w.dropLast(2)), to: Array(y.dropLast(2)))
    }

    /// Numbers of channels that fit; whether the window fits shows in the output's shape.
    private static func convolves(
        _ node: Graph.Node, _ x: [Dimension], _ inputs: [[Dimension]?], _ y: [Dimension]
    ) -> Bool {
        let op = node.op.cast(Op.Conv.self) ?? node.op.cast(Fused.Convolution.self)?.parts.first?.op.cast(Op.Conv.self)
        guard let op, let w = inputs[1], w.count == x.count, y.count == x.count, x.count > 2, op.group > 0,
            let channels = x[1].number, let filters = w[0].number, let own = w[1].number, y[1] == .fixed(filters),
            channels % op.group == 0, channels / op.group == own, filters % op.group == 0
        else { return false }
        let isFused = node.op.isA(Fused.Convolution.self)
        return inputs.dropFirst(2).enumerated().allSatisfy { index, shape in
            shape == nil || index == 0 && shape == [.fixed(filters)] || isFused && broadcasts(shape, to: y)
        }
    }
}
