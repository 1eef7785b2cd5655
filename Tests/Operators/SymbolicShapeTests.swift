import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

/// How symbolic dimensions flow through operators that move elements.
@Suite struct SymbolicShapeTests {
    private static func ints(_ values: Int64...) throws -> Tensor { try Tensor([values.count], values) }

    private static func graph(_ shape: [Dimension]) throws -> (Graph, Graph.ValueID) {
        var graph = Graph()
        let x = try graph.addInput("x", .tensor(.float32, shape))
        return (graph, x)
    }

    /// The shape that one operator gives to an input of the shape, its further inputs being constants.
    private static func shape(_ op: any Operator, _ shape: [Dimension], _ constants: Tensor?...) throws -> String {
        let facts = [Fact(.float32, shape)] + constants.map { $0.map(Fact.init(constant:)) }
        return try Graph.infer(op, facts, outputCount: 1)[0].type.description
    }

    @Test func batchSurvivesShapeGatherConcatReshape() throws {
        var (graph, x) = try SymbolicShapeTests.graph(["batch", "n", 12])
        let shape = try graph.apply(Op.Shape(), x)
        let first = try graph.apply(Op.Gather(), shape, try graph.addConstant(try Tensor([], [Int64(0)])))
        let zero = try graph.addConstant(try SymbolicShapeTests.ints(0))
        let batch = try graph.apply(Op.Unsqueeze(), first, zero)
        let rest = try graph.addConstant(try SymbolicShapeTests.ints(-1, 3, 4))
        let target = try graph.apply(Op.Concat(axis: 0), batch, rest)
        let y = try graph.apply(Op.Reshape(), x, target)
        #expect(graph.type(y).description == "float32[batch, n, 3, 4]")
        let slice = try graph.apply(Op.Slice(), shape, zero, try graph.addConstant(try SymbolicShapeTests.ints(2)))
        #expect(graph[slice].fact.elements == ["batch", "n"])
        let ones = try graph.apply(Op.ConstantOfShape(), slice)
        #expect(graph.type(ones).description == "float32[batch, n]")
        let size = try graph.apply(Op.Size(), x)
        #expect(graph[size].fact.elements?.first?.description == "12*batch*n")
    }

