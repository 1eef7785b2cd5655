import SeptumIR
import SeptumOperators
import SeptumTensor
import Testing

/// Each pass: the printouts before and after, and equal results.
@Suite struct PassTests {
    private func check(_ pass: any Pass, _ graph: Graph, before: String, after: String, on inputs: [Tensor]) throws {
        try graph.verify()
        let rewritten = try pass.run(graph)
        try rewritten.verify()
        #expect(body(graph) == before)
        #expect(body(rewritten) == after)
        let values = inputs.map(Value.tensor)
        let expected = try Interpreter.run(graph, values)
        let found = try Interpreter.run(rewritten, values)
        #expect(found.count == expected.count)
        for (a, b) in zip(found, expected) {
            let (left, right) = (try #require(a.tensor), try #require(b.tensor))
            #expect(left.isIdentical(to: right))
        }
        #expect(body(try pass.run(rewritten)) == after)
    }

    /// The lines between the braces.
    private func body(_ graph: Graph) -> String {
        graph.description.split(separator: "\n").dropFirst().dropLast().map { $0.dropFirst(2) }.joined(separator: "\n")
    }

    @Test func foldsConstants() throws {
        var graph = Graph()
        let p = try graph.addInput("p", .tensor(.float32, [2]))
        let x = try graph.addConstant(try Tensor([2], [Float(1), 2]), name: "x")
        let y = try graph.append(Op.Neg(), inputs: [x], outputs: ["y"])[0]
        try graph.addOutput(try graph.append(Op.Add(), inputs: [p, y], outputs: ["z"])[0])
        try check(
            ConstantFolding(), graph,
            before: """
                x = constant float32[2] [1.0, 2.0]
                y = Neg(x) : float32[2]
                z = Add(p, y) : float32[2]
                """,
            after: """
                x = constant float32[2] [1.0, 2.0]
                y = constant float32[2] [-1.0, -2.0]
                z = Add(p, y) : float32[2]
                """,
            on: [try Tensor([2], [Float(5), 6])])
    }

    @Test func foldsShapesThatAreKnown() throws {
        var graph = Graph()
        let x = try graph.addInput("x", .tensor(.float32, [2, 3]))
        let shape = try graph.append(Op.Shape(), inputs: [x], outputs: ["shape"])[0]
        try graph.addOutput(try graph.append(Op.Cast(to: .float32), inputs: [shape], outputs: ["y"])[0])
        let folded = try ConstantFolding().run(graph)
        #expect(folded.nodes.isEmpty)
        #expect(try folded.constants[folded.outputs[0]]?.array(of: Float.self) == [2, 3])
    }

    @Test func leavesLargeResultsComputed() throws {
        var graph = Graph()
        let one = try graph.addConstant(try Tensor([1], [Float(1)]), name: "one")
        let shape = try graph.addConstant(try Tensor([2], [Int64(1 << 13), 1 << 13]), name: "shape")
        try graph.addOutput(try graph.append(Op.Expand(), inputs: [one, shape], outputs: ["y"])[0])
        #expect(try ConstantFolding().run(graph).nodes.count == 1)
    }

    @Test func removesIdentities() throws {
        var graph = Graph()
        let x = try graph.addInput("x", .tensor(.float32, ["n"]))
        let y = try graph.append(Op.Identity(), inputs: [x], outputs: ["y"])[0]
        let c = try graph.append(Op.Cast(to: .float32), inputs: [y], outputs: ["c"])[0]
        try graph.addOutput(try graph.append(Op.Neg(), inputs: [c], outputs: ["z"])[0])
        try check(
            IdentityRemoval(), graph,
            before: """
                y = Identity(x) : float32[n]
                c = Cast<to=1>(y) : float32[n]
                z = Neg(c) : float32[n]
                """,
            after: "z = Neg(x) : float32[n]", on: [try Tensor([3], [Float(1), -0.0, .infinity])])
    }

    @Test func keepsIdentitiesThatAreOutputs() throws {
        var graph = Graph()
        let x = try graph.addInput("x", .tensor(.float32, ["n"]))
        try graph.addOutput(try graph.append(Op.Identity(), inputs: [x], outputs: ["y"])[0])
        #expect(try IdentityRemoval().run(graph).nodes.count == 1)
        #expect(try graph.simplified().outputs.map { graph[$0].name } == ["y"])
    }

    @Test func removesDeadCode() throws {
        var graph = Graph()
        let x = try graph.addInput("x", .tensor(.float32, ["n"]))
        try graph.addInput("unused", .tensor(.float32, []))
        try graph.addConstant(try Tensor([1], [Float(1)]), name: "w")
        try graph.append(Op.Exp(), inputs: [x], outputs: ["a"])
        try graph.addOutput(try graph.append(Op.Neg(), inputs: [x], outputs: ["b"])[0])
        try check(
            DeadCodeRemoval(), graph,
            before: """
                w = constant float32[1] [1.0]
                a = Exp(x) : float32[n]
                b = Neg(x) : float32[n]
                """,
            after: "b = Neg(x) : float32[n]", on: [try Tensor([2], [Float(1), 2]), try Tensor([], [Float(0)])])
        #expect(try DeadCodeRemoval().run(graph).inputs.count == 2)
    }

    @Test func dropsOutputsThatNobodyUses() throws {
        var graph = Graph()
        let x = try graph.addInput("x", .tensor(.float32, [4]))
        let sizes = try graph.addConstant(try Tensor([2], [Int64(1), 3]), name: "sizes")
        let parts = try graph.append(Op.Split(axis: 0), inputs: [x, sizes], outputs: ["a", "b"])
        try graph.addOutput(parts[1])
        try check(
            DeadCodeRemoval(), graph,
            before: """
                sizes = constant int64[2] [1, 3]
                a, b = Split<axis=0>(x, sizes) : float32[1], float32[3]
                """,
            after: """
                sizes = constant int64[2] [1, 3]
                _, b = Split<axis=0>(x, sizes) : float32[3]
                """, on: [try Tensor([4], [Float(1), 2, 3, 4])])
    }
}
