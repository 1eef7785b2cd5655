import SeptumIR
import SeptumOperators
import SeptumTensor

/// A product or a convolution with weights that a scale and shift of its input or output channels can be folded into.
private struct Weighted {
    let op: any Operator
    let weight: Tensor
    /// One for each output channel; zeros when nil.
    var bias: Tensor?
    let outputs: Int
    /// The axis of the output channels in what is computed, and that of the input channels in what goes in.
    let outputAxis: Int
    let inputAxis: Int
    /// The first two axes of the weight are output and input channels, in this order or the other.
    private let isOutputFirst: Bool
    private let groups: Int
    /// Whether every input channel reaches all results; not so where padding hides inputs.
    private let showsInputs: Bool

    init?(_ index: Int, _ near: Neighbourhood) {
        guard let x = near.shape(near.input(index, 0)), let weight = near.constant(near.input(index, 1)),
            weight.elementType == .float32, near.shape(near.result(index)) != nil
        else { return nil }
        (self.weight, op) = (weight, near.graph.nodes[index].op)
        let shape = weight.shape
        switch op {
        case Op.MatMul.self where shape.count == 2 && x.count >= 2:
            (outputAxis, inputAxis, isOutputFirst, groups, showsInputs) = (x.count - 1, x.count - 1, false, 1, true)
        case let op as Op.Gemm where op.alpha == 1 && op.beta == 1 && !op.transposesA && shape.count == 2:
            (outputAxis, inputAxis, isOutputFirst, groups, showsInputs) = (1, 1, op.transposesB, 1, true)
        case let op as Op.Conv where shape.count >= 2 && op.group > 0 && shape[0] % op.group == 0:
            let isPadded = op.window.padding != .explicit && op.window.padding != .valid || op.window.pads.contains { $0 != 0 }
            (outputAxis, inputAxis, isOutputFirst, groups, showsInputs) = (1, 1, true, op.group, !isPadded)
        case let op as Op.ConvTranspose where op.group == 1 && shape.count >= 2:
            (outputAxis, inputAxis, isOutputFirst, groups, showsInputs) = (1, 1, false, 1, false)
        default: return nil
        }
        outputs = shape[isOutputFirst ? 0 : 1]
        if let id = near.input(index, 2) {
            guard let tensor = near.constant(id), setBias(tensor) else { return nil }
        }
    }

    /// False when the tensor is not a row with one float32 for each output channel.
    mutating func setBias(_ tensor: Tensor) -> Bool {
        bias = tensor
        return tensor.elementType == .float32 && tensor.count == outputs && tensor.shape.last == outputs
    }

    /// The weight and the bias with a scale and shift of the output channels in them; nil when they do not fit or overflow.
    func foldingOutput(_ factors: ChannelFactors) throws(ModelError) -> (weight: Tensor, bias: Tensor)? {
        guard factors.scale.count == outputs else { return nil }
        var sums = try biasValues()
        for channel in sums.indices { sums[channel] = sums[channel] * factors.scale[channel] + factors.shift[channel] }
        return try finite(try scaled(factors.scale, byOutput: true), sums)
    }

    /// The same for the input channels.
    func foldingInput(_ factors: ChannelFactors) throws(ModelError) -> (weight: Tensor, bias: Tensor)? {
        let inputs = isOutputFirst ? weight.shape[1] * groups : weight.shape[0]
        guard showsInputs, weight.count == 0 || inputs <= factors.scale.count else { return nil }
        var sums = try biasValues()
        try weight.withElements(of: Float.self) { values throws(ModelError) in
            eachPair { output, input, range in
                var sum = sums[output]
                for place in range { sum += factors.shift[input] * Double(values[place]) }
                sums[output] = sum
            }
        }
        return try finite(try scaled(factors.scale, byOutput: false), sums)
    }

    private func biasValues() throws(ModelError) -> [Double] {
        try bias?.array(of: Float.self).map(Double.init) ?? [Double](repeating: 0, count: outputs)
    }

    /// Calls `body` with each output and input channel and where the weights between them lie, in the order of memory.
    private func eachPair(_ body: (_ output: Int, _ input: Int, Range<Int>) -> Void) {
        let (first, second) = (weight.shape[0], weight.shape[1])
        let inner = weight.shape[2...].reduce(1, *)
        let filters = max(1, first / groups)
        for a in 0..<first {
            for b in 0..<second {
                let start = (a * second + b) * inner
                let (output, input) = isOutputFirst ? (a, a / filters * second + b) : (b, a)
                body(output, input, start..<start + inner)
            }
        }
    }

