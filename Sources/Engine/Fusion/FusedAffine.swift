import SeptumIR
import SeptumKernels
import SeptumOperators
import SeptumTensor

extension Fused {
    /// One fused multiply-add an element: a scale and a shift for each place along an axis.
    ///
    /// Inputs: x, and scale and shift in shapes that broadcast to it.
    struct Affine: FusedOperator {
        static let name = "Fused.Affine"
        let axis: Int
        let parts = [
            FusedPart(op: Op.Mul(), inputs: [.input(0), .input(1)]), FusedPart(op: Op.Add(), inputs: [.part(0), .input(2)]),
        ]

        func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
            guard let (x, y) = site.float32(), let scale = site.input(1), let shift = site.input(2), axis < x.shape.count,
                scale.count == x.shape[axis], shift.count == scale.count
            else { return nil }
            let (outer, channels) = (x.shape[..<axis].reduce(1, *), scale.count)
            let inner = x.shape[(axis + 1)...].reduce(1, *)
            if let division = site.division(outer, cost: 2 * Double(channels * inner)) {
                let size = channels * inner
                return division.step { addresses, range in
                    kernels.affine(
                        range.count, channels, inner, addresses.read(x.slot, Float.self) + range.lowerBound * size,
                        addresses.read(scale.slot), addresses.read(shift.slot),
                        addresses.write(y.slot, Float.self) + range.lowerBound * size)
                }
            }
            return { addresses throws(ModelError) in
                kernels.affine(
                    outer, channels, inner, addresses.read(x.slot), addresses.read(scale.slot), addresses.read(shift.slot),
                    addresses.write(y.slot))
            }
        }
    }
}

/// A scale and a shift for each channel.
struct ChannelFactors {
    let scale: [Double]
    let shift: [Double]

    /// What a batch normalization by given means and variances does; nil when they are computed or not float32.
    init?(_ node: Graph.Node, _ near: Neighbourhood) {
        guard let op = node.op.cast(Op.BatchNormalization.self), !op.isTraining, node.outputs.count == 1, node.inputs.count == 5,
            near.shape(node.inputs[0]) != nil
        else { return nil }
        var parameters: [[Double]] = []
        for id in node.inputs[1...4] {
            guard let tensor = near.constant(id), tensor.elementType == .float32, let values = try? tensor.array(of: Float.self)
            else { return nil }
            parameters.append(values.map(Double.init))
        }
        let epsilon = Double(op.epsilon)
        guard parameters.allSatisfy({ $0.count == parameters[0].count }) else { return nil }
        // In float64, rounded once where they are used.
        let factors = zip(parameters[0], parameters[3]).map { $0 / ($1 + epsilon).squareRoot() }
        scale = factors
        shift = parameters[1].indices.map { parameters[1][$0] - parameters[2][$0] * factors[$0] }
    }

    /// What a scale and shift along an axis does.
    init?(_ node: Graph.Node, axis: Int, _ near: Neighbourhood) {
        guard let op = node.op.cast(Fused.Affine.self), op.axis == axis, let scale = near.constant(node.inputs[1]),
            let shift = near.constant(node.inputs[2]), let factors = try? scale.array(of: Float.self),
            let terms = try? shift.array(of: Float.self)
        else { return nil }
        (self.scale, self.shift) = (factors.map(Double.init), terms.map(Double.init))
    }
}

/// Turns batch normalizations by given means and variances into a scale and a shift for each channel.
///
///     y = BatchNormalization(x, scale, bias, mean, variance) : float32[n, 8, w]
///         =>  y = Fused.Affine<parts=Mul,Add>(x, constant float32[8, 1], constant float32[8, 1]) : float32[n, 8, w]
struct BatchNormalizationFusion: Pass {
    static let name = "batch-normalization-fusion"

    func run(_ graph: Graph) throws(ModelError) -> Graph {
        guard graph.uses(Op.BatchNormalization.self) else { return graph }
        let near = Neighbourhood(graph)
        var replacements = Replacements()
        for (index, node) in graph.nodes.enumerated() {
            guard let factors = ChannelFactors(node, near), case let x?? = node.inputs.first, let shape = near.shape(x),
                shape.count >= 2, shape[1] == .fixed(factors.scale.count)
            else { continue }
            let broadcast = [factors.scale.count] + [Int](repeating: 1, count: shape.count - 2)
            replacements[index] = Replacement(
                op: Fused.Affine(axis: 1),
                inputs: [
                    .value(x), .constant(try Tensor(broadcast, factors.scale.map { Float($0) })),
                    .constant(try Tensor(broadcast, factors.shift.map { Float($0) })),
                ], absorbed: [])
        }
        return try graph.replacing(replacements)
    }
}
