public import SeptumTensor

/// An operator that may pass its first input through unchanged.
public protocol PassThroughOperator: Operator {
    /// Whether the first output equals the first input, bit for bit, for every value of the given types.
    func isIdentity(_ inputs: Facts) -> Bool
}

extension PassThroughOperator {
    public var passThrough: (any PassThroughOperator)? { self }
}

/// Removes nodes that pass their input through: Identity, a Cast to the same type, a Reshape to the same shape.
///
///     y = Identity(x) : float32[n]    =>    z = Neg(x) : float32[n]
///     z = Neg(y) : float32[n]
public struct IdentityRemoval: Pass {
    public static let name = "identity-removal"

    public init() {}

    public func run(_ graph: Graph) throws(ModelError) -> Graph {
        var isOutput = [Bool](repeating: false, count: graph.values.count)
        for id in graph.outputs { isOutput[id.index] = true }
        func ends(_ node: Graph.Node) -> (input: Graph.ValueID, output: Graph.ValueID)? {
            guard let op = node.op.passThrough, case let input?? = node.inputs.first,
                case let output?? = node.outputs.first, !isOutput[output.index],
                node.outputs.dropFirst().allSatisfy({ $0 == nil }),
                op.isIdentity(Facts(node.inputs.map { $0.map { graph[$0].fact } }, outputCount: node.outputs.count))
            else { return nil }
            return (input, output)
        }
        let passing = graph.nodes.map(ends)
        guard passing.contains(where: { $0 != nil }) else { return graph }
        var place = -1
        return try graph.rewritten { node, rewrite throws(ModelError) in
            place += 1
            guard let (input, output) = passing[place], let mapped = rewrite[input] else { return try rewrite.keep(node) }
            rewrite.pass(mapped, for: output)
        }
    }
}
