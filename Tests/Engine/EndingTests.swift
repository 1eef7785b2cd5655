import SeptumEngine
import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

/// Elementwise operators after a product or a convolution, done before its results are stored.
@Suite struct EndingTests {
    /// What comes after: the value, an operand of its shape.
    typealias Tail = @Sendable (inout Graph, Graph.ValueID, Graph.ValueID) throws -> Graph.ValueID

    static let tails: [Tail] = [
        { graph, x, _ in try graph.apply(Op.Relu(), x) },
        { graph, x, _ in try graph.apply(Op.Gelu(), x) },
        { graph, x, _ in try graph.apply(Op.HardSigmoid(alpha: 0.3, beta: 0.4), x) },
        { graph, x, y in try graph.apply(Op.Add(), x, y) },
        { graph, x, y in try graph.apply(Op.Relu(), try graph.apply(Op.Add(), y, x)) },
        { graph, x, y in try graph.apply(Op.Sigmoid(), try graph.apply(Op.Add(), x, y)) },
        { graph, x, y in try graph.apply(Op.Add(), y, try graph.apply(Op.Relu(), x)) },
        { graph, x, y in try graph.apply(Op.Add(), try graph.apply(Op.LeakyRelu(alpha: 0.2), x), y) },
        // More than a kernel does.
        { graph, x, y in try graph.apply(Op.Relu(), try graph.apply(Op.Add(), try graph.apply(Op.Tanh(), x), y)) },
        { graph, x, y in try graph.apply(Op.Mul(), try graph.apply(Op.Tanh(), x), y) },
        { graph, x, _ in try graph.apply(Op.Add(), x, x) },
    ]

    /// Images, filters, padding and groups: lanes of filters and of places, one line, few filters, a matrix of patches, depthwise.
    static let convolutions: [(image: [Int], filters: [Int], pad: Int, stride: Int, group: Int)] = [
        ([8, 6, 6], [48, 8, 3, 3], 1, 1, 1), ([8, 12, 12], [16, 8, 3, 3], 1, 1, 1), ([3, 7, 9], [5, 3, 3, 3], 0, 1, 1),
        ([6, 10, 8], [32, 3, 3, 3], 1, 2, 2), ([12, 5, 6], [9, 12, 1, 1], 0, 1, 1), ([4, 2, 3], [3, 4, 2, 3], 1, 1, 1),
        ([4, 6, 5], [4, 1, 3, 3], 1, 1, 4),
    ]

    @Test(arguments: convolutions.indices) func convolution(_ index: Int) throws {
        let (image, filters, pad, stride, group) = Self.convolutions[index]
        let op = Op.Conv(Window(strides: [stride, stride], pads: [pad, pad, pad, pad]), group: group)
        try check("Fused.Convolution", [image]) { graph, inputs, numbers in
            let (w, b) = (try numbers.tensor(filters), try numbers.tensor([filters[0]]))
            return try graph.apply(op, inputs[0], try graph.addConstant(w), try graph.addConstant(b))
        }
    }

    @Test(arguments: [(7, 5), (40, 33), (600, 64)]) func product(_ k: Int, _ n: Int) throws {
        try check("Fused.Linear", [[k]]) { graph, inputs, numbers in
            let (w, b) = (try numbers.tensor([k, n]), try numbers.tensor([n]))
            return try graph.apply(Op.Gemm(), inputs[0], try graph.addConstant(w), try graph.addConstant(b))
        }
    }

    /// Runs each tail after what `build` makes, fused and not.
    private func check(
        _ fused: String, _ shapes: [[Int]], _ build: (inout Graph, [Graph.ValueID], inout Numbers) throws -> Graph.ValueID
    ) throws {
        for (index, tail) in Self.tails.enumerated() {
            var (graph, numbers) = (Graph(), Numbers())
            var inputs: [Graph.ValueID] = []
            for (place, shape) in shapes.enumerated() {
                inputs.append(try graph.addInput("x\(place)", .tensor(.float32, ["n"] + shape.map(Dimension.fixed))))
            }
            let result = try build(&graph, inputs, &numbers)
            let shape = try #require(graph.type(result).tensor?.shape)
            let other = try graph.addInput("y", .tensor(.float32, shape))
            try graph.addOutput(try tail(&graph, result, other))
            let (program, plain) = (try Program(graph), try Program(graph, fusions: []))
            #expect(program.graph.nodes.map(\.op.name) == [fused], "tail \(index)")
            for rows in [1, 3, 17] {
                var values = try shapes.map { try numbers.tensor([rows] + $0) }
                let inner = try shape.dropFirst().map { try #require($0.number) }
                values.append(try numbers.tensor([rows] + inner))
                let (found, expected) = (try program.makeContext().run(values), try plain.makeContext().run(values))
                #expect(zip(found, expected).allSatisfy { $0.isIdentical(to: $1) }, "tail \(index), \(rows) rows")
            }
        }
    }
}
