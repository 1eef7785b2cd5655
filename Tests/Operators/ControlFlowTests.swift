import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

/// Subgraphs with captures; the numbers are those of ONNX's cases `loop11`, `scan9_sum` and `if`.
@Suite struct ControlFlowTests {
    private static func floats(_ values: Float...) throws -> Tensor { try Tensor([values.count], values) }

    private static func loopBody() throws -> Graph {
        var body = Graph(name: "body")
        let run = try body.addInput("run", .tensor(.int64, []))
        let condition = try body.addInput("condition", .tensor(.bool, []))
        let y = try body.addInput("y", .tensor(.float32, [1]))
        let x = try body.addInput("x", .tensor(.float32, ["n"]))
        let zero = try body.addConstant(try Tensor([1], [Int64(0)]))
        let item = try body.apply(Op.Gather(), x, try body.apply(Op.Unsqueeze(), run, zero))
        let sum = try body.apply(Op.Add(), y, item)
        try body.addOutput(try body.apply(Op.Identity(), condition))
        try body.addOutput(sum)
        try body.addOutput(try body.apply(Op.Identity(), sum))
        return body
    }

    @Test func loopCarriesGathersAndCaptures() throws {
        var graph = Graph()
        let count = try graph.addInput("count", .tensor(.int64, []))
        let y = try graph.addInput("y", .tensor(.float32, [1]))
        let x = try graph.addInput("x", .tensor(.float32, ["batch"]))
        let loop = Op.Loop(body: try ControlFlowTests.loopBody(), captureCount: 1)
        let made = try graph.append(loop, name: "loop", inputs: [count, nil, y, x], outputs: ["sum", "sums"])
        for id in made { try graph.addOutput(id) }
        #expect(made.map { graph.type($0).description } == ["float32[1]", "float32[sums.0, 1]"])
        try graph.verify()
        func run(_ count: Int64) throws -> [Tensor] {
            let inputs = [try Tensor([], [count]), try ControlFlowTests.floats(-2), try ControlFlowTests.floats(1, 2, 3, 4, 5)]
            return try Interpreter.run(graph, inputs.map(Value.tensor)).compactMap(\.tensor)
        }
        let five = try run(5)
        #expect(five[0].isIdentical(to: try ControlFlowTests.floats(13)))
        #expect(five[1].isIdentical(to: try Tensor([5, 1], [-1, 1, 4, 8, 13] as [Float])))
        let none = try run(0)
        #expect(none[0].isIdentical(to: try ControlFlowTests.floats(-2)))
        #expect(none[1].shape == [0, 1])
        #expect(throws: ModelError(.invalidInput, "index 5 is out of range for an axis of size 5", node: "Gather")) {
            try run(6)
        }
    }

    /// As in ONNX's case `sequence_map_add_1_sequence_1_tensor`, with the tensor captured.
    @Test func sequenceMapRunsOnEachItem() throws {
        var body = Graph(name: "body")
        let item = try body.addInput("item", .tensor(.float32, ["n"]))
        let shift = try body.addInput("shift", .tensor(.float32, ["k"]))
        try body.addOutput(try body.apply(Op.Add(), item, shift))
        var graph = Graph()
        let items = try graph.addInput("items", .sequence(.tensor(.float32, nil)))
        let captured = try graph.addInput("captured", .tensor(.float32, [1]))
        let map = Op.SequenceMap(body: body, captureCount: 1)
        let made = try graph.append(map, name: "map", inputs: [items, captured], outputs: ["sums"])
        for id in made { try graph.addOutput(id) }
        #expect(graph.type(made[0]).description == "sequence<float32[?]>")
        let values = try [[1, 2], [3]].map { try Value.tensor(Tensor([$0.count], $0 as [Float])) }
        let inputs: [Value] = [.sequence(values, of: .tensor(.float32, nil)), .tensor(try ControlFlowTests.floats(10))]
        guard case .sequence(let sums, _) = try Interpreter.run(graph, inputs)[0] else {
            Issue.record("the result is no sequence")
            return
        }
        #expect(try sums.map { try #require($0.tensor).array(of: Float.self) } == [[11, 12], [13]])
        let short = Value.sequence([values[0]], of: .tensor(.float32, nil))
        #expect(throws: ModelError.self) {
            try Op.SequenceMap(body: body).evaluate(Arguments([.sequence(values, of: .tensor(.float32, nil)), short]))
        }
    }

    @Test func loopStopsWhenTheConditionFails() throws {
        var body = Graph(name: "body")
        let run = try body.addInput("run", .tensor(.int64, [1]))
        _ = try body.addInput("condition", .tensor(.bool, []))
        let y = try body.addInput("y", .tensor(.int64, ["k"]))
        let limit = try body.addConstant(try Tensor([1], [Int64(3)]))
        let next = try body.apply(Op.Concat(axis: 0), y, run)
        try body.addOutput(try body.apply(Op.Less(), run, limit))
        try body.addOutput(next)
        var graph = Graph()
        let start = try graph.addInput("start", .tensor(.int64, ["n"]))
        let made = try graph.append(Op.Loop(body: body), inputs: [nil, nil, start], outputs: ["all"])
        try graph.addOutput(made[0])
        #expect(graph.type(made[0]).description == "int64[all.0]")
        let result = try Interpreter.run(graph, [.tensor(try Tensor([1], [Int64(7)]))])
        #expect(result[0].tensor?.integers == [7, 0, 1, 2, 3])
    }

    @Test func loopWrapsWhatItsBodyTakesAsAnOptional() throws {
        let sequence = ValueType.sequence(.tensor(.float32, nil))
        var body = Graph(name: "body")
        _ = try body.addInput("run", .tensor(.int64, []))
        let condition = try body.addInput("condition", .tensor(.bool, []))
        let given = try body.addInput("given", .optional(sequence))
        let element = try body.addConstant(try Tensor([1], [Float(2)]))
        try body.addOutput(condition)
        try body.addOutput(try body.apply(Op.SequenceInsert(), try body.apply(Op.OptionalGetElement(), given), element))
        var graph = Graph()
        let count = try graph.addInput("count", .tensor(.int64, []))
        let start = try graph.addInput("start", .optional(sequence))
        let result = try graph.append(Op.Loop(body: body), inputs: [count, nil, start])[0]
        try graph.addOutput(result)
        #expect(graph.type(result) == sequence)
        func run(_ count: Int64, _ start: Value?) throws -> Value? {
            try Interpreter.run(graph, [.tensor(try Tensor([], [count])), .optional(start, of: sequence)]).first
        }
        let empty = Value.sequence([], of: .tensor(.float32, nil))
        for count in [0, 1, 3] {
            guard case .sequence(let items, _)? = try run(Int64(count), empty) else { Issue.record("no sequence"); continue }
            #expect(items.count == count)
        }
        #expect(throws: ModelError.self) { try run(0, nil) }
    }

    @Test func loopRefusesABodyThatDeclaresTooMuch() throws {
        var body = Graph(name: "body")
        _ = try body.addInput("run", .tensor(.int64, []))
        let condition = try body.addInput("condition", .tensor(.bool, []))
        let y = try body.addInput("y", .tensor(.float32, [2]))
        try body.addOutput(condition)
        try body.addOutput(try body.apply(Op.Concat(axis: 0), y, y))
        var graph = Graph()
        let start = try graph.addInput("start", .tensor(.float32, [2]))
        let message = "'y' is float32[2] in subgraph 'body', the next run gives it a float32[4]"
        #expect(throws: ModelError(.invalidModel, message, node: "Loop")) {
            try graph.append(Op.Loop(body: body), inputs: [nil, nil, start])
        }
    }

    @Test(arguments: [false, true]) func scanCarriesAndStacks(isReversed: Bool) throws {
        var body = Graph(name: "body")
        let sum = try body.addInput("sum", .tensor(.float32, [2]))
        let item = try body.addInput("item", .tensor(.float32, [2]))
        let scale = try body.addInput("scale", .tensor(.float32, []))
        let next = try body.apply(Op.Add(), sum, try body.apply(Op.Mul(), item, scale))
        try body.addOutput(next)
        try body.addOutput(try body.apply(Op.Identity(), next))
        var graph = Graph()
        let start = try graph.addInput("start", .tensor(.float32, [2]))
        let items = try graph.addInput("items", .tensor(.float32, ["n", 2]))
        let one = try graph.addInput("one", .tensor(.float32, []))
        let scan = Op.Scan(
            body: body, sequenceCount: 1, captureCount: 1, inputIsReversed: [isReversed], outputIsReversed: [isReversed])
        let made = try graph.append(scan, inputs: [start, items, one], outputs: ["sum", "sums"])
        for id in made { try graph.addOutput(id) }
        #expect(made.map { graph.type($0).description } == ["float32[2]", "float32[n, 2]"])
        let x = try Tensor([3, 2], [1, 2, 3, 4, 5, 6] as [Float])
        let results = try Interpreter.run(
            graph, [try ControlFlowTests.floats(0, 0), x, try Tensor([], [Float(1)])].map(Value.tensor)
        ).compactMap(\.tensor)
        #expect(results[0].isIdentical(to: try ControlFlowTests.floats(9, 12)))
        let sums: [Float] = isReversed ? [9, 12, 8, 10, 5, 6] : [1, 2, 4, 6, 9, 12]
        #expect(results[1].isIdentical(to: try Tensor([3, 2], sums)))
    }

    @Test(arguments: [false, true]) func ifRunsOneBranchOnTheCaptures(isTrue: Bool) throws {
        func branch(_ op: any Operator) throws -> Graph {
            var graph = Graph(name: "branch")
            let x = try graph.addInput("x", .tensor(.float32, ["k", 2]))
            try graph.addOutput(try graph.apply(op, x))
            return graph
        }
        var graph = Graph()
        let condition = try graph.addInput("condition", .tensor(.bool, []))
        let x = try graph.addInput("x", .tensor(.float32, ["batch", 2]))
        let choice = Op.If(thenBranch: try branch(Op.Transpose()), elseBranch: try branch(Op.Identity()))
        let y = try graph.append(choice, inputs: [condition, x], outputs: ["y"])
        try graph.addOutput(y[0])
        #expect(graph.type(y[0]).description == "float32[y.0, y.1]")
        let known = try graph.addConstant(try Tensor([], [Bool8(isTrue)]))
        let z = try graph.apply(choice, known, x)
        #expect(graph.type(z).description == (isTrue ? "float32[2, batch]" : "float32[batch, 2]"))
        let input = try Tensor([2, 2], [1, 2, 3, 4] as [Float])
        let result = try Interpreter.run(graph, [.tensor(try Tensor([], [Bool8(isTrue)])), .tensor(input)])
        #expect(try result[0].tensor?.array(of: Float.self) == (isTrue ? [1, 3, 2, 4] : [1, 2, 3, 4]))
    }

    @Test func controlFlowSurvivesItsAttributes() throws {
        let loop = Op.Loop(body: try ControlFlowTests.loopBody(), captureCount: 1)
        let again = try OperatorRegistry.standard.make("Loop", loop.attributes)
        #expect((again as? Op.Loop)?.captureCount == 1)
        #expect((again as? Op.Loop)?.body.description == loop.body.description)
    }

    @Test func sequencesHoldTensors() throws {
        func make(_ op: any Operator, _ inputs: Value?...) throws -> Value { try op.evaluate(Arguments(inputs))[0] }
        func number(_ value: Int64) throws -> Value { .tensor(try Tensor([], [value])) }
        let (a, b) = (Value.tensor(try ControlFlowTests.floats(1)), Value.tensor(try ControlFlowTests.floats(2)))
        var sequence = try make(Op.SequenceConstruct(), a, b)
        #expect(try make(Op.SequenceLength(), sequence).tensor?.integers == [2])
        sequence = try make(Op.SequenceErase(), sequence, number(-2))
        sequence = try make(Op.SequenceInsert(), sequence, a, number(-1))
        sequence = try make(Op.SequenceInsert(), sequence, b)
        let joined = try make(Op.ConcatFromSequence(axis: 0), sequence).tensor
        #expect(try joined?.array(of: Float.self) == [1, 2, 2])
        let stacked = try make(Op.ConcatFromSequence(axis: -1, isNewAxis: true), sequence).tensor
        #expect(stacked?.shape == [1, 3])
        #expect(try make(Op.SequenceAt(), sequence, number(-3)).tensor?.array(of: Float.self) == [1])
        #expect(try make(Op.SequenceLength(), try make(Op.SequenceEmpty())).tensor?.integers == [0])
        let none = try make(Op.Optional(type: .tensor(.float32, [2])))
        #expect(try make(Op.OptionalHasElement(), none).tensor?.integers == [0])
        #expect(try make(Op.OptionalHasElement(), try make(Op.Optional(), a)).tensor?.integers == [1])
        #expect(throws: ModelError(.invalidInput, "the optional value is empty")) { try make(Op.OptionalGetElement(), none) }
    }
}
