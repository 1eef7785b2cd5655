import SeptumEngine
import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

/// A quantized dense layer, and what the engine makes of it.
struct IntegerCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let fused: [String]
    /// How far results may be from those of the graph as it is: 0 from integers on, a step where floats are rounded, and as much
    /// as float32 sums differ by where they are not.
    let tolerance: Double
    let build: @Sendable (inout Graph, Graph.ValueID) throws -> Graph.ValueID
}

extension Graph {
    fileprivate mutating func constant<T: Scalar>(_ shape: [Int], _ values: [T]) throws -> ValueID {
        try addConstant(try Tensor(shape, values))
    }

    /// Nineteen columns of signed bytes.
    fileprivate static let weights = (0..<(7 * 19)).map { Int8(truncatingIfNeeded: ($0 * 37 + 11) % 251 - 125) }
    fileprivate static let steps = (0..<19).map { Float(0.001) * Float($0 + 1) }
    fileprivate static let biases = (0..<19).map { Int32($0 * 100 - 900) }

    /// The quantized input and its floats.
    fileprivate mutating func pair(_ x: ValueID) throws -> (bytes: ValueID, floats: ValueID) {
        let (scale, zero) = (try constant([], [Float(0.02)]), try constant([], [UInt8(119)]))
        let bytes = try apply(Op.QuantizeLinear(), x, scale, zero)
        return (bytes, try apply(Op.DequantizeLinear(), bytes, scale, zero))
    }

    fileprivate mutating func layer(
        _ x: ValueID, transposes: Bool = false, biasScale: Float = 0.02
    ) throws -> ValueID {
        var weights = Graph.weights
        if transposes { weights = (0..<weights.count).map { Graph.weights[$0 % 7 * 19 + $0 / 7] } }
        let w = try apply(
            Op.DequantizeLinear(Quantization(axis: transposes ? 0 : 1)),
            try constant(transposes ? [19, 7] : [7, 19], weights), try constant([19], Graph.steps),
            try constant([19], [Int8](repeating: 0, count: 19)))
        let b = try apply(
            Op.DequantizeLinear(Quantization(axis: 0)), try constant([19], Graph.biases),
            try constant([19], Graph.steps.map { biasScale * $0 }))
        return try apply(Op.Gemm(transposesB: transposes), x, w, b)
    }

    fileprivate mutating func quantized(_ x: ValueID) throws -> ValueID {
        try apply(Op.QuantizeLinear(), x, try constant([], [Float(0.03)]), try constant([], [Int8(-20)]))
    }

    /// MatMulInteger and its scaling, as dynamically quantized models have it.
    fileprivate mutating func integers(_ x: ValueID, _ zero: ValueID, scale: ValueID) throws -> ValueID {
        let w = try constant([7, 19], Graph.weights.map { UInt8(Int($0) + 125) })
        let product = try apply(Op.MatMulInteger(), x, w, zero, try constant([], [UInt8(125)]))
        let sums = try apply(Op.Add(), try constant([19], Graph.biases), product)
        return try apply(Op.Mul(), try apply(Op.Cast(to: .float32), sums), scale)
    }
}

