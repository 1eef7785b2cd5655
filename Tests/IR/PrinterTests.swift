import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

@Suite struct PrinterTests {
    @Test func printsAGraph() throws {
        var graph = Graph(name: "tagger")
        let x = try graph.addInput("x", .tensor(.float32, ["batch", 3]))
        let w = try graph.addConstant(try Tensor([3, 2], (0..<6).map { Float($0) / 2 }), name: "w")
        let axes = try graph.addConstant(try Tensor([1], [Int64(0)]), name: "axes")
        try graph.addConstant(try Tensor([9], [Float](repeating: 0, count: 9)), name: "large")
        try graph.addConstant(try Tensor([2], strings: ["a", "b"]), name: "labels")
        let y = try graph.append(Op.Gemm(alpha: 0.5), name: "dense", inputs: [x, w], outputs: ["y"])[0]
        let z = try graph.append(Op.Unsqueeze(), inputs: [y, axes], outputs: ["z"])[0]
        try graph.append(
            Everything([("ints", .ints(Array(0..<9))), ("string", .string("hi")), ("tensor", .tensor(try Tensor([], [1.5])))]),
            inputs: [z, nil], outputs: [nil, "end"])
        try graph.addOutput(z)
        let expected = """
            graph tagger(x: float32[batch, 3]) -> (z: float32[1, batch, 2]) {
              w = constant float32[3, 2] [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]
              axes = constant int64[1] [0]
              large = constant float32[9]
              labels = constant string[2] ["a", "b"]
              y = Gemm<alpha=0.5, beta=1.0, transA=0, transB=0>(x, w) : float32[batch, 2]
              z = Unsqueeze(y, axes) : float32[1, batch, 2]
              _, end = test.Everything<ints=[0, 1, 2, 3, 4, 5, ... 9], string="hi", tensor=float64[] [1.5]>(z, _) : float32[]
            }
            """
        #expect(graph.description == expected)
    }

    @Test func printsSubgraphsBelowTheirNode() throws {
        var inner = Graph(name: "then")
        let a = try inner.addInput("a", .tensor(.int64, []))
        try inner.addOutput(try inner.apply(Op.Neg(), a), name: "b")
        var graph = Graph()
        let x = try graph.addInput("x", .tensor(.int64, []))
        try graph.append(Everything([("graph", .graph(inner)), ("int", .int(1))]), inputs: [x], outputs: ["y"])
        let expected = """
            graph main(x: int64[]) -> () {
              y = test.Everything<int=1>(x) : float32[]
                graph then(a: int64[]) -> (b: int64[]) {
                  b = Neg(a) : int64[]
                }
            }
            """
        #expect(graph.description == expected)
    }
}
