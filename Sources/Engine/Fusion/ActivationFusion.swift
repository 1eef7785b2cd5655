import SeptumIR
import SeptumOperators
import SeptumTensor

/// Recognises GELU, the exact one and that by tanh, and SiLU written out.
///
///     a = Div(x, 1.4142135) : float32[n]    =>    y = Gelu<approximate="none">(x) : float32[n]
///     b = Erf(a) : float32[n]
///     c = Add(b, 1.0) : float32[n]
///     d = Mul(x, c) : float32[n]
///     y = Mul(d, 0.5) : float32[n]
///
///     a = Sigmoid(x) : float32[n]           =>    y = Swish<alpha=1.0>(x) : float32[n]
///     y = Mul(x, a) : float32[n]
///
///     a = Mul(x, x) : float32[n]            =>    y = Gelu<approximate="tanh">(x) : float32[n]
///     b = Mul(x, a) : float32[n]
///     c = Mul(b, 0.044715) : float32[n]
///     d = Add(x, c) : float32[n]
///     e = Mul(d, 0.7978846) : float32[n]
///     f = Tanh(e) : float32[n]
///     g = Add(f, 1.0) : float32[n]
///     h = Mul(x, g) : float32[n]
///     y = Mul(h, 0.5) : float32[n]
///
/// The three factors of GELU may come in any order, and the cube may be a power. Rounding changes: the function is computed as one.
struct ActivationFusion: Pass {
    static let name = "activation-fusion"

    func run(_ graph: Graph) throws(ModelError) -> Graph {
        guard graph.uses(Op.Sigmoid.self, Op.Erf.self, Op.Tanh.self) else { return graph }
        let near = Neighbourhood(graph)
        var replacements = Replacements()
        var taken: Set<Int> = []
        for (index, node) in graph.nodes.enumerated() where node.op.isA(Op.Mul.self) {
            guard let (op, x, absorbed) = sigmoidUnit(index, near) ?? gaussianUnit(index, near),
                areProvablyEqual(near.shape(x), near.shape(near.result(index))), taken.isDisjoint(with: absorbed)
            else { continue }
            taken.formUnion(absorbed)
            replacements[index] = Replacement(op: op, inputs: [.value(x)], absorbed: absorbed)
        }
        return try graph.replacing(replacements)
    }

    private func sigmoidUnit(_ index: Int, _ near: Neighbourhood) -> (any Operator, Graph.ValueID, [Int])? {
        for (a, b) in [(0, 1), (1, 0)] {
            guard let x = near.input(index, a), let (sigmoid, _) = near.soleProducer(near.input(index, b), Op.Sigmoid.self),
                near.input(sigmoid, 0) == x
            else { continue }
            return (Op.Swish(), x, [sigmoid])
        }
        return nil
    }

    private func gaussianUnit(_ index: Int, _ near: Neighbourhood) -> (any Operator, Graph.ValueID, [Int])? {
        // The factors of the outer product and of the inner one, which is used here alone.
        let outer = [near.input(index, 0), near.input(index, 1)]
        for (side, other) in [(0, 1), (1, 0)] {
            guard let (inner, _) = near.soleProducer(outer[side], Op.Mul.self) else { continue }
            let factors = [near.input(inner, 0), near.input(inner, 1), outer[other]]
            guard let half = factors.firstIndex(where: { near.scalar($0) == 0.5 }) else { continue }
            let rest = factors.indices.filter { $0 != half }.map { factors[$0] }
            for (a, b) in [(0, 1), (1, 0)] {
                guard let x = rest[a], let (sum, _) = near.soleProducer(rest[b], Op.Add.self),
                    let (one, erf) = scaled(sum, near), one == 1
                else { continue }
                if let argument = tanhArgument(erf, x, near) {
                    return (Op.Gelu(approximate: .tanh), x, [inner, sum] + argument)
                }
                guard let (error, _) = near.soleProducer(erf, Op.Erf.self),
                    let argument = near.input(error, 0), near.onlyUser(argument) == error,
                    let division = near.producer(argument), let (factor, y) = scaled(division, near), y == x,
                    near.graph.nodes[division].op.isA(Op.Div.self) && factor == Float(2).squareRoot()
                        || near.graph.nodes[division].op.isA(Op.Mul.self) && factor == Float(0.5).squareRoot()
                else { continue }
                return (Op.Gelu(), x, [inner, sum, error, division])
            }
        }
        return nil
    }

    /// The nodes of tanh(sqrt(2 / pi) (x + 0.044715 x^3)).
    private func tanhArgument(_ id: Graph.ValueID, _ x: Graph.ValueID, _ near: Neighbourhood) -> [Int]? {
        guard let (tangent, _) = near.soleProducer(id, Op.Tanh.self),
            let (product, _) = near.soleProducer(near.input(tangent, 0), Op.Mul.self),
            let (beta, inner) = scaled(product, near), abs(beta - 0.7978846) <= 1e-6,
            let (sum, _) = near.soleProducer(inner, Op.Add.self),
            let place = [0, 1].first(where: { near.input(sum, $0) == x }),
            let (term, _) = near.soleProducer(near.input(sum, 1 - place), Op.Mul.self),
            let (kappa, power) = scaled(term, near), abs(kappa - 0.044715) <= 1e-8, near.onlyUser(power) == term,
            let cube = near.producer(power)
        else { return nil }
        let nodes = [tangent, product, sum, term, cube]
        if near.graph.nodes[cube].op.isA(Op.Pow.self) {
            return near.input(cube, 0) == x && near.scalar(near.input(cube, 1)) == 3 ? nodes : nil
        }
        guard near.graph.nodes[cube].op.isA(Op.Mul.self), let side = [0, 1].first(where: { near.input(cube, $0) == x }),
            let (square, _) = near.soleProducer(near.input(cube, 1 - side), Op.Mul.self),
            near.input(square, 0) == x, near.input(square, 1) == x
        else { return nil }
        return nodes + [square]
    }

    /// The scalar constant and the other operand of a node; of a division, the divisor.
    private func scaled(_ index: Int, _ near: Neighbourhood) -> (Float, Graph.ValueID)? {
        let (a, b) = (near.input(index, 0), near.input(index, 1))
        if let value = near.scalar(b), let a { return (value, a) }
        if !near.graph.nodes[index].op.isA(Op.Div.self), let value = near.scalar(a), let b { return (value, b) }
        return nil
    }
}
