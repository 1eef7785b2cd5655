import SeptumEngine
import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

/// A graph, what the engine makes of its operators, and how far results may be from those of the graph as it is.
struct FusionCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let fused: [String]
    /// Shapes of the inputs with the symbols replaced.
    var shapes: [[Int]] = [[5, 6]]
    /// The largest difference, relative to numbers above one; 0 for the same bits.
    var tolerance: Double = 0
    let build: @Sendable (inout Graph, inout Numbers) throws -> Void
}

extension Graph {
    /// An input of float32, and nodes on it.
    fileprivate mutating func input(_ name: String, _ shape: [Dimension]) throws -> ValueID {
        try addInput(name, .tensor(.float32, shape))
    }

    fileprivate mutating func constant(_ shape: [Int], _ numbers: inout Numbers) throws -> ValueID {
        try addConstant(try numbers.tensor(shape))
    }

    fileprivate mutating func scalar(_ value: Float) throws -> ValueID { try addConstant(try Tensor([], [value])) }
}

@Suite struct FusionTests {
    @Test func hasAllCases() { #expect(Self.cases.count == 65) }

    @Test(arguments: cases) func givesEqualResults(_ testCase: FusionCase) throws {
        var (graph, numbers) = (Graph(), Numbers())
        try testCase.build(&graph, &numbers)
        let program = try Program(graph)
        #expect(program.graph.nodes.map(\.op.name) == testCase.fused)
        let plain = try Program(graph, fusions: [])
        for scale in [1, 3] {
            // The first axis of every input is a symbol or 1.
            let inputs = try testCase.shapes.map { try numbers.tensor($0[0] == 1 ? $0 : [$0[0] * scale] + $0.dropFirst()) }
            let found = try program.makeContext().run(inputs)
            let expected = try plain.makeContext().run(inputs)
            let defined = try Interpreter.run(graph, inputs.map(Value.tensor)).compactMap(\.tensor)
            for ((a, b), c) in zip(zip(found, expected), defined) {
                if testCase.tolerance == 0 { #expect(a.isIdentical(to: b)) }
                for ((x, y), z) in zip(zip(try a.doubles, try b.doubles), try c.doubles) {
                    #expect(abs(x - y) <= testCase.tolerance * max(1, abs(y)))
                    #expect(abs(x - z) <= (testCase.tolerance + 4e-6) * max(1, abs(z)))
                }
                #expect(a.shape == c.shape)
            }
            let again = try Interpreter.run(program.graph, inputs.map(Value.tensor)).compactMap(\.tensor)
            for (a, b) in zip(again, defined) {
                for (x, y) in zip(try a.doubles, try b.doubles) { #expect(abs(x - y) <= 1e-5 * max(1, abs(y))) }
            }
        }
    }

    static let cases: [FusionCase] =
        linear + reduced + pooled + pointwise + elementwise + normalizations + activations + movements + attention + edges

    /// A product whose chain starts from the bias instead of zero rounds otherwise.
    private static let biasTolerance = 1e-6

    private static let linear: [FusionCase] = [
        FusionCase(testDescription: "bias and activation", fused: ["Fused.Linear"], tolerance: biasTolerance) { graph, numbers in
            let product = try graph.apply(Op.MatMul(), try graph.input("x", ["n", 6]), try graph.constant([6, 19], &numbers))
            let sum = try graph.apply(Op.Add(), try graph.constant([19], &numbers), product)
            try graph.addOutput(try graph.apply(Op.Relu(), sum))
        },
        FusionCase(testDescription: "activation alone", fused: ["Fused.Linear"]) { graph, numbers in
            let product = try graph.apply(Op.MatMul(), try graph.input("x", ["n", 6]), try graph.constant([6, 19], &numbers))
            try graph.addOutput(try graph.apply(Op.Tanh(), product))
        },
        FusionCase(testDescription: "Gemm and an activation with two parameters", fused: ["Fused.Linear"]) { graph, numbers in
            let weight = try graph.constant([19, 6], &numbers)
            let product = try graph.apply(
                Op.Gemm(transposesB: true), try graph.input("x", ["n", 6]), weight, try graph.constant([19], &numbers))
            try graph.addOutput(try graph.apply(Op.Selu(), product))
        },
        FusionCase(
            testDescription: "residual, scale and activation over three axes", fused: ["Fused.Linear"],
            shapes: [[5, 7, 6], [5, 7, 6]], tolerance: biasTolerance
        ) { graph, numbers in
            let x = try graph.input("x", ["n", 7, 6])
            let product = try graph.apply(Op.MatMul(), x, try graph.constant([6, 6], &numbers))
            let sum = try graph.apply(Op.Add(), product, try graph.constant([6], &numbers))
            let scaled = try graph.apply(Op.Mul(), sum, try graph.constant([6], &numbers))
            let residual = try graph.apply(Op.Add(), try graph.input("y", ["n", 7, 6]), scaled)
            try graph.addOutput(try graph.apply(Op.Sigmoid(), residual))
        },
        FusionCase(testDescription: "sum used twice", fused: ["Fused.Linear", "Fused.Chain"], tolerance: biasTolerance) {
            graph, numbers in
            let product = try graph.apply(Op.MatMul(), try graph.input("x", ["n", 6]), try graph.constant([6, 19], &numbers))
            let sum = try graph.apply(Op.Add(), product, try graph.constant([19], &numbers))
            try graph.addOutput(try graph.apply(Op.Mul(), try graph.apply(Op.Tanh(), sum), sum))
        },
        FusionCase(testDescription: "product used twice", fused: ["MatMul", "Add", "Tanh"]) { graph, numbers in
            let product = try graph.apply(Op.MatMul(), try graph.input("x", ["n", 6]), try graph.constant([6, 19], &numbers))
            try graph.addOutput(try graph.apply(Op.Add(), product, try graph.constant([19], &numbers)))
            try graph.addOutput(try graph.apply(Op.Tanh(), product))
        },
        FusionCase(testDescription: "product is an output", fused: ["MatMul", "Relu"]) { graph, numbers in
            let product = try graph.apply(Op.MatMul(), try graph.input("x", ["n", 6]), try graph.constant([6, 19], &numbers))
            try graph.addOutput(product)
            try graph.addOutput(try graph.apply(Op.Relu(), product))
        },
        FusionCase(
            testDescription: "products one after another", fused: ["Fused.LinearChain", "Softmax"]
        ) { graph, numbers in
            let first = try graph.apply(
                Op.Gemm(transposesB: true), try graph.input("x", ["n", 6]), try graph.constant([19, 6], &numbers),
                try graph.constant([19], &numbers))
            let second = try graph.apply(
                Op.Gemm(), try graph.apply(Op.Relu(), first), try graph.constant([19, 40], &numbers),
                try graph.constant([40], &numbers))
            let bent = try graph.apply(Op.LeakyRelu(alpha: 0.3), second)
            let third = try graph.apply(
                Op.Gemm(), bent, try graph.constant([40, 5], &numbers), try graph.constant([5], &numbers))
            try graph.addOutput(try graph.apply(Op.Softmax(axis: -1), third))
        },
        FusionCase(testDescription: "products over three axes", fused: ["Fused.LinearChain"], shapes: [[2, 7, 6]]) {
            graph, numbers in
            let first = try graph.apply(Op.MatMul(), try graph.input("x", ["n", 7, 6]), try graph.constant([6, 33], &numbers))
            try graph.addOutput(
                try graph.apply(Op.MatMul(), try graph.apply(Op.Tanh(), first), try graph.constant([33, 1], &numbers)))
        },
        FusionCase(testDescription: "a product used twice ends the chain", fused: ["Fused.LinearChain", "MatMul", "MatMul"]) {
            graph, numbers in
            var x = try graph.apply(Op.MatMul(), try graph.input("x", ["n", 6]), try graph.constant([6, 9], &numbers))
            x = try graph.apply(Op.MatMul(), x, try graph.constant([9, 9], &numbers))
            try graph.addOutput(try graph.apply(Op.MatMul(), x, try graph.constant([9, 4], &numbers)))
            try graph.addOutput(try graph.apply(Op.MatMul(), x, try graph.constant([9, 3], &numbers)))
        },
        FusionCase(testDescription: "addend widens the product", fused: ["MatMul", "Add"]) { graph, numbers in
            let product = try graph.apply(Op.MatMul(), try graph.input("x", ["n", 6]), try graph.constant([6, 1], &numbers))
            try graph.addOutput(try graph.apply(Op.Add(), product, try graph.constant([19], &numbers)))
        },
        FusionCase(testDescription: "addend of a column", fused: ["Fused.Linear"], shapes: [[1, 6, 6]]) { graph, numbers in
            let product = try graph.apply(Op.MatMul(), try graph.input("x", [1, 6, 6]), try graph.constant([6, 6], &numbers))
            try graph.addOutput(try graph.apply(Op.Add(), product, try graph.constant([6, 1], &numbers)))
        },
        FusionCase(testDescription: "computed weight", fused: ["MatMul", "Fused.Chain"], shapes: [[1, 6, 6], [5, 6]]) {
            graph, numbers in
            let weight = try graph.input("w", [1, 6, 6])
            let product = try graph.apply(Op.MatMul(), try graph.input("x", ["n", 6]), weight)
            let sum = try graph.apply(Op.Add(), product, try graph.constant([6], &numbers))
            try graph.addOutput(try graph.apply(Op.Relu(), sum))
        },
        FusionCase(testDescription: "Gemm with other factors", fused: ["Gemm", "Relu"]) { graph, numbers in
            let weight = try graph.constant([6, 19], &numbers)
            let product = try graph.apply(
                Op.Gemm(alpha: 0.5), try graph.input("x", ["n", 6]), weight, try graph.constant([19], &numbers))
            try graph.addOutput(try graph.apply(Op.Relu(), product))
        },
    ]

    /// A convolution of `[n, image]` by `filters`, what comes after it, and maxima.
    private static func pooled(
        _ name: String, _ image: [Int], _ filters: [Int], _ op: Op.Conv, _ pool: Op.MaxPool,
        _ tail: @escaping @Sendable (inout Graph, Graph.ValueID, inout Numbers) throws -> Graph.ValueID
    ) -> FusionCase {
        FusionCase(testDescription: name, fused: ["Fused.PooledConvolution"], shapes: [[2] + image]) { graph, numbers in
            let x = try graph.input("x", ["n"] + image.map(Dimension.fixed))
            let (w, b) = (try graph.constant(filters, &numbers), try graph.constant([filters[0]], &numbers))
            try graph.addOutput(try graph.apply(pool, try tail(&graph, try graph.apply(op, x, w, b), &numbers)))
        }
    }

    /// Lanes of filters and of places, windows that overlap and hang over, groups, depthwise filters, and more than a kernel does.
    private static let pooled: [FusionCase] = {
        let same = Window(pads: [1, 1, 1, 1])
        let halves = Op.MaxPool(Window(kernel: [2, 2], strides: [2, 2]))
        let thirds = Op.MaxPool(Window(kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1]))
        return [
            pooled("maxima of a convolution", [8, 12, 12], [16, 8, 3, 3], Op.Conv(same), halves) { graph, x, _ in
                try graph.apply(Op.Relu(), x)
            },
            pooled("maxima of a convolution alone", [3, 7, 9], [5, 3, 3, 3], Op.Conv(), thirds) { _, x, _ in x },
            pooled("maxima of a convolution in groups", [6, 10, 8], [32, 3, 3, 3], Op.Conv(same, group: 2), thirds) {
                graph, x, _ in
                try graph.apply(Op.Tanh(), x)
            },
            pooled("maxima of depthwise filters", [4, 6, 5], [4, 1, 3, 3], Op.Conv(same, group: 4), halves) { graph, x, _ in
                try graph.apply(Op.Relu(), x)
            },
            pooled("maxima of a scaled convolution", [8, 6, 6], [48, 8, 3, 3], Op.Conv(same), halves) { graph, x, numbers in
                try graph.apply(Op.Mul(), try graph.apply(Op.Sigmoid(), x), try graph.constant([1, 48, 1, 6], &numbers))
            },
        ]
    }()

    private static let elementwise: [FusionCase] = [
        FusionCase(testDescription: "chain with rows, scalars and columns", fused: ["Fused.Chain"], shapes: [[5, 700, 6]]) {
            graph, numbers in
            let x = try graph.input("x", ["n", 700, 6])
            let centred = try graph.apply(Op.Sub(), x, try graph.constant([6], &numbers))
            let scaled = try graph.apply(Op.Mul(), try graph.constant([700, 1], &numbers), centred)
            let shifted = try graph.apply(Op.Add(), scaled, try graph.scalar(0.5))
            try graph.addOutput(try graph.apply(Op.Max(), try graph.apply(Op.Exp(), shifted), centred))
        },
        FusionCase(testDescription: "two orders of broadcasting", fused: ["Fused.Chain"], shapes: [[5, 1, 9], [5, 4, 1]]) {
            graph, _ in
            let (x, y) = (try graph.input("x", ["n", 1, 9]), try graph.input("y", ["n", 4, 1]))
            try graph.addOutput(try graph.apply(Op.Abs(), try graph.apply(Op.Sub(), x, y)))
        },
        FusionCase(testDescription: "square", fused: ["Fused.Chain"]) { graph, _ in
            let square = try graph.apply(Op.Pow(), try graph.input("x", ["n", 6]), try graph.scalar(2))
            try graph.addOutput(try graph.apply(Op.Clip(), square, try graph.scalar(0.1), try graph.scalar(0.7)))
        },
        FusionCase(testDescription: "other power", fused: ["Pow", "Relu"]) { graph, _ in
            let cube = try graph.apply(Op.Pow(), try graph.input("x", ["n", 6]), try graph.scalar(3))
            try graph.addOutput(try graph.apply(Op.Relu(), cube))
        },
        FusionCase(testDescription: "middle is an output", fused: ["Fused.Chain", "Neg"]) { graph, _ in
            let y = try graph.apply(Op.Abs(), try graph.apply(Op.Floor(), try graph.input("x", ["n", 6])))
            try graph.addOutput(y)
            try graph.addOutput(try graph.apply(Op.Neg(), y))
        },
        FusionCase(testDescription: "middle has another shape", fused: ["Tanh", "Add"], shapes: [[1, 6], [5, 6]]) { graph, _ in
            let row = try graph.apply(Op.Tanh(), try graph.input("x", [1, 6]))
            try graph.addOutput(try graph.apply(Op.Add(), row, try graph.input("y", ["n", 6])))
        },
        FusionCase(testDescription: "symbols that differ", fused: ["Tanh", "Add"], shapes: [[5, 6], [5, 6]]) { graph, _ in
            let rows = try graph.apply(Op.Tanh(), try graph.input("x", ["n", 6]))
            try graph.addOutput(try graph.apply(Op.Add(), rows, try graph.input("y", ["m", 6])))
        },
    ]

    /// The parameters of a batch normalization of some channels.
    private static func parameters(_ count: Int, _ graph: inout Graph, _ numbers: inout Numbers) throws -> [Graph.ValueID] {
        var ids: [Graph.ValueID] = []
        for _ in 0..<3 { ids.append(try graph.constant([count], &numbers)) }
        let variances = try numbers.tensor([count]).array(of: Float.self).map { abs($0) + 0.5 }
        ids.append(try graph.addConstant(try Tensor([count], variances)))
        return ids
    }

    private static func normalized(
        _ x: Graph.ValueID, _ count: Int, _ graph: inout Graph, _ numbers: inout Numbers
    ) throws -> Graph.ValueID {
        let parameters = try parameters(count, &graph, &numbers)
        return try #require(try graph.append(Op.BatchNormalization(), inputs: [x] + parameters).first)
    }

    private static let normalizations: [FusionCase] = [
        FusionCase(testDescription: "batch normalization alone", fused: ["Fused.Affine"], shapes: [[5, 6, 7]]) { graph, numbers in
            try graph.addOutput(try normalized(try graph.input("x", ["n", 6, 7]), 6, &graph, &numbers))
        },
        FusionCase(testDescription: "normalized product", fused: ["Fused.Linear"], tolerance: 2e-6) { graph, numbers in
            let product = try graph.apply(Op.MatMul(), try graph.input("x", ["n", 6]), try graph.constant([6, 9], &numbers))
            let sum = try graph.apply(Op.Add(), product, try graph.constant([9], &numbers))
            try graph.addOutput(try graph.apply(Op.Relu(), try normalized(sum, 9, &graph, &numbers)))
        },
        FusionCase(testDescription: "normalized input of Gemm", fused: ["Gemm"], tolerance: 2e-6) { graph, numbers in
            let x = try normalized(try graph.input("x", ["n", 6]), 6, &graph, &numbers)
            let weight = try graph.constant([9, 6], &numbers)
            try graph.addOutput(try graph.apply(Op.Gemm(transposesB: true), x, weight, try graph.constant([9], &numbers)))
        },
        FusionCase(
            testDescription: "normalized convolution in groups", fused: ["Fused.Convolution"], shapes: [[2, 4, 9]],
            tolerance: 2e-6
        ) { graph, numbers in
            let x = try graph.input("x", ["n", 4, 9])
            let convolved = try graph.apply(
                Op.Conv(Window(pads: [1, 1]), group: 2), x, try graph.constant([6, 2, 3], &numbers))
            try graph.addOutput(try graph.apply(Op.Relu(), try normalized(convolved, 6, &graph, &numbers)))
        },
        FusionCase(testDescription: "convolution of a normalized image", fused: ["Conv"], shapes: [[2, 4, 9]], tolerance: 2e-6) {
            graph, numbers in
            let x = try normalized(try graph.input("x", ["n", 4, 9]), 4, &graph, &numbers)
            try graph.addOutput(
                try graph.apply(
                    Op.Conv(group: 2), x, try graph.constant([6, 2, 3], &numbers), try graph.constant([6], &numbers)))
        },
        FusionCase(
            testDescription: "padding after the normalization", fused: ["Fused.Affine", "Conv"], shapes: [[2, 4, 9]]
        ) { graph, numbers in
            let x = try normalized(try graph.input("x", ["n", 4, 9]), 4, &graph, &numbers)
            let weight = try graph.constant([6, 4, 3], &numbers)
            try graph.addOutput(try graph.apply(Op.Conv(Window(pads: [1, 1])), x, weight))
        },
        FusionCase(
            testDescription: "transposed convolution", fused: ["ConvTranspose"], shapes: [[2, 4, 9]], tolerance: 2e-6
        ) { graph, numbers in
            let x = try graph.input("x", ["n", 4, 9])
            let weight = try graph.constant([4, 3, 2], &numbers)
            let convolved = try graph.apply(Op.ConvTranspose(), x, weight, try graph.constant([3], &numbers))
            try graph.addOutput(try normalized(convolved, 3, &graph, &numbers))
        },
        FusionCase(
            testDescription: "normalized between transpositions", fused: ["Fused.LinearChain"],
            shapes: [[3, 5, 4, 6]],
            tolerance: 4e-6
        ) { graph, numbers in
            let x = try graph.input("x", ["n", 5, 4, 6])
            let product = try graph.apply(Op.MatMul(), x, try graph.constant([6, 9], &numbers))
            let there = try graph.apply(Op.Transpose(permutation: [0, 3, 1, 2]), product)
            let active = try graph.apply(Op.Relu(), try normalized(there, 9, &graph, &numbers))
            let back = try graph.apply(Op.Transpose(permutation: [0, 2, 3, 1]), active)
            let second = try graph.apply(Op.MatMul(), back, try graph.constant([9, 3], &numbers))
            try graph.addOutput(try graph.apply(Op.Relu(), second))
        },
        FusionCase(testDescription: "layer normalization", fused: ["LayerNormalization"], tolerance: 4e-6) { graph, numbers in
            let x = try graph.input("x", ["n", 6])
            let axes = try graph.addConstant(try Tensor([1], [Int64(-1)]))
            let difference = try graph.apply(Op.Sub(), x, try graph.apply(Op.ReduceMean(), x, axes))
            let square = try graph.apply(Op.Pow(), difference, try graph.scalar(2))
            let variance = try graph.apply(Op.ReduceMean(), square, axes)
            let root = try graph.apply(Op.Sqrt(), try graph.apply(Op.Add(), variance, try graph.scalar(1e-3)))
            let scaled = try graph.apply(
                Op.Mul(), try graph.apply(Op.Div(), difference, root), try graph.constant([6], &numbers))
            try graph.addOutput(try graph.apply(Op.Add(), try graph.constant([6], &numbers), scaled))
        },
    ]

    /// 1 + tanh(sqrt(2 / pi) (x + kappa x^3)).
    private static func gelu(
        _ graph: inout Graph, _ x: Graph.ValueID, _ cube: Graph.ValueID, kappa: Float
    ) throws -> Graph.ValueID {
        let sum = try graph.apply(Op.Add(), x, try graph.apply(Op.Mul(), cube, try graph.scalar(kappa)))
        let scaled = try graph.apply(Op.Mul(), try graph.scalar(0.7978846), sum)
        return try graph.apply(Op.Add(), try graph.scalar(1), try graph.apply(Op.Tanh(), scaled))
    }

    private static let activations: [FusionCase] = [
        FusionCase(testDescription: "exact GELU", fused: ["Gelu"], tolerance: 1e-6) { graph, _ in
            let x = try graph.input("x", ["n", 6])
            let error = try graph.apply(Op.Erf(), try graph.apply(Op.Div(), x, try graph.scalar(Float(2).squareRoot())))
            let product = try graph.apply(Op.Mul(), x, try graph.apply(Op.Add(), error, try graph.scalar(1)))
            try graph.addOutput(try graph.apply(Op.Mul(), product, try graph.scalar(0.5)))
        },
        FusionCase(testDescription: "exact GELU, half first", fused: ["Gelu"], tolerance: 1e-6) { graph, _ in
            let x = try graph.input("x", ["n", 6])
            let half = try graph.apply(Op.Mul(), try graph.scalar(0.5), x)
            let error = try graph.apply(Op.Erf(), try graph.apply(Op.Mul(), x, try graph.scalar(Float(0.5).squareRoot())))
            try graph.addOutput(try graph.apply(Op.Mul(), half, try graph.apply(Op.Add(), try graph.scalar(1), error)))
        },
        FusionCase(testDescription: "GELU by tanh", fused: ["Gelu"], tolerance: 1e-6) { graph, _ in
            let x = try graph.input("x", ["n", 6])
            let cube = try graph.apply(Op.Mul(), x, try graph.apply(Op.Mul(), x, x))
            let gate = try gelu(&graph, x, cube, kappa: 0.044715)
            try graph.addOutput(try graph.apply(Op.Mul(), try graph.scalar(0.5), try graph.apply(Op.Mul(), x, gate)))
        },
        FusionCase(testDescription: "GELU by tanh of a power, half first", fused: ["Gelu"], tolerance: 1e-6) { graph, _ in
            let x = try graph.input("x", ["n", 6])
            let gate = try gelu(&graph, x, try graph.apply(Op.Pow(), x, try graph.scalar(3)), kappa: 0.044715)
            try graph.addOutput(try graph.apply(Op.Mul(), try graph.apply(Op.Mul(), x, try graph.scalar(0.5)), gate))
        },
        FusionCase(testDescription: "GELU by tanh of another cube", fused: ["Fused.Chain"]) { graph, _ in
            let x = try graph.input("x", ["n", 6])
            let cube = try graph.apply(Op.Mul(), x, try graph.apply(Op.Mul(), x, x))
            let gate = try gelu(&graph, x, cube, kappa: 0.0447)
            try graph.addOutput(try graph.apply(Op.Mul(), try graph.scalar(0.5), try graph.apply(Op.Mul(), x, gate)))
        },
        FusionCase(testDescription: "GELU of another divisor", fused: ["Fused.Chain"]) { graph, _ in
            let x = try graph.input("x", ["n", 6])
            let error = try graph.apply(Op.Erf(), try graph.apply(Op.Div(), x, try graph.scalar(1.4)))
            let product = try graph.apply(Op.Mul(), x, try graph.apply(Op.Add(), error, try graph.scalar(1)))
            try graph.addOutput(try graph.apply(Op.Mul(), product, try graph.scalar(0.5)))
        },
        FusionCase(testDescription: "SiLU", fused: ["Swish"], tolerance: 1e-6) { graph, _ in
            let x = try graph.input("x", ["n", 6])
            try graph.addOutput(try graph.apply(Op.Mul(), x, try graph.apply(Op.Sigmoid(), x)))
        },
    ]

    private static let movements: [FusionCase] = [
        FusionCase(testDescription: "transpositions that undo each other", fused: ["Relu"], shapes: [[5, 4, 6]]) { graph, _ in
            let there = try graph.apply(Op.Transpose(permutation: [0, 2, 1]), try graph.input("x", ["n", 4, 6]))
            let back = try graph.apply(Op.Transpose(permutation: [0, 2, 1]), there)
            try graph.addOutput(try graph.apply(Op.Relu(), back))
        },
        FusionCase(
            testDescription: "edges: differences beside centres", fused: ["Unsqueeze", "Shape", "Sub", "Fused.Concat"],
            shapes: [[5, 4, 3, 6], [5, 4, 6]]
        ) { graph, _ in
            let neighbours = try graph.input("x", ["n", 4, 3, 6])
            let axes = try graph.addConstant(try Tensor([1], [Int64(2)]))
            let centre = try graph.apply(Op.Unsqueeze(), try graph.input("y", ["n", 4, 6]), axes)
            let centres = try graph.apply(Op.Expand(), centre, try graph.apply(Op.Shape(), neighbours))
            let difference = try graph.apply(Op.Sub(), neighbours, centres)
            try graph.addOutput(try graph.apply(Op.Concat(axis: 3), centres, difference))
        },
        FusionCase(testDescription: "transpositions that join", fused: ["Relu", "Transpose"], shapes: [[5, 4, 6]]) { graph, _ in
            let there = try graph.apply(Op.Transpose(permutation: [2, 0, 1]), try graph.input("x", ["n", 4, 6]))
            let active = try graph.apply(Op.Relu(), there)
            try graph.addOutput(try graph.apply(Op.Transpose(permutation: [0, 2, 1]), active))
        },
    ]

    /// Queries, keys and values of heads that lie side by side, their scores, and what comes of them.
    private static func attend(
        _ graph: inout Graph, _ numbers: inout Numbers, _ change: (inout Graph, Graph.ValueID) throws -> Graph.ValueID
    ) throws -> Graph.ValueID {
        let inputs = try ["q", "k", "v"].map { try graph.input($0, ["n", "p", 3, 4]) }
        let queries = try graph.apply(Op.Transpose(permutation: [0, 2, 1, 3]), inputs[0])
        let keys = try graph.apply(Op.Transpose(permutation: [0, 2, 3, 1]), inputs[1])
        let values = try graph.apply(Op.Transpose(permutation: [0, 2, 1, 3]), inputs[2])
        let scores = try change(&graph, try graph.apply(Op.MatMul(), queries, keys))
        return try graph.apply(Op.MatMul(), try graph.apply(Op.Softmax(), scores), values)
    }

    private static let attention: [FusionCase] = [
        FusionCase(
            testDescription: "attention with a mask", fused: ["Less", "Fused.Attention"],
            shapes: [[2, 1, 1, 5], [2, 5, 3, 4], [2, 5, 3, 4], [2, 5, 3, 4]]
        ) { graph, numbers in
            let mask = try graph.input("m", ["n", 1, 1, "p"])
            let scale = try graph.scalar(0.5)
            let result = try attend(&graph, &numbers) { graph, scores in
                let scaled = try graph.apply(Op.Mul(), scores, scale)
                let hidden = try graph.apply(Op.Less(), mask, try graph.scalar(0))
                return try graph.apply(Op.Where(), hidden, try graph.scalar(-9), try graph.apply(Op.Add(), mask, scaled))
            }
            try graph.addOutput(try graph.apply(Op.Transpose(permutation: [0, 2, 1, 3]), result))
        },
        FusionCase(
            testDescription: "attention with scaled keys", fused: ["Mul", "Fused.Attention"],
            shapes: [[2, 5, 3, 4], [2, 5, 3, 4], [2, 5, 3, 4]]
        ) { graph, numbers in
            let inputs = try ["q", "k", "v"].map { try graph.input($0, ["n", "p", 3, 4]) }
            let there = try inputs.map { try graph.apply(Op.Transpose(permutation: [0, 2, 1, 3]), $0) }
            let keys = try graph.apply(
                Op.Mul(), try graph.apply(Op.Transpose(permutation: [0, 2, 3, 1]), inputs[1]), try graph.scalar(0.7))
            let scores = try graph.apply(Op.MatMul(), there[0], keys)
            try graph.addOutput(try graph.apply(Op.MatMul(), try graph.apply(Op.Softmax(axis: 3), scores), there[2]))
        },
        FusionCase(
            testDescription: "scores are an output",
            fused: ["Transpose", "Transpose", "Transpose", "MatMul", "Softmax", "MatMul"],
            shapes: [[2, 5, 3, 4], [2, 5, 3, 4], [2, 5, 3, 4]]
        ) { graph, numbers in
            let result = try attend(&graph, &numbers) { graph, scores in
                try graph.addOutput(scores)
                return scores
            }
            try graph.addOutput(result)
        },
    ]
}
