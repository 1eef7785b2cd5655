import SeptumIR
import SeptumOperators
import SeptumTensor

/// A product or a convolution with weights that a scale and shift of its input or output channels can be folded into.
private struct Weighted {
    let op: any Operator
    /// Constants: the weight, with one row for each output channel, and the bias.
    let shape: [Int]
    var weight: [Double]
    var bias: [Double]
    let outputs: Int
    /// The axis of the output channels in what is computed, and that of the input channels in what goes in.
    let outputAxis: Int
    let inputAxis: Int
    /// For each weight, its output and its input channel; nil for the latter when padding hides inputs.
    let outputChannel: (Int) -> Int
    let inputChannel: ((Int) -> Int)?

    init?(_ index: Int, _ near: Neighbourhood) {
        guard let x = near.shape(near.input(index, 0)), let tensor = near.constant(near.input(index, 1)),
            near.shape(near.result(index)) != nil, let weight = try? tensor.array(of: Float.self)
        else { return nil }
        (shape, self.weight, op) = (tensor.shape, weight.map(Double.init), near.graph.nodes[index].op)
        switch op {
        case is Op.MatMul where shape.count == 2 && x.count >= 2:
            let n = shape[1]
            (outputs, outputAxis, inputAxis) = (n, x.count - 1, x.count - 1)
            (outputChannel, inputChannel) = ({ n == 0 ? 0 : $0 % n }, { n == 0 ? 0 : $0 / n })
        case let op as Op.Gemm where op.alpha == 1 && op.beta == 1 && !op.transposesA && shape.count == 2:
            let n = shape[1]
            (outputs, outputAxis, inputAxis) = (shape[op.transposesB ? 0 : 1], 1, 1)
            let (row, column): ((Int) -> Int, (Int) -> Int) = ({ n == 0 ? 0 : $0 / n }, { n == 0 ? 0 : $0 % n })
            (outputChannel, inputChannel) = op.transposesB ? (row, column) : (column, row)
        case let op as Op.Conv where shape.count >= 2 && op.group > 0 && shape[0] % op.group == 0:
            let (inner, group, channels) = (max(1, shape[2...].reduce(1, *)), op.group, max(1, shape[1]))
            let filters = max(1, shape[0] / group)
            (outputs, outputAxis, inputAxis) = (shape[0], 1, 1)
            outputChannel = { $0 / (inner * channels) }
            let isPadded = op.window.padding != .explicit && op.window.padding != .valid || op.window.pads.contains { $0 != 0 }
            inputChannel = isPadded ? nil : { $0 / (inner * channels) / filters * channels + $0 / inner % channels }
        case let op as Op.ConvTranspose where op.group == 1 && shape.count >= 2:
            let (inner, channels) = (max(1, shape[2...].reduce(1, *)), max(1, shape[1]))
            (outputs, outputAxis, inputAxis) = (shape[1], 1, 1)
            (outputChannel, inputChannel) = ({ $0 / inner % channels }, nil)
        default: return nil
        }
        bias = [Double](repeating: 0, count: outputs)
        if let id = near.input(index, 2) {
            guard let tensor = near.constant(id), let values = try? tensor.array(of: Float.self),
                tensor.count == outputs && tensor.shape.last == outputs
            else { return nil }
            bias = values.map(Double.init)
        }
    }

    mutating func foldOutput(_ factors: ChannelFactors) -> Bool {
        guard factors.scale.count == outputs else { return false }
        for index in weight.indices { weight[index] *= factors.scale[outputChannel(index)] }
        for index in bias.indices { bias[index] = bias[index] * factors.scale[index] + factors.shift[index] }
        return isFinite
    }

    mutating func foldInput(_ factors: ChannelFactors) -> Bool {
        guard let inputChannel, weight.indices.allSatisfy({ inputChannel($0) < factors.scale.count }) else { return false }
        for index in weight.indices {
            let channel = inputChannel(index)
            bias[outputChannel(index)] += factors.shift[channel] * weight[index]
            weight[index] *= factors.scale[channel]
        }
        return isFinite
    }

    private var isFinite: Bool { (weight + bias).allSatisfy { Float($0).isFinite } }
}

/// Folds a scale and shift of channels into the weights before it, or into those after it where no padding comes between.
///
///     a = MatMul(x, w) : float32[n, 8]                     =>    y = Fused.Linear<parts=MatMul,Add>(x, w * s, b * s + t)
///     c = Add(a, b) : float32[n, 8]
///     y = Fused.Affine(c, s, t) : float32[n, 8]
///
///     a = Fused.Affine(x, s, t) : float32[n, 8, w]         =>    y = Conv(x, w * s, b + sum of w * t) : float32[n, 4, w]
///     y = Conv(a, w, b) : float32[n, 4, w]
///
/// Rounding changes: the factors are rounded once with the weights, not with each result.
struct WeightFolding: Pass {
    static let name = "weight-folding"

    func run(_ graph: Graph) throws(ModelError) -> Graph {
        let after = try folded(graph) { index, near in
            guard let next = near.onlyUser(near.result(index)) else { return nil }
            // A bias that a separate node adds comes first.
            var (last, bias): (Int, [Float]?) = (next, nil)
            if graph.nodes[index].op is Op.MatMul, graph.nodes[next].op is Op.Add, let sum = near.result(next),
                areProvablyEqual(near.shape(sum), near.shape(near.result(index))),
                let other = graph.nodes[next].inputs.first(where: { $0 != near.result(index) }),
                let tensor = near.constant(other), tensor.shape.last == tensor.count, let further = near.onlyUser(sum)
            {
                (last, bias) = (further, try? tensor.array(of: Float.self))
            }
            guard var weighted = Weighted(index, near),
                let factors = ChannelFactors(graph.nodes[last], axis: weighted.outputAxis, near)
            else { return nil }
            if let bias {
                guard bias.count == weighted.outputs else { return nil }
                weighted.bias = bias.map(Double.init)
            }
            return weighted.foldOutput(factors) ? (last, weighted, near.input(index, 0), [index, next]) : nil
        }
        return try folded(after) { index, near in
            guard var weighted = Weighted(index, near), let x = near.input(index, 0),
                let (before, _) = near.soleProducer(x, Fused.Affine.self),
                let factors = ChannelFactors(near.graph.nodes[before], axis: weighted.inputAxis, near)
            else { return nil }
            return weighted.foldInput(factors) ? (index, weighted, near.input(before, 0), [before]) : nil
        }
    }

    private func folded(
        _ graph: Graph,
        _ match: (Int, Neighbourhood) -> (last: Int, Weighted, x: Graph.ValueID?, absorbed: [Int])?
    ) throws(ModelError) -> Graph {
        let near = Neighbourhood(graph)
        var replacements: [Int: Replacement] = [:]
        for index in graph.nodes.indices {
            guard let (last, weighted, x, absorbed) = match(index, near), let x else { continue }
            var op = weighted.op
            if op is Op.MatMul {
                let parts = [
                    FusedPart(op: op, inputs: [.input(0), .input(1)]), FusedPart(op: Op.Add(), inputs: [.part(0), .input(2)]),
                ]
                op = Fused.Linear(parts: parts, code: ElementCode(firstPart: 2), transposesWeight: false, hasBias: true)
            }
            replacements[last] = Replacement(
                op: op,
                inputs: [
                    .value(x), .constant(try Tensor(weighted.shape, weighted.weight.map { Float($0) })),
                    .constant(try Tensor([weighted.outputs], weighted.bias.map { Float($0) })),
                ], absorbed: absorbed.filter { $0 != last })
        }
        return try graph.replacing(replacements)
    }
}