    /// The weight multiplied by a factor for each output channel or each input channel.
    private func scaled(_ factors: [Double], byOutput: Bool) throws(ModelError) -> Tensor {
        if weight.count == 0 { return weight }
        let (first, second) = (weight.shape[0], weight.shape[1])
        let inner = weight.shape[2...].reduce(1, *)
        let filters = max(1, first / groups)
        return try weight.withElements(of: Float.self) { values throws(ModelError) in
            try Tensor(weight.shape) { (results: UnsafeMutableBufferPointer<Float>) in
                for a in 0..<first {
                    let row = a * second * inner
                    if byOutput == isOutputFirst {
                        let factor = factors[a]
                        for place in row..<row + second * inner { results[place] = Float(Double(values[place]) * factor) }
                        continue
                    }
                    let own = factors[(isOutputFirst ? a / filters * second : 0)...]
                    for (b, factor) in own.prefix(second).enumerated() {
                        let start = row + b * inner
                        for place in start..<start + inner { results[place] = Float(Double(values[place]) * factor) }
                    }
                }
            }
        }
    }

    private func finite(_ weight: Tensor, _ sums: [Double]) throws(ModelError) -> (weight: Tensor, bias: Tensor)? {
        let bias = sums.map { Float($0) }
        let isFinite = try weight.withElements(of: Float.self) { values in
            // All of them, which takes less time than stopping at the first.
            values.reduce(true) { $0 && $1.magnitude < .infinity }
        }
        return isFinite && bias.allSatisfy(\.isFinite) ? (weight, try Tensor([outputs], bias)) : nil
    }
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

    private struct Match {
        let last: Int
        let op: any Operator
        let folded: (weight: Tensor, bias: Tensor)
        let x: Graph.ValueID
        let absorbed: [Int]
    }

    func run(_ graph: Graph) throws(ModelError) -> Graph {
        guard graph.uses(Fused.Affine.self) else { return graph }
        let after = try folded(graph, afterProduct)
        return try folded(after, beforeProduct)
    }

    private func afterProduct(_ index: Int, _ near: Neighbourhood) throws(ModelError) -> Match? {
        guard let next = near.onlyUser(near.result(index)), var weighted = Weighted(index, near), let x = near.input(index, 0)
        else { return nil }
        // A bias that a separate node adds comes first.
        var last = next
        if weighted.op.isA(Op.MatMul.self), near.graph.nodes[next].op.isA(Op.Add.self), let sum = near.result(next),
            areProvablyEqual(near.shape(sum), near.shape(near.result(index))),
            let other = near.graph.nodes[next].inputs.first(where: { $0 != near.result(index) }),
            let tensor = near.constant(other), tensor.shape.last == tensor.count, let further = near.onlyUser(sum)
        {
            guard weighted.setBias(tensor) else { return nil }
            last = further
        }
        guard let factors = ChannelFactors(near.graph.nodes[last], axis: weighted.outputAxis, near),
            let folded = try weighted.foldingOutput(factors)
        else { return nil }
        return Match(last: last, op: weighted.op, folded: folded, x: x, absorbed: last == next ? [index] : [index, next])
    }

    private func beforeProduct(_ index: Int, _ near: Neighbourhood) throws(ModelError) -> Match? {
        guard let weighted = Weighted(index, near),
            let (before, _) = near.soleProducer(near.input(index, 0), Fused.Affine.self), let x = near.input(before, 0),
            let factors = ChannelFactors(near.graph.nodes[before], axis: weighted.inputAxis, near),
            let folded = try weighted.foldingInput(factors)
        else { return nil }
        return Match(last: index, op: weighted.op, folded: folded, x: x, absorbed: [before])
    }

    private func folded(
        _ graph: Graph, _ match: (Int, Neighbourhood) throws(ModelError) -> Match?
    ) throws(ModelError) -> Graph {
        let near = Neighbourhood(graph)
        var replacements = Replacements()
        for index in graph.nodes.indices {
            guard let match = try match(index, near) else { continue }
            var op = match.op
            if op.isA(Op.MatMul.self) {
                let parts = [
                    FusedPart(op: op, inputs: [.input(0), .input(1)]), FusedPart(op: Op.Add(), inputs: [.part(0), .input(2)]),
                ]
                op = Fused.Linear(parts: parts, code: ElementCode(firstPart: 2), transposesWeight: false, hasBias: true)
            }
            replacements[match.last] = Replacement(
                op: op, inputs: [.value(match.x), .constant(match.folded.weight), .constant(match.folded.bias)],
                absorbed: match.absorbed)
        }
        return try graph.replacing(replacements)
    }
}
