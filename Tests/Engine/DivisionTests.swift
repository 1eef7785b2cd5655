import CSeptumCounters
import SeptumEngine
import SeptumIR
import SeptumOperators
import SeptumTensor
import Synchronization
import Testing

/// Steps that threads share give the bits of one thread.
@Suite struct DivisionTests {
    /// A context whose steps are shared in parts as small as can be.
    private func sharing(_ program: Program, _ threads: Int) throws -> Context {
        program.makeContext(sharing: try WorkPool(threads: threads), leastWork: 0)
    }

    private func check(_ program: Program, _ inputs: [Tensor], threads: [Int] = [1, 2, 3]) throws {
        let expected = try program.makeContext().run(inputs)
        for count in threads {
            let context = try sharing(program, count)
            for _ in 0..<3 {
                let found = try context.run(inputs)
                #expect(found.count == expected.count)
                for (a, b) in zip(found, expected) { #expect(a.isIdentical(to: b), "\(count) threads") }
            }
        }
    }

    @Test(arguments: LoweringTests.cases + LoweringTests.furtherCases) func operators(_ testCase: LoweringCase) throws {
        let (graph, values) = try testCase.graph()
        try check(try Program(graph), values, threads: [2])
    }

    @Test(arguments: FusionTests.cases) func fusedOperators(_ testCase: FusionCase) throws {
        var (graph, numbers) = (Graph(), Numbers())
        try testCase.build(&graph, &numbers)
        let program = try Program(graph)
        for scale in [1, 40] {
            try check(
                program, try testCase.shapes.map { try numbers.tensor($0[0] == 1 ? $0 : [$0[0] * scale] + $0.dropFirst()) })
        }
    }

    /// Steps with more parts than one, in each way of dividing them.
    static let large: [LoweringCase] = {
        var numbers = Numbers()
        func random(_ shape: [Int]) -> Tensor? { try? numbers.tensor(shape) }
        func weighted(_ op: any Operator, _ shapes: [[Int]], outputs: Int = 1, type: ElementType = .float32) -> LoweringCase {
            var constants: [Int: Tensor] = [:]
            for (index, shape) in shapes.enumerated().dropFirst() {
                constants[index] = random(shape).flatMap { try? $0.converted(to: type) }
            }
            return LoweringCase(op: op, inputs: shapes, constants: constants, outputs: outputs, type: type)
        }
        let same = Window(pads: [1, 1, 1, 1])
        return [
            weighted(Op.MatMul(), [[200, 64], [64, 70]]), weighted(Op.MatMul(), [[5, 64], [64, 700]]),
            weighted(Op.MatMul(), [[200, 64], [64, 70]], type: .float64),
            LoweringCase(op: Op.MatMul(), inputs: [[100, 33], [33, 100]]),
            LoweringCase(op: Op.MatMul(), inputs: [[3, 4, 20, 9], [4, 9, 20]]),
            weighted(Op.Gemm(transposesB: true), [[1, 90], [900, 90], [900]]), weighted(Op.Gemm(), [[100, 90], [90, 9], [9]]),
            weighted(Op.Gemm(alpha: 2, transposesA: true), [[100, 90], [100, 9], [90, 1]]),
            weighted(Op.Conv(same), [[5, 3, 9, 9], [20, 3, 3, 3], [20]]),
            weighted(Op.Conv(same), [[1, 3, 9, 9], [20, 3, 3, 3], [20]]),
            weighted(Op.Conv(), [[1, 6, 9, 9], [21, 6, 3, 3]]), weighted(Op.Conv(group: 3), [[1, 6, 9, 9], [9, 2, 3, 3], [9]]),
            weighted(Op.Conv(same, group: 6), [[3, 6, 9, 9], [6, 1, 3, 3], [6]]),
            weighted(Op.Conv(Window(strides: [2, 2], pads: [1, 1, 1, 1])), [[1, 3, 30, 2], [40, 3, 3, 3], [40]]),
            weighted(Op.ConvTranspose(Window(strides: [2, 2])), [[1, 4, 9, 9], [4, 6, 3, 3], [6]]),
            weighted(Op.ConvTranspose(Window(strides: [2, 2])), [[4, 4, 9, 9], [4, 6, 3, 3], [6]]),
            LoweringCase(op: Op.MaxPool(Window(kernel: [2, 2])), inputs: [[3, 5, 8, 8]]),
            LoweringCase(op: Op.AveragePool(Window(kernel: [3, 3])), inputs: [[3, 5, 8, 8]]),
            LoweringCase(op: Op.Softmax(axis: -1), inputs: [[90, 33]]),
            LoweringCase(op: Op.Softmax(axis: 1), inputs: [[90, 5, 7]]),
            LoweringCase(op: Op.Tanh(), inputs: [[99, 99]]), LoweringCase(op: Op.Add(), inputs: [[99, 99], [99, 99]]),
            LoweringCase(op: Op.Mul(), inputs: [[99, 99], []]),
            weighted(Op.LayerNormalization(), [[70, 40], [40], [40]]),
            weighted(
                Op.LSTM(Recurrence(direction: .bidirectional, hiddenSize: 9)),
                [[4, 200, 5], [2, 36, 5], [2, 36, 9], [2, 72]], outputs: 3),
            weighted(
                Op.GRU(Recurrence(direction: .reverse, hiddenSize: 9), appliesResetAfter: true),
                [[60, 3, 5], [1, 27, 5], [1, 27, 9], [1, 54]], outputs: 2),
        ]
    }()

    @Test(arguments: large) func largeOperators(_ testCase: LoweringCase) throws {
        let (graph, values) = try testCase.graph()
        try check(try Program(graph), values)
    }

    /// Rows of a recurrent layer in lanes have the bits that they have alone.
    @Test func recurrentRowsAlone() throws {
        var numbers = Numbers()
        let batch = 37
        for isLong in [false, true] {
            var graph = Graph()
            let gates = isLong ? 4 : 3
            let shapes = [[2, gates * 9, 5], [2, gates * 9, 9], [2, gates * 18]]
            let x = try graph.addInput("x", .tensor(.float32, [6, "n", 5]))
            let (h, c) = (
                try graph.addInput("h", .tensor(.float32, [2, "n", 9])), try graph.addInput("c", .tensor(.float32, [2, "n", 9]))
            )
            var ids: [Graph.ValueID?] = [x]
            for shape in shapes { ids.append(try graph.addConstant(try numbers.tensor(shape))) }
            ids += [nil, h]
            let recurrence = Recurrence(direction: .bidirectional, hiddenSize: 9)
            let op: any Operator = isLong ? Op.LSTM(recurrence) : Op.GRU(recurrence, appliesResetAfter: true)
            if isLong { ids.append(c) }
            for id in try graph.append(op, inputs: ids, outputs: isLong ? ["a", "b", "d"] : ["a", "b"]) {
                try graph.addOutput(id)
            }
            let context = try Program(graph).makeContext()
            let inputs = [
                try numbers.tensor([6, batch, 5]), try numbers.tensor([2, batch, 9]), try numbers.tensor([2, batch, 9]),
            ]
            /// The elements of one row of the batch, the axis before the last.
            func row(_ tensor: Tensor, _ row: Int) throws -> [Float] {
                let (n, count) = (tensor.shape[tensor.shape.count - 1], tensor.shape[tensor.shape.count - 2])
                let values = try tensor.array(of: Float.self)
                var found: [Float] = []
                for start in stride(from: row * n, to: values.count, by: count * n) { found += values[start..<start + n] }
                return found
            }
            let together = try context.run(inputs)
            for index in [0, 15, 16, batch - 1] {
                let rows = try inputs.map { try Tensor([$0.shape[0], 1, $0.shape[2]], try row($0, index)) }
                for (a, b) in zip(try context.run(rows), together) {
                    let (found, expected) = (try a.array(of: Float.self), try row(b, index))
                    #expect(found.map(\.bitPattern) == expected.map(\.bitPattern))
                }
            }
        }
    }

    /// A batch of some hundred rows through products, a softmax and functions, with the sizes from which on steps are shared as usual.
    @Test func usualSizes() throws {
        var (graph, numbers) = (Graph(), Numbers())
        let x = try graph.addInput("x", .tensor(.float32, ["n", 300]))
        let first = try graph.addConstant(try numbers.tensor([300, 400])), bias = try graph.addConstant(try numbers.tensor([400]))
        let second = try graph.addConstant(try numbers.tensor([400, 50]))
        let hidden = try graph.apply(Op.Tanh(), try graph.apply(Op.Gemm(), x, first, bias))
        try graph.addOutput(try graph.apply(Op.Softmax(), try graph.apply(Op.MatMul(), hidden, second)), name: "y")
        let program = try Program(graph)
        let context = program.makeContext(sharing: try WorkPool(threads: 3))
        for rows in [1, 250, 7] {
            let input = try numbers.tensor([rows, 300])
            #expect(try context.run([input])[0].isIdentical(to: try program.makeContext().run([input])[0]))
        }
    }

    /// Contexts on several threads with one pool: who finds it at work goes on alone.
    @Test func onePoolServesManyContexts() throws {
        var (graph, numbers) = (Graph(), Numbers())
        let x = try graph.addInput("x", .tensor(.float32, ["n", 64]))
        let weight = try graph.addConstant(try numbers.tensor([64, 300]))
        try graph.addOutput(try graph.apply(Op.MatMul(), x, weight), name: "y")
        let program = try Program(graph)
        let input = try numbers.tensor([50, 64])
        let expected = try program.makeContext().run([input])[0]
        let (inner, outer) = (try WorkPool(threads: 2), try WorkPool(threads: 3))
        nonisolated(unsafe) let contexts = (0..<3).map { _ in program.makeContext(sharing: inner, leastWork: 0) }
        let equal = Atomic(0)
        try outer.run(60) { _, slot throws(ModelError) in
            if try contexts[slot].run([input])[0].isIdentical(to: expected) { equal.add(1, ordering: .relaxed) }
        }
        #expect(equal.load(ordering: .relaxed) == 60)
    }

    @Test(.enabled(if: septum_counts_are_kept() != 0), arguments: large) func allocateNothing(_ testCase: LoweringCase) throws {
        let (graph, values) = try testCase.graph()
        let binding = try sharing(try Program(graph), 2).bind(values.map(\.shape))
        for (index, value) in values.enumerated() {
            if let pointer = UnsafeRawPointer(value.bytes.baseAddress) { binding.setInput(index, pointer) }
        }
        for _ in 0..<2 { try binding.run() }
        let found = try counts { for _ in 0..<3 { try binding.run() } }
        #expect(found.allocations == 0 && found.threads == 0, "\(found)")
    }
}