@Suite struct IntegerFusionTests {
    static let cases: [IntegerCase] = [
        IntegerCase(
            testDescription: "between QuantizeLinear and DequantizeLinear", fused: ["QuantizeLinear", "Fused.IntegerLinear"],
            tolerance: 1
        ) { graph, x in
            try graph.quantized(try graph.apply(Op.Relu(), try graph.layer(try graph.pair(x).floats)))
        },
        IntegerCase(testDescription: "without activation", fused: ["QuantizeLinear", "Fused.IntegerLinear"], tolerance: 1) {
            graph, x in
            try graph.quantized(try graph.layer(try graph.pair(x).floats, transposes: true))
        },
        IntegerCase(
            testDescription: "floats as the result", fused: ["QuantizeLinear", "Fused.IntegerLinear"], tolerance: 2e-6
        ) { graph, x in try graph.layer(try graph.pair(x).floats) },
        IntegerCase(
            testDescription: "a bias of other scales", fused: ["QuantizeLinear", "Fused.IntegerLinear"], tolerance: 2e-6
        ) { graph, x in
            try graph.apply(Op.Relu(), try graph.layer(try graph.pair(x).floats, biasScale: 0.03))
        },
        IntegerCase(
            testDescription: "MatMul, Add of floats and QuantizeLinear", fused: ["QuantizeLinear", "Fused.IntegerLinear"],
            tolerance: 1
        ) { graph, x in
            let w = try graph.apply(
                Op.DequantizeLinear(), try graph.constant([7, 19], Graph.weights), try graph.constant([], [Float(0.004)]))
            let product = try graph.apply(Op.MatMul(), try graph.pair(x).floats, w)
            let bias = try graph.constant([19], (0..<19).map { Float($0) / 8 })
            return try graph.quantized(try graph.apply(Op.Add(), bias, product))
        },
        IntegerCase(
            testDescription: "a function between", fused: ["QuantizeLinear", "Fused.IntegerLinear", "Sigmoid", "QuantizeLinear"],
            tolerance: 1
        ) { graph, x in try graph.quantized(try graph.apply(Op.Sigmoid(), try graph.layer(try graph.pair(x).floats))) },
        IntegerCase(
            testDescription: "weights that no signed bytes hold",
            fused: ["QuantizeLinear", "DequantizeLinear", "MatMul"], tolerance: 0
        ) { graph, x in
            let w = try graph.apply(
                Op.DequantizeLinear(), try graph.constant([7, 19], Graph.weights.map { UInt8(Int($0) + 125) }),
                try graph.constant([], [Float(0.004)]), try graph.constant([], [UInt8(9)]))
            return try graph.apply(Op.MatMul(), try graph.pair(x).floats, w)
        },
        IntegerCase(
            testDescription: "sixteen bits", fused: ["QuantizeLinear", "DequantizeLinear", "Gemm"], tolerance: 0
        ) { graph, x in
            let (scale, zero) = (try graph.constant([], [Float(0.001)]), try graph.constant([], [UInt16(30000)]))
            let bytes = try graph.apply(Op.QuantizeLinear(), x, scale, zero)
            return try graph.layer(try graph.apply(Op.DequantizeLinear(), bytes, scale, zero))
        },
        IntegerCase(
            testDescription: "integers to bytes", fused: ["QuantizeLinear", "Fused.IntegerLinear"], tolerance: 0
        ) { graph, x in
            let scale = try graph.constant([19], Graph.steps.map { $0 * 0.2 })
            let product = try graph.integers(try graph.pair(x).bytes, try graph.constant([], [UInt8(119)]), scale: scale)
            return try graph.apply(
                Op.QuantizeLinear(), product, try graph.constant([], [Float(1)]), try graph.constant([], [UInt8(100)]))
        },
        IntegerCase(
            testDescription: "scales and zero points that are computed",
            fused: ["DynamicQuantizeLinear", "Mul", "Fused.IntegerLinear"],
            tolerance: 0
        ) { graph, x in
            let parts = try graph.append(Op.DynamicQuantizeLinear(), inputs: [x], outputs: ["a", "b", "c"])
            let scale = try graph.apply(Op.Mul(), parts[1], try graph.constant([19], Graph.steps))
            let product = try graph.integers(parts[0], parts[2], scale: scale)
            let sum = try graph.apply(Op.Add(), product, try graph.constant([19], Graph.steps))
            return try graph.apply(Op.Relu(), sum)
        },
    ]

    @Test func hasAllCases() { #expect(Self.cases.count == 10) }

    @Test(arguments: cases) func computesWhatItStandsFor(_ testCase: IntegerCase) throws {
        var (graph, numbers) = (Graph(), Numbers())
        let x = try graph.addInput("x", .tensor(.float32, ["n", 7]))
        try graph.addOutput(try testCase.build(&graph, x))
        let program = try Program(graph)
        #expect(program.graph.nodes.map(\.op.name) == testCase.fused)
        for rows in [1, 5, 130] {
            let input = try numbers.tensor([rows, 7])
            let found = try program.makeContext().run([input])
            let defined = try Interpreter.run(program.graph, [.tensor(input)]).compactMap(\.tensor)
            let given = try Interpreter.run(graph, [.tensor(input)]).compactMap(\.tensor)
            for ((a, b), c) in zip(zip(found, defined), given) {
                // The kernel gives the bits of the fused operator's own definition.
                if testCase.fused.last == "Fused.IntegerLinear" { #expect(a.isIdentical(to: b)) }
                #expect(a.shape == c.shape && a.elementType == c.elementType)
                for (one, other) in zip(try a.doubles, try c.doubles) {
                    #expect(
                        abs(one - other) <= testCase.tolerance * max(1, abs(other))
                            || testCase.tolerance >= 1 && abs(one - other) <= 1)
                }
            }
        }
    }
}
