import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

@Suite struct GraphTests {
    @Test func refusesANameTwice() throws {
        var graph = Graph()
        let x = try graph.addInput("x", .tensor(.float32, ["n"]))
        let expected = "the name 'x' is given to two values"
        let attempts: [(inout Graph) throws -> Void] = [
            { _ = try $0.addInput("x", .tensor(.float32, [])) },
            { _ = try $0.addConstant(try Tensor([1], [Float(1)]), name: "x") },
            { _ = try $0.append(Op.Neg(), inputs: [x], outputs: ["x"]) },
            { graph in
                let y = try graph.apply(Op.Neg(), x)
                try graph.addOutput(y, name: "x")
            },
        ]
        for attempt in attempts {
            var copy = graph
            let error = #expect(throws: ModelError.self) { try attempt(&copy) }
            #expect(error?.message == expected)
            #expect(error?.code == .invalidModel)
        }
    }

    /// Names that are taken on purpose do not make fresh ones slow.
    @Test func findsFreshNamesAmongTakenOnes() throws {
        var graph = Graph()
        for number in 20_000..<40_000 { try graph.addInput("constant_\(number)", .tensor(.float32, [])) }
        for _ in 0..<20_000 { try graph.addConstant(try Tensor([], [Float(1)])) }
        #expect(Set(graph.values.map(\.name)).count == 40_000)
    }

    @Test func freesANameThatIsRenamed() throws {
        var graph = Graph()
        let x = try graph.addInput("x", .tensor(.float32, []))
        try graph.rename(x, "y")
        try graph.addInput("x", .tensor(.float32, []))
        #expect(graph.value(named: "y") == x)
        #expect(graph.value(named: "z") == nil)
    }

    @Test func namesTheNodeThatDoesNotFit() throws {
        var graph = Graph()
        let x = try graph.addInput("x", .tensor(.float32, [2, 3]))
        let text = try graph.addInput("text", .tensor(.string, [2]))
        let cases: [(inputs: [Graph.ValueID?], outputs: [String?]?, message: String)] = [
            ([], nil, "node sum (Add): found 0 inputs, expected 2"),
            ([x], nil, "node sum (Add): found 1 inputs, expected 2"),
            ([x, x, x], nil, "node sum (Add): found 3 inputs, expected 2"),
            ([x, x], ["a", "b"], "node sum (Add): found 2 outputs, expected 1"),
        ]
        for (inputs, outputs, message) in cases {
            var copy = graph
            let error = #expect(throws: ModelError.self) {
                try copy.append(Op.Add(), name: "sum", inputs: inputs, outputs: outputs)
            }
            #expect(error?.description == message)
        }
        for inputs in [[x, text], [x, nil], [text, text]] {
            let error = #expect(throws: ModelError.self) { try graph.append(Op.Add(), name: "sum", inputs: inputs) }
            #expect(error?.node == "sum (Add)")
            #expect(error?.code == .invalidModel)
        }
        let error = #expect(throws: ModelError.self) { try graph.append(Op.MatMul(), inputs: [x, x]) }
        #expect(error?.node == "MatMul")
    }

    @Test func namesUnknownDimensionsAfterTheirValue() throws {
        var graph = Graph()
        let x = try graph.addInput("x", .tensor(.float32, ["n"]))
        let found = try graph.apply(Op.NonZero(), x)
        try graph.rename(found, "found")
        #expect("\(graph.type(found))".hasPrefix("int64[1, NonZero_1"))
    }

    @Test func countsParametersWithSubgraphs() throws {
        var inner = Graph(name: "inner")
        try inner.addOutput(try inner.addConstant(try Tensor([3], [Float](repeating: 1, count: 3)), name: "w"))
        var graph = Graph()
        try graph.addConstant(try Tensor([2, 2], [Double](repeating: 1, count: 4)), name: "v")
        try graph.addConstant(try Tensor([5], [Int64](repeating: 1, count: 5)), name: "indices")
        try graph.append(Everything([("graph", .graph(inner))]), inputs: [], outputs: ["y"])
        #expect(graph.parameterCount == 7)
    }

    @Test func verifiesWhatItBuilds() throws {
        var graph = Graph()
        let x = try graph.addInput("x", .tensor(.float32, ["batch", 3]))
        let w = try graph.addConstant(try Tensor([3, 2], [Float](repeating: 0.5, count: 6)), name: "w")
        try graph.addOutput(try graph.apply(Op.MatMul(), x, w), name: "y")
        try graph.verify()
        #expect("\(graph.type(graph.outputs[0]))" == "float32[batch, 2]")
    }

    @Test func interpreterRefusesTheWrongNumberOfInputs() throws {
        var graph = Graph()
        try graph.addOutput(try graph.addInput("x", .tensor(.float32, [])))
        let error = #expect(throws: ModelError.self) { try Interpreter.run(graph, []) }
        #expect(error?.message == "0 inputs given, the graph has 1")
    }
}
