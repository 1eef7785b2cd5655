import SeptumIR
import SeptumOperators
import SeptumTensor

/// Recognises the layer normalization over the last axis written out.
///
///     m = ReduceMean(x, [-1]) : float32[n, 1]    =>    y = LayerNormalization<axis=-1>(x, scale, bias) : float32[n, 8]
///     d = Sub(x, m) : float32[n, 8]
///     s = Pow(d, 2.0) : float32[n, 8]
///     v = ReduceMean(s, [-1]) : float32[n, 1]
///     e = Add(v, 1e-05) : float32[n, 1]
///     r = Sqrt(e) : float32[n, 1]
///     q = Div(d, r) : float32[n, 8]
///     p = Mul(q, scale) : float32[n, 8]
///     y = Add(p, bias) : float32[n, 8]
///
/// The square may be `Mul(d, d)`; scale and bias are constant rows. Rounding changes: the statistics are those of the operator.
struct LayerNormalizationFusion: Pass {
    static let name = "layer-normalization-fusion"

    func run(_ graph: Graph) throws(ModelError) -> Graph {
        guard graph.uses(Op.Sqrt.self) else { return graph }
        let near = Neighbourhood(graph)
        var replacements = Replacements()
        for index in graph.nodes.indices {
            guard let (x, n, epsilon, members) = standardized(index, near) else { continue }
            var (last, absorbed) = (index, members)
            var parameters: [Replacement.Input?] = [.constant(try Tensor([n], [Float](repeating: 1, count: n)))]
            if let (scale, next) = row(last, Op.Mul.self, n, near) {
                parameters = [.constant(scale)]
                absorbed.append(last)
                last = next
            }
            if let (bias, next) = row(last, Op.Add.self, n, near) {
                parameters.append(.constant(bias))
                absorbed.append(last)
                last = next
            }
            replacements[last] = Replacement(
                op: Op.LayerNormalization(axis: -1, epsilon: epsilon), inputs: [.value(x)] + parameters, absorbed: absorbed)
        }
        return try graph.replacing(replacements)
    }

    /// What a division normalises, the size of the last axis, epsilon and the nodes before it.
    private func standardized(_ index: Int, _ near: Neighbourhood) -> (Graph.ValueID, Int, Float, [Int])? {
        guard near.graph.nodes[index].op.isA(Op.Div.self), let difference = near.input(index, 0),
            let subtraction = near.producer(difference), near.graph.nodes[subtraction].op.isA(Op.Sub.self),
            let x = near.input(subtraction, 0), let n = near.shape(x)?.last?.number, n > 0,
            let (mean, _) = near.soleProducer(near.input(subtraction, 1), Op.ReduceMean.self), near.input(mean, 0) == x,
            isLastAxis(mean, near),
            let (root, _) = near.soleProducer(near.input(index, 1), Op.Sqrt.self),
            let (sum, _) = near.soleProducer(near.input(root, 0), Op.Add.self),
            let place = [0, 1].first(where: { near.scalar(near.input(sum, $0)) != nil }),
            let epsilon = near.scalar(near.input(sum, place)), epsilon >= 0,
            let (variance, _) = near.soleProducer(near.input(sum, 1 - place), Op.ReduceMean.self), isLastAxis(variance, near),
            let squares = near.input(variance, 0), near.onlyUser(squares) == variance, let square = near.producer(squares),
            near.input(square, 0) == difference,
            near.graph.nodes[square].op.isA(Op.Pow.self) && near.scalar(near.input(square, 1)) == 2
                || near.graph.nodes[square].op.isA(Op.Mul.self) && near.input(square, 1) == difference,
            let users = near.inner(difference), Set(users) == [square, index]
        else { return nil }
        return (x, n, epsilon, [subtraction, mean, root, sum, variance, square])
    }

    private func isLastAxis(_ index: Int, _ near: Neighbourhood) -> Bool {
        guard let op = near.graph.nodes[index].op.cast(Op.ReduceMean.self), op.keepdims,
            let rank = near.shape(near.input(index, 0))?.count, let axes = near.constant(near.input(index, 1))?.integers
        else { return false }
        return axes == [-1] || axes == [rank - 1]
    }

    /// The constant row that the only node after another one combines its result with.
    private func row<T: Operator>(_ index: Int, _ kind: T.Type, _ n: Int, _ near: Neighbourhood) -> (Tensor, Int)? {
        guard let value = near.result(index), let next = near.onlyUser(value), near.graph.nodes[next].op.isA(kind),
            near.result(next) != nil,
            let other = near.graph.nodes[next].inputs.first(where: { $0 != value }), let tensor = near.constant(other),
            tensor.elementType == .float32, tensor.count == n, tensor.shape.last == n,
            areProvablyEqual(near.shape(near.result(next)), near.shape(value))
        else { return nil }
        return (try? tensor.reshaped([n])).map { ($0, next) }
    }
}
