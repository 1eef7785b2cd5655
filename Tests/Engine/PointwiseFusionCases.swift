import SeptumIR
import SeptumOperators
import SeptumTensor

extension FusionTests {
    /// Several blocks of places and less than one, in one axis and in two, and convolutions that end a chain.
    static let pointwise: [FusionCase] = [
        chain("convolutions of places, in blocks", [23, 21], [4, 24, 5, 3], fused: ["Fused.ConvolutionChain"]),
        chain("convolutions of places, wide", [100], [3, 170, 5], fused: ["Fused.ConvolutionChain"]),
        chain("convolutions of a few places", [3, 3], [5, 9, 20, 4], fused: ["Fused.ConvolutionChain"]),
        chain("places in groups", [7], [4, 6, 8, 6], Op.Conv(group: 2), fused: ["Fused.ConvolutionChain", "Conv"]),
        chain(
            "every second place", [9], [4, 6, 8, 6], Op.Conv(Window(strides: [2])),
            fused: ["Fused.ConvolutionChain", "Conv"]),
    ]

    /// Convolutions of `[n, widths[0]] + image` with functions between them, the second without a bias.
    private static func chain(
        _ name: String, _ image: [Int], _ widths: [Int], _ last: Op.Conv = Op.Conv(), fused: [String]
    ) -> FusionCase {
        FusionCase(testDescription: name, fused: fused, shapes: [[2, widths[0]] + image]) { graph, numbers in
            let ones = [Int](repeating: 1, count: image.count)
            var x = try graph.addInput("x", .tensor(.float32, ["n", .fixed(widths[0])] + image.map(Dimension.fixed)))
            for (index, (channels, filters)) in zip(widths, widths.dropFirst()).enumerated() {
                let isLast = index == widths.count - 2
                let op = isLast ? last : Op.Conv()
                let weight = try graph.addConstant(try numbers.tensor([filters, channels / op.group] + ones))
                let bias = index == 1 ? nil : try graph.addConstant(try numbers.tensor([filters]))
                x = try graph.apply(op, x, weight, bias)
                if index == 0 { x = try graph.apply(Op.Gelu(), x) }
                if index == 1, !isLast { x = try graph.apply(Op.Relu(), x) }
            }
            try graph.addOutput(x)
        }
    }

    /// Sets by one, by several and in parts of all; other axes are left as they are.
    static let reduced: [FusionCase] = [
        reduced("sum of a set", [2, 7, 5], Op.ReduceSum(keepdims: false), [1], fused: ["Fused.ReducedChain"]),
        reduced("mean of a set", [2, 3, 50, 5], Op.ReduceMean(keepdims: true), [-2], fused: ["Fused.ReducedChain"]),
        reduced("maximum of a large set", [3, 250, 5], Op.ReduceMax(keepdims: false), [1], fused: ["Fused.ReducedChain"]),
        reduced(
            "sum of columns", [2, 7, 5], Op.ReduceSum(keepdims: false), [2], fused: ["Fused.LinearChain", "ReduceSum"]),
    ]

    private static func reduced(
        _ name: String, _ shape: [Int], _ op: any Operator, _ axes: [Int64], fused: [String]
    ) -> FusionCase {
        FusionCase(testDescription: name, fused: fused, shapes: [shape]) { graph, numbers in
            var x = try graph.addInput("x", .tensor(.float32, ["n"] + shape.dropFirst().map(Dimension.fixed)))
            for (width, next) in [(5, 9), (9, 20)] {
                let product = try graph.apply(Op.MatMul(), x, try graph.addConstant(try numbers.tensor([width, next])))
                x = try graph.apply(Op.Relu(), product)
            }
            try graph.addOutput(try graph.apply(op, x, try graph.addConstant(try Tensor([axes.count], axes))))
        }
    }
}