    @Test func reshapeDividesExactly() throws {
        let ints = SymbolicShapeTests.ints
        #expect(try SymbolicShapeTests.shape(Op.Reshape(), ["n", 4, 3], try ints(-1, 6)) == "float32[2*n, 6]")
        #expect(try SymbolicShapeTests.shape(Op.Reshape(), ["n", 4, 3], try ints(0, -1)) == "float32[n, 12]")
        #expect(
            try SymbolicShapeTests.shape(Op.Reshape(), ["b", Dimension("n") + 1, 64], try ints(0, 0, 8, -1))
                == "float32[b, n+1, 8, 8]")
        #expect(try SymbolicShapeTests.shape(Op.Reshape(), ["n", 3], try ints(-1)) == "float32[3*n]")
        let padded = (Dimension("b") * (Dimension("n") + 1))
        #expect(try SymbolicShapeTests.shape(Op.Reshape(), [padded, 8, 16], try ints(-1, 4, 8, 4)) == "float32[b+b*n, 4, 8, 4]")
        #expect(padded.dividedRoundingDown(by: Dimension("n") + 1) == "b")
        #expect((padded * padded - 1).dividedRoundingDown(by: padded - 1) == padded + 1)
        #expect((padded + 1).dividedRoundingDown(by: Dimension("n") + 1).description == "floor(b+b*n+1, n+1)")
        #expect(throws: ModelError.self) { try SymbolicShapeTests.shape(Op.Reshape(), [2, 3], try ints(4, -1)) }
    }

    @Test func flattenSplitTileAndPad() throws {
        let ints = SymbolicShapeTests.ints
        #expect(try SymbolicShapeTests.shape(Op.Flatten(), ["n", 4, "m"]) == "float32[n, 4*m]")
        #expect(try SymbolicShapeTests.shape(Op.Flatten(axis: 0), ["n", 4]) == "float32[1, 4*n]")
        #expect(try SymbolicShapeTests.shape(Op.Tile(), ["n", 4], try ints(2, 3)) == "float32[2*n, 12]")
        #expect(try SymbolicShapeTests.shape(Op.Pad(), ["n", 4], try ints(1, 0, 2, -1)) == "float32[n+3, 3]")
        #expect(try SymbolicShapeTests.shape(Op.Expand(), ["n", 1], try ints(2, 1, 5)) == "float32[2, n, 5]")
        #expect(try SymbolicShapeTests.shape(Op.Squeeze(), ["n", 1, 5], try ints(1)) == "float32[n, 5]")
        let halves = try Graph.infer(Op.Split(axis: 1), [Fact(.float32, ["n", Dimension("m") * 2])], outputCount: 2)
        #expect(halves.map(\.type.description) == ["float32[n, m]", "float32[n, m]"])
    }

    @Test func sliceOfSymbolicDimensions() throws {
        func slice(_ start: Int64, _ end: Int64, _ step: Int64 = 1) throws -> String {
            let ints = SymbolicShapeTests.ints
            return try SymbolicShapeTests.shape(
                Op.Slice(), ["n", Dimension("m") + 4], try ints(start), try ints(end), try ints(1), try ints(step))
        }
        #expect(try slice(0, .max) == "float32[n, m+4]")
        #expect(try slice(1, .max) == "float32[n, m+3]")
        #expect(try slice(0, 3) == "float32[n, 3]")
        #expect(try slice(-2, .max) == "float32[n, 2]")
        #expect(try slice(1, -1) == "float32[n, m+2]")
        #expect(try slice(-1, .min, -1) == "float32[n, m+4]")
        #expect(try slice(5, 2, -1) == "float32[n, ?]")
        #expect(
            try SymbolicShapeTests.shape(Op.Slice(), ["n"], try Tensor([1], [Int64(1)]), try Tensor([1], [Int64.max]))
                == "float32[max(n-1, 0)]")
    }

    @Test func concatAndRange() throws {
        var (graph, x) = try SymbolicShapeTests.graph(["n", 4])
        let y = try graph.addInput("y", .tensor(.float32, ["m", "k"]))
        let joined = try graph.apply(Op.Concat(axis: 0), x, y)
        #expect(graph.type(joined).description == "float32[m+n, 4]")
        let size = try graph.apply(Op.Size(), x)
        let zero = try graph.addConstant(try Tensor([], [Int64(0)]))
        let two = try graph.addConstant(try Tensor([], [Int64(2)]))
        let range = try graph.apply(Op.Range(), zero, size, two)
        #expect(graph.type(range).description == "int64[2*n]")
    }

    @Test func identitiesAreRemoved() throws {
        var (graph, x) = try SymbolicShapeTests.graph(["n", 3, 4])
        let shape = try graph.apply(Op.Shape(), x)
        var y = try graph.apply(Op.Reshape(), x, shape)
        y = try graph.apply(Op.Transpose(permutation: [0, 1, 2]), y)
        y = try graph.apply(Op.Concat(axis: 1), y)
        y = try graph.apply(Op.Expand(), y, try graph.addConstant(try SymbolicShapeTests.ints(3, 1)))
        y = try graph.apply(Op.Pad(), y, try graph.addConstant(try SymbolicShapeTests.ints(0, 0, 0, 0, 0, 0)))
        y = try graph.apply(
            Op.Slice(), y, try graph.addConstant(try SymbolicShapeTests.ints(0)),
            try graph.addConstant(try SymbolicShapeTests.ints(.max)))
        try graph.addOutput(try graph.apply(Op.Flatten(), y))
        let simplified = try graph.simplified()
        #expect(simplified.nodes.map(\.op.name) == ["Flatten"])
    }
}
