import CSeptumCounters
import SeptumIR
import SeptumONNX
import SeptumTensor
import Testing

/// What an import asks of memory grows as the graph does: arrays that are copied for each node would show.
@Suite(.enabled(if: septum_counts_are_kept() != 0)) struct LargeGraphTests {
    private static let ops = ["Neg", "Add", "Relu", "Reshape", "Mul", "Concat", "Cast", "Identity"]

    /// A chain whose every node needs the one before it; nodes may be listed last first.
    private static func chain(_ count: Int, isReversed: Bool) -> ModelRecord {
        var nodes: [NodeRecord] = []
        for index in 0..<count {
            let op = ops[index % ops.count]
            var node = NodeRecord(op, name: "node \(index)", inputs: ["v\(index)"], outputs: ["v\(index + 1)"])
            if op == "Add" || op == "Mul" { node.inputs.append(op + " operand") }
            if op == "Reshape" { node.inputs.append("shape") }
            if op == "Cast" { node.attributes = [.init("to", .int(1))] }
            if op == "Concat" { node.attributes = [.init("axis", .int(0))] }
            nodes.append(node)
        }
        if isReversed { nodes.reverse() }
        var graph = StructureTests.graph(nodes, inputs: ["v0"], outputs: ["v\(count)"])
        graph.initializers = [
            Sample.floats("Add operand", [1], [3]), Sample.floats("Mul operand", [1], [1]), Sample.int64s("shape", [1], [-1]),
        ]
        return Sample.model(graph)
    }

    private static func imported(_ count: Int, isReversed: Bool) throws -> (graph: Graph, bytes: Int64, allocations: Int64) {
        let source = try ModelSource(bytes: try chain(count, isReversed: isReversed).serialized(), name: "chain")
        let before = septum_counts_now()
        let graph = try ONNXAdapter().importModel(source, ImportOptions()).graph
        let after = septum_counts_now()
        return (graph, after.bytes - before.bytes, after.allocations - before.allocations)
    }

    @Test(arguments: [false, true]) func importsTwentyThousandNodes(_ isReversed: Bool) throws {
        _ = try Self.imported(8, isReversed: isReversed)
        let small = try Self.imported(5000, isReversed: isReversed)
        let large = try Self.imported(20000, isReversed: isReversed)
        try large.graph.verify()
        #expect(large.graph.nodes.count == 20000 && small.graph.nodes.count == 5000)
        #expect(large.graph.nodes.map(\.op.name) == (0..<20000).map { Self.ops[$0 % Self.ops.count] })
        #expect(large.bytes < small.bytes * 9 / 2, "\(large.bytes) bytes against \(small.bytes)")
        #expect(large.allocations < small.allocations * 9 / 2, "\(large.allocations) against \(small.allocations)")
        let x = Value.tensor(try Tensor([2], [Float(-5), 4]))
        let found = try #require(try Interpreter.run(large.graph, [x])[0].tensor)
        #expect(try found.array(of: Float.self) == Self.expected([-5, 4], 20000))
    }

    private static func expected(_ x: [Float], _ count: Int) -> [Float] {
        (0..<count).reduce(x) { values, index in
            switch ops[index % ops.count] {
            case "Neg": values.map { -$0 }
            case "Add": values.map { $0 + 3 }
            case "Relu": values.map { max($0, 0) }
            default: values
            }
        }
    }
}
