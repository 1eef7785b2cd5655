import SeptumEngine
import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

/// Numbers that look random and are the same on each run.
struct Numbers {
    private var state: UInt64 = 0x9e37_79b9_7f4a_7c15

    mutating func next() -> Float {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Float(Int32(truncatingIfNeeded: state >> 32)) / 1_073_741_824
    }

    mutating func tensor(_ shape: [Int]) throws -> Tensor {
        let count = shape.reduce(1, *)
        return try Tensor(shape, (0..<count).map { _ in next() })
    }

    /// Whole numbers for integers.
    mutating func tensor(_ shape: [Int], of type: ElementType) throws -> Tensor {
        let tensor = try tensor(shape)
        if type == .bool { return try Tensor(shape, try tensor.array(of: Float.self).map { Bool8($0 > 0) }) }
        let numbers = try tensor.array(of: Float.self).map { type.isInteger ? ($0 * 4).rounded() : $0 }
        return try Tensor(shape, numbers).converted(to: type)
    }
}

/// One node between inputs and an output, with the largest difference in units of the last place that its kernel may make.
struct LoweringCase: Sendable, CustomTestStringConvertible {
    let op: any Operator
    let inputs: [[Int]]
    var constants: [Int: Tensor] = [:]
    /// Inputs that are not random.
    var given: [Int: Tensor] = [:]
    var outputs = 1
    /// Zero where the kernel must give the bits of the definition.
    var tolerance: Double = 0
    var type = ElementType.float32
    var testDescription: String { "\(op.name) \(type) \(inputs)" }

    /// The node as a graph, and values for its inputs.
    func graph() throws -> (graph: Graph, values: [Tensor]) {
        var numbers = Numbers()
        var graph = Graph()
        var ids: [Graph.ValueID] = []
        var values: [Tensor] = []
        for (index, shape) in inputs.enumerated() {
            if let constant = constants[index] {
                ids.append(try graph.addConstant(constant))
            } else {
                let value = try given[index] ?? numbers.tensor(shape, of: type)
                ids.append(try graph.addInput("x\(index)", .tensor(value.elementType, value.shape.map(Dimension.fixed))))
                values.append(value)
            }
        }
        let names = (0..<outputs).map { "y\($0)" }
        for id in try graph.append(op, inputs: ids, outputs: names) { try graph.addOutput(id) }
        return (graph, values)
    }
}

@Suite struct LoweringTests {
    static func integers(_ values: [Int64]) throws -> Tensor { try Tensor([values.count], values) }

