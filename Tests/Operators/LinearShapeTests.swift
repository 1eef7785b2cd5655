import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

/// Type rules on symbolic shapes, and what they refuse.
@Suite struct LinearShapeTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var op: any Operator
        var inputs: [[Dimension]?]
        /// The shape as printed, or nil where the rule must refuse.
        var output: String?

        var testDescription: String { "\(op.name) \(inputs) -> \(output ?? "refused")" }
    }

    static func window(
        _ kernel: [Int] = [], strides: [Int] = [], dilations: [Int] = [], pads: [Int] = [], padding: Window.Padding = .explicit,
        roundsUp: Bool = false
    ) -> Window {
        Window(kernel: kernel, strides: strides, dilations: dilations, pads: pads, padding: padding, roundsUp: roundsUp)
    }

    static let cases: [Case] = [
        Case(op: Op.MatMul(), inputs: [["batch", "n", 8], [8, 4]], output: "float32[batch, n, 4]"),
        Case(op: Op.MatMul(), inputs: [["n"], ["n"]], output: "float32[]"),
        Case(op: Op.MatMul(), inputs: [["b", 1, "n", "k"], [3, "k", "m"]], output: "float32[b, 3, n, m]"),
        Case(op: Op.MatMul(), inputs: [["batch", 7], [8, 4]], output: nil),
        Case(op: Op.MatMul(), inputs: [[], [8, 4]], output: nil),
        Case(op: Op.MatMul(), inputs: [nil, [8, 4]], output: "float32[...]"),
        Case(op: Op.Gemm(transposesB: true), inputs: [["batch", 8], [4, 8], [4]], output: "float32[batch, 4]"),
        Case(op: Op.Gemm(), inputs: [["batch", 8], [8, 4], [5]], output: nil),
        Case(op: Op.Gemm(), inputs: [["batch", 8], [8, 4], [1, 1, 4]], output: nil),
        Case(op: Op.Gemm(), inputs: [["batch", 8, 1], [8, 4]], output: nil),
        Case(
            op: Op.Einsum(equation: "b i k, b k j -> b i j"), inputs: [["b", "n", 8], ["b", 8, "m"]], output: "float32[b, n, m]"),
        Case(op: Op.Einsum(equation: "...ij"), inputs: [["b", "n", 8]], output: "float32[b, n, 8]"),
        Case(op: Op.Einsum(equation: "ij,jk"), inputs: [["n", 8], [8, "m"]], output: "float32[n, m]"),
        Case(op: Op.Einsum(equation: "ij,jk->ik"), inputs: [["n", 8], [7, "m"]], output: nil),
        Case(op: Op.Einsum(equation: "ij,jk->ik"), inputs: [["n", 8]], output: nil),
        Case(op: Op.Einsum(equation: "ij->ik"), inputs: [["n", 8]], output: nil),
        Case(op: Op.Einsum(equation: "ij->ii"), inputs: [["n", 8]], output: nil),
        Case(op: Op.Einsum(equation: "i.j->i"), inputs: [["n", 8]], output: nil),
        Case(op: Op.Einsum(equation: "ij->>i"), inputs: [["n", 8]], output: nil),
        Case(op: Op.Det(), inputs: [["b", 3, 3]], output: "float32[b]"),
        Case(op: Op.Det(), inputs: [["b", 3, 2]], output: nil),
        Case(op: Op.Conv(window(pads: [1, 1])), inputs: [["b", 4, "n"], [8, 4, 3]], output: "float32[b, 8, n]"),
        Case(op: Op.Conv(window(strides: [2])), inputs: [["b", 4, "n"], [8, 4, 3]], output: "float32[b, 8, floor(n-1, 2)]"),
        Case(op: Op.Conv(window(strides: [2, 2])), inputs: [["b", 4, 9, 8], [8, 4, 3, 3]], output: "float32[b, 8, 4, 3]"),
        Case(op: Op.Conv(window(dilations: [2])), inputs: [["b", 4, "n"], [8, 4, 3]], output: "float32[b, 8, n-4]"),
        Case(
            op: Op.Conv(window(strides: [2], padding: .sameUpper)), inputs: [["b", 4, 7], [8, 4, 3]], output: "float32[b, 8, 4]"),
        Case(op: Op.Conv(window(padding: .valid)), inputs: [["b", 4, 7], [8, 4, 3]], output: "float32[b, 8, 5]"),
        Case(op: Op.Conv(group: 4), inputs: [["b", 4, 7], [8, 1, 1]], output: "float32[b, 8, 7]"),
        Case(op: Op.Conv(window([3])), inputs: [["b", 4, 7], [8, 4, "k"]], output: "float32[b, 8, 5]"),
        Case(op: Op.Conv(), inputs: [["b", 4, 0], [8, 4, 1]], output: "float32[b, 8, 0]"),
        Case(op: Op.Conv(), inputs: [["b", 4, 2], [8, 4, 3]], output: nil),
        Case(op: Op.Conv(), inputs: [["b", 4], [8, 4]], output: nil),
        Case(op: Op.Conv(), inputs: [["b", 4, 7], [8, 5, 3]], output: nil),
        Case(op: Op.Conv(), inputs: [["b", 4, 7], [8, 4, 3, 3]], output: nil),
        Case(op: Op.Conv(), inputs: [["b", 4, 7], [8, 4, 3], [7]], output: nil),
        Case(op: Op.Conv(group: 0), inputs: [["b", 4, 7], [8, 4, 3]], output: nil),
        Case(op: Op.Conv(group: -1), inputs: [["b", 4, 7], [8, 4, 3]], output: nil),
        Case(op: Op.Conv(group: 3), inputs: [["b", 3, 7], [8, 1, 3]], output: nil),
        Case(op: Op.Conv(group: .max), inputs: [["b", 3, 7], [8, 4, 3]], output: nil),
        Case(op: Op.Conv(window(strides: [0])), inputs: [["b", 4, 7], [8, 4, 3]], output: nil),
        Case(op: Op.Conv(window(strides: [-1])), inputs: [["b", 4, 7], [8, 4, 3]], output: nil),
        Case(op: Op.Conv(window(strides: [.max])), inputs: [["b", 4, 7], [8, 4, 3]], output: nil),
        Case(op: Op.Conv(window(strides: [1, 1])), inputs: [["b", 4, 7], [8, 4, 3]], output: nil),
        Case(op: Op.Conv(window(dilations: [-2])), inputs: [["b", 4, 7], [8, 4, 3]], output: nil),
        Case(op: Op.Conv(window(pads: [1])), inputs: [["b", 4, 7], [8, 4, 3]], output: nil),
        Case(op: Op.Conv(window(pads: [-1, 0])), inputs: [["b", 4, 7], [8, 4, 3]], output: nil),
        Case(op: Op.Conv(window(pads: [.max, .max])), inputs: [["b", 4, 7], [8, 4, 3]], output: nil),
        Case(op: Op.Conv(window([4])), inputs: [["b", 4, 7], [8, 4, 3]], output: nil),
        Case(op: Op.ConvTranspose(window(strides: [2])), inputs: [["b", 4, "n"], [4, 8, 2]], output: "float32[b, 8, 2*n]"),
        Case(op: Op.ConvTranspose(outputShape: [9]), inputs: [["b", 4, 7], [4, 8, 2]], output: "float32[b, 8, 9]"),
        Case(op: Op.ConvTranspose(outputPadding: [-1]), inputs: [["b", 4, 7], [4, 8, 2]], output: nil),
        Case(op: Op.ConvTranspose(outputShape: [9, 9]), inputs: [["b", 4, 7], [4, 8, 2]], output: nil),
        Case(op: Op.ConvTranspose(window(pads: [9, 9])), inputs: [["b", 4, 7], [4, 8, 2]], output: nil),
        Case(op: Op.ConvTranspose(group: 3), inputs: [["b", 4, 7], [4, 8, 2]], output: nil),
        Case(op: Op.MaxPool(window([2], strides: [2])), inputs: [["b", 4, "n"]], output: "float32[b, 4, floor(n, 2)]"),
        Case(op: Op.MaxPool(window([2], strides: [2], roundsUp: true)), inputs: [["b", 4, 5]], output: "float32[b, 4, 3]"),
        // The third window would begin in the padding after the image.
        Case(
            op: Op.MaxPool(window([1], strides: [2], pads: [0, 1], roundsUp: true)), inputs: [["b", 4, 2]],
            output: "float32[b, 4, 1]"),
        Case(op: Op.MaxPool(window([2])), inputs: [["b", 4, 5, 5]], output: nil),
        Case(op: Op.MaxPool(window([0])), inputs: [["b", 4, 5]], output: nil),
        Case(op: Op.MaxPool(window([6])), inputs: [["b", 4, 5]], output: nil),
        Case(op: Op.AveragePool(window([3], padding: .sameLower)), inputs: [["b", 4, "n"]], output: "float32[b, 4, n]"),
        Case(op: Op.LpPool(window([3]), p: 0), inputs: [["b", 4, "n"]], output: nil),
        Case(op: Op.GlobalAveragePool(), inputs: [["b", 4, "n", "m"]], output: "float32[b, 4, 1, 1]"),
        Case(op: Op.GlobalMaxPool(), inputs: [["b"]], output: nil),
        Case(
            op: Op.LSTM(), inputs: [["time", "b", 3], [1, 16, 3], [1, 16, 4]], output: "float32[time, 1, b, 4]"),
        Case(
            op: Op.GRU(Recurrence(direction: .bidirectional, isBatchFirst: true)),
            inputs: [["b", "time", 3], [2, 12, 3], [2, 12, 4], [2, 24]], output: "float32[b, time, 2, 4]"),
        Case(op: Op.GRU(), inputs: [["time", "b", 3], [2, 12, 3], [2, 12, 4]], output: nil),
        Case(op: Op.GRU(Recurrence(hiddenSize: 5)), inputs: [["time", "b", 3], [1, 12, 3], [1, 12, 4]], output: nil),
        Case(op: Op.GRU(Recurrence(hiddenSize: -4)), inputs: [["time", "b", 3], [1, 12, 3], [1, 12, 4]], output: nil),
        Case(op: Op.RNN(Recurrence(clip: -1)), inputs: [["time", "b", 3], [1, 4, 3], [1, 4, 4]], output: nil),
        Case(
            op: Op.RNN(Recurrence(activations: [.tanh, .tanh])), inputs: [["time", "b", 3], [1, 4, 3], [1, 4, 4]], output: nil),
        Case(op: Op.RNN(), inputs: [["time", "b", 3], [1, 4, 3], [1, 4, 4], [1, 4]], output: nil),
        Case(op: Op.LSTM(), inputs: [["time", "b", 3], [1, 16, 2], [1, 16, 4]], output: nil),
        Case(
            op: Op.Attention(), inputs: [["b", 4, "n", 8], ["b", 2, "m", 8], ["b", 2, "m", 6]], output: "float32[b, 4, n, 6]"),
        Case(
            op: Op.Attention(queryHeads: 4, keyHeads: 2), inputs: [["b", "n", 32], ["b", "m", 16], ["b", "m", 12]],
            output: "float32[b, n, 24]"),
        Case(
            op: Op.Attention(queryHeads: 3, keyHeads: 2), inputs: [["b", "n", 32], ["b", "m", 16], ["b", "m", 12]], output: nil),
        Case(op: Op.Attention(queryHeads: 0), inputs: [["b", "n", 32], ["b", "m", 16], ["b", "m", 12]], output: nil),
        Case(op: Op.Attention(), inputs: [["b", "n", 32], ["b", "m", 32], ["b", "m", 32]], output: nil),
        Case(op: Op.Attention(), inputs: [["b", 3, "n", 8], ["b", 2, "m", 8], ["b", 2, "m", 6]], output: nil),
        Case(op: Op.Attention(scale: -1), inputs: [["b", 4, "n", 8], ["b", 2, "m", 8], ["b", 2, "m", 6]], output: nil),
        Case(op: Op.QuantizeLinear(), inputs: [["b", 3], []], output: "uint8[b, 3]"),
        Case(op: Op.QuantizeLinear(outputType: .string), inputs: [["b", 3], []], output: nil),
    ]

    @Test func caseCount() { #expect(LinearShapeTests.cases.count == 82) }

    @Test(arguments: cases) func infersOrRefuses(_ shapeCase: Case) throws {
        let facts = Facts(shapeCase.inputs.map { Fact(.float32, $0) })
        if let output = shapeCase.output {
            #expect(try shapeCase.op.infer(facts)[0].type.description == output)
        } else {
            #expect(throws: ModelError.self) { try shapeCase.op.infer(facts) }
        }
    }

    /// What a rule refuses, evaluation refuses too: with numbers for the symbols, nothing traps.
    @Test(arguments: cases) func evaluatesOrRefuses(_ shapeCase: Case) throws {
        let bindings = ["b": 2, "n": 5, "m": 3, "k": 3, "time": 4, "batch": 2]
        var inputs: [Value?] = []
        for shape in shapeCase.inputs {
            let sizes = try (shape ?? [2, 8]).map { try #require($0.value(bindings)) }
            inputs.append(.tensor(try Tensor(zeros: .float32, sizes)))
        }
        if shapeCase.output != nil {
            let result = try shapeCase.op.evaluate(Arguments(inputs))
            let facts = try shapeCase.op.infer(Facts(shapeCase.inputs.map { Fact(.float32, $0) }))
            #expect(facts[0].objection(to: result[0], bindings) == nil)
        } else {
            #expect(throws: ModelError.self) { try shapeCase.op.evaluate(Arguments(inputs)) }
        }
    }

    @Test(arguments: [
        ("Conv", ("auto_pad", Attribute.string("SAME"))), ("Conv", ("strides", .ints([0]))), ("Conv", ("group", .float(1))),
        ("MaxPool", ("strides", .ints([1]))), ("MaxPool", ("kernel_shape", .ints([.min]))),
        ("LpPool", ("kernel_shape", .ints([-1]))),
        ("GlobalLpPool", ("p", .int(0))), ("Einsum", ("equation", .string("i,,j->->"))), ("Einsum", ("axis", .int(0))),
        ("LSTM", ("activations", .strings(["Nonsense"]))), ("GRU", ("direction", .string("sideways"))),
        ("RNN", ("layout", .int(2))), ("QuantizeLinear", ("block_size", .int(-1))),
        ("DequantizeLinear", ("output_dtype", .int(.max))),
        ("Attention", ("qk_matmul_output_mode", .int(4))), ("Attention", ("softcap", .float(.nan))),
        ("Attention", ("left_window_size", .int(.max))),
    ])
    func refusesAttribute(_ name: String, _ attribute: (name: String, value: Attribute)) {
        #expect(throws: ModelError.self) { try OperatorRegistry.standard.make(name, [attribute]) }
    }
}
