import SeptumEngine
import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

@Suite struct EngineTests {
    @Test func passesInputsThroughViews() throws {
        var graph = Graph()
        let x = try graph.addInput("x", .tensor(.float32, ["batch", 2]))
        let y = try graph.apply(Op.Identity(), x)
        let shape = try graph.apply(Op.Shape(), y)
        try graph.addOutput(y, name: "y")
        try graph.addOutput(shape, name: "shape")
        let context = try Program(graph).makeContext()
        for rows in [1, 3, 1] {
            let input = try Tensor([rows, 2], (0..<rows * 2).map(Float.init))
            let outputs = try context.run([input])
            #expect(outputs[0].isIdentical(to: input))
            #expect(outputs[1].integers == [rows, 2])
        }
    }

    @Test func refusesInputsThatDoNotFit() throws {
        var graph = Graph()
        let x = try graph.addInput("x", .tensor(.float32, ["batch", 2]))
        try graph.addOutput(try graph.apply(Op.Identity(), x), name: "y")
        let context = try Program(graph).makeContext()
        let error = #expect(throws: ModelError.self) { try context.run([try Tensor([2, 3], [Float](repeating: 0, count: 6))]) }
        #expect(error?.message == "input 'x' is float32[2, 3], expected float32[batch, 2]")
    }
}