    static let cases: [LoweringCase] = {
        var numbers = Numbers()
        func random(_ shape: [Int]) -> Tensor? { try? numbers.tensor(shape) }
        var cases: [LoweringCase] = [
            LoweringCase(op: Op.Relu(), inputs: [[3, 37]]),
            LoweringCase(op: Op.Tanh(), inputs: [[3, 37]], tolerance: 4e-7),
            LoweringCase(op: Op.Sigmoid(), inputs: [[130]], tolerance: 4e-7),
            LoweringCase(op: Op.Exp(), inputs: [[2, 3, 5]], tolerance: 4e-7),
            LoweringCase(op: Op.Erf(), inputs: [[77]], tolerance: 4e-7),
            LoweringCase(op: Op.Gelu(), inputs: [[77]], tolerance: 1e-6),
            LoweringCase(op: Op.LeakyRelu(alpha: 0.1), inputs: [[77]]),
            LoweringCase(op: Op.Elu(alpha: 1.5), inputs: [[77]], tolerance: 1e-6),
            LoweringCase(op: Op.Add(), inputs: [[4, 5, 6], [6]]),
            LoweringCase(op: Op.Add(), inputs: [[4, 5, 6], [4, 1, 6]]),
            LoweringCase(op: Op.Sub(), inputs: [[1, 5, 1], [4, 1, 6]]),
            LoweringCase(op: Op.Mul(), inputs: [[7], []]),
            LoweringCase(op: Op.Div(), inputs: [[2, 3], [2, 1]]),
            LoweringCase(op: Op.Max(), inputs: [[2, 3], [3], [2, 3]]),
            LoweringCase(op: Op.Transpose(permutation: [2, 0, 1]), inputs: [[3, 4, 5]]),
            LoweringCase(op: Op.Concat(axis: 1), inputs: [[2, 3, 4], [2, 1, 4], [2, 2, 4]]),
            LoweringCase(op: Op.Flatten(axis: 2), inputs: [[2, 3, 4]]),
            LoweringCase(op: Op.MatMul(), inputs: [[5, 7], [7, 33]]),
            LoweringCase(op: Op.MatMul(), inputs: [[2, 3, 5, 7], [3, 7, 9]]),
            LoweringCase(op: Op.MatMul(), inputs: [[7], [7, 9]]),
            LoweringCase(op: Op.MatMul(), inputs: [[4, 7], [7]]),
            LoweringCase(op: Op.Gemm(transposesB: true), inputs: [[5, 8], [19, 8], [19]]),
            LoweringCase(op: Op.Gemm(alpha: 0.5, transposesA: true), inputs: [[8, 5], [8, 19], [5, 1]]),
            LoweringCase(op: Op.Conv(Window(pads: [1, 1, 1, 1])), inputs: [[2, 3, 9, 7], [5, 3, 3, 3], [5]]),
            LoweringCase(op: Op.Conv(Window(strides: [2]), group: 2), inputs: [[1, 4, 21], [6, 2, 5]]),
            LoweringCase(op: Op.Conv(Window(pads: [1, 1, 1, 1]), group: 4), inputs: [[2, 4, 6, 6], [4, 1, 3, 3], [4]]),
            LoweringCase(op: Op.MaxPool(Window(kernel: [2, 2], strides: [2, 2])), inputs: [[2, 3, 8, 9]]),
            LoweringCase(
                op: Op.AveragePool(Window(kernel: [3, 3], pads: [1, 1, 1, 1])), inputs: [[2, 3, 8, 9]], tolerance: 1e-6),
            LoweringCase(op: Op.GlobalAveragePool(), inputs: [[2, 3, 8, 9]], tolerance: 1e-6),
            LoweringCase(op: Op.Softmax(axis: 1), inputs: [[2, 5, 3]], tolerance: 1e-6),
            LoweringCase(op: Op.LogSoftmax(), inputs: [[4, 21]], tolerance: 1e-6),
            LoweringCase(op: Op.LayerNormalization(), inputs: [[4, 21], [21], [21]], tolerance: 2e-6),
            LoweringCase(op: Op.ReduceMean(), inputs: [[3, 37]], tolerance: 1e-6),
            LoweringCase(op: Op.ReduceMax(), inputs: [[3, 37]]),
            LoweringCase(op: Op.Tan(), inputs: [[3, 37]]),
        ]
        if let axis = try? integers([1]), let five = try? integers([5]) {
            cases.append(
                LoweringCase(op: Op.ReduceSum(keepdims: false), inputs: [[3, 7, 4], [1]], constants: [1: axis], tolerance: 1e-6))
            cases.append(LoweringCase(op: Op.TopK(), inputs: [[6, 40], [1]], constants: [1: five]))
            cases.append(LoweringCase(op: Op.TopK(takesLargest: false), inputs: [[6, 5], [1]], constants: [1: five]))
        }
        if let mask = try? Tensor([2, 1], [Bool8(true), Bool8(false)]) {
            cases.append(LoweringCase(op: Op.Where(), inputs: [[2, 1], [1, 3], [2, 3]], constants: [0: mask]))
        }
        if let axes = try? integers([0, -1]) {
            cases.append(LoweringCase(op: Op.Unsqueeze(), inputs: [[3, 4], [2]], constants: [1: axes]))
        }
        if let low = try? integers([1, 0]), let high = try? integers([3, 9]), let pads = try? integers([0, 1, 2, 0]) {
            cases.append(LoweringCase(op: Op.Slice(), inputs: [[4, 5], [2], [2]], constants: [1: low, 2: high]))
            cases.append(LoweringCase(op: Op.Pad(), inputs: [[4, 5], [4]], constants: [1: pads]))
            cases.append(LoweringCase(op: Op.Gather(axis: 1), inputs: [[4, 5, 2], [2]], constants: [1: low]))
        }
        if let w = random([1, 12, 5]), let r = random([1, 12, 3]) {
            let gates = (w, r)
            if let w = random([2, 9, 5]), let r = random([2, 9, 3]), let b = random([2, 18]) {
                let gru = Op.GRU(Recurrence(direction: .bidirectional, hiddenSize: 3), appliesResetAfter: true)
                for batch in [2, 85] {
                    cases.append(
                        LoweringCase(
                            op: gru, inputs: [[4, batch, 5], [2, 9, 5], [2, 9, 3], [2, 18]], constants: [1: w, 2: r, 3: b],
                            outputs: 2, tolerance: 1e-6))
                }
            }
            for batch in [2, 21] {
                cases.append(
                    LoweringCase(
                        op: Op.LSTM(Recurrence(hiddenSize: 3)), inputs: [[4, batch, 5], [1, 12, 5], [1, 12, 3]],
                        constants: [1: gates.0, 2: gates.1], outputs: 3, tolerance: 1e-6))
            }
        }
        return cases
    }()

    @Test func hasAllCases() {
        #expect(Self.cases.count == 47)
        #expect(Self.furtherCases.count == 531)
    }

    @Test(arguments: cases + furtherCases) func agreesWithTheDefinition(_ testCase: LoweringCase) throws {
        let (graph, values) = try testCase.graph()
        let expected = try Interpreter.run(graph, values.map(Value.tensor)).compactMap(\.tensor)
        let context = try Program(graph).makeContext()
        for _ in 0..<2 {
            let found = try context.run(values)
            for (a, b) in zip(found, expected) {
                #expect(a.shape == b.shape)
                #expect(a.elementType == b.elementType)
                for (left, right) in zip(try a.doubles, try b.doubles) where !(left.isNaN && right.isNaN) {
                    #expect(left == right || abs(left - right) <= testCase.tolerance * max(1, abs(right)), "\(left) \(right)")
                }
            }
        }
    }

    /// The bits of a row depend neither on the batch nor on its place in it.
    @Test func givesEachRowTheSameBitsInEveryBatch() throws {
        var numbers = Numbers()
        var graph = Graph()
        let x = try graph.addInput("x", .tensor(.float32, ["batch", 33]))
        let w = try graph.addConstant(try numbers.tensor([33, 45]))
        let v = try graph.addConstant(try numbers.tensor([45, 3]))
        let hidden = try graph.apply(Op.Tanh(), try graph.apply(Op.MatMul(), x, w))
        try graph.addOutput(try graph.apply(Op.MatMul(), hidden, v), name: "y")
        let context = try Program(graph).makeContext()
        let rows = 67
        let all = try numbers.tensor([rows, 33])
        let elements = try all.array(of: Float.self)
        let together = try context.run([all])[0].array(of: Float.self)
        for row in 0..<rows {
            let alone = try context.run([try Tensor([1, 33], Array(elements[row * 33..<(row + 1) * 33]))])[0]
            #expect(try alone.array(of: Float.self).map(\.bitPattern) == together[row * 3..<(row + 1) * 3].map(\.bitPattern))
        }
    }
}
