import SeptumIR
import SeptumOperators
import SeptumTensor

extension FusionTests {
    /// The first layer adds what centre and neighbour give instead of going over their difference.
    private static let edgeTolerance = 2e-6

    /// Edge convolutions as networks write them.
    static let edges: [FusionCase] = [
        FusionCase(
            testDescription: "edges of rows, mean",
            fused: ["TopK", "Reshape", "Transpose", "Reshape", "Unsqueeze", "Fused.EdgeConvolution"],
            shapes: [[2, 3, 7], [2, 7, 7]], tolerance: edgeTolerance
        ) { graph, numbers in
            let edges = try Edges(&graph, points: 7, neighbours: 4)
            try edges.ends(
                &graph, try edges.convolutions(&graph, &numbers, try edges.ofRows(&graph)), Op.ReduceMean(keepdims: false),
                axis: 3)
        },
        FusionCase(
            testDescription: "edges of rows, more than sixteen, sum",
            fused: ["TopK", "Reshape", "Transpose", "Reshape", "Unsqueeze", "Fused.EdgeConvolution"],
            shapes: [[1, 3, 40], [1, 40, 40]], tolerance: edgeTolerance
        ) { graph, numbers in
            let edges = try Edges(&graph, points: 40, neighbours: 37)
            try edges.ends(
                &graph, try edges.convolutions(&graph, &numbers, try edges.ofRows(&graph)), Op.ReduceSum(keepdims: true), axis: -1
            )
        },
        FusionCase(
            testDescription: "edges of columns, maximum",
            fused: ["TopK", "Reshape", "Transpose", "Reshape", "Reshape", "Fused.EdgeConvolution"],
            shapes: [[2, 3, 18], [2, 18, 18]], tolerance: edgeTolerance
        ) { graph, numbers in
            let edges = try Edges(&graph, points: 18, neighbours: 16)
            try edges.ends(
                &graph, try edges.convolutions(&graph, &numbers, try edges.ofColumns(&graph)), Op.ReduceMax(keepdims: false),
                axis: 3)
        },
        FusionCase(
            testDescription: "edges with channels last",
            fused: ["TopK", "Reshape", "Transpose", "Reshape", "Transpose", "Unsqueeze", "Fused.EdgeConvolution"],
            shapes: [[2, 3, 9], [2, 9, 9]], tolerance: edgeTolerance
        ) { graph, numbers in
            let edges = try Edges(&graph, points: 9, neighbours: 5)
            var y = try edges.channelsLast(&graph)
            for (inputs, outputs) in [(6, 20), (20, 5)] {
                let w = try graph.addConstant(try numbers.tensor([inputs, outputs]))
                y = try graph.apply(Op.MatMul(), y, w)
                y = try graph.apply(Op.Elu(alpha: 0.5), y)
            }
            try edges.ends(&graph, y, Op.ReduceMean(keepdims: false), axis: 2)
        },
        FusionCase(
            testDescription: "edges expanded to the shape of their neighbours",
            fused: ["TopK", "Reshape", "Transpose", "Reshape", "Transpose", "Unsqueeze", "Fused.EdgeConvolution"],
            shapes: [[2, 3, 9], [2, 9, 9]], tolerance: edgeTolerance
        ) { graph, numbers in
            let edges = try Edges(&graph, points: 9, neighbours: 5)
            let w = try graph.addConstant(try numbers.tensor([6, 17]))
            let y = try graph.apply(Op.MatMul(), try edges.channelsLast(&graph, takesShape: true), w)
            try edges.ends(&graph, try graph.apply(Op.Relu(), y), Op.ReduceMax(keepdims: false), axis: 2)
        },
        FusionCase(
            testDescription: "edges whose centre weighs little",
            fused: ["TopK", "Reshape", "Transpose", "Reshape", "Transpose", "Unsqueeze", "Fused.EdgeConvolution"],
            shapes: [[2, 3, 9], [2, 9, 9]]
        ) { graph, numbers in
            let edges = try Edges(&graph, points: 9, neighbours: 5)
            var weights = try numbers.tensor([6, 17]).array(of: Float.self)
            for place in 17..<34 { weights[place] *= 0.001 }
            let w = try graph.addConstant(try Tensor([6, 17], weights))
            let y = try graph.apply(Op.MatMul(), try edges.channelsLast(&graph), w)
            try edges.ends(&graph, try graph.apply(Op.Relu(), y), Op.ReduceMax(keepdims: false), axis: 2)
        },
        FusionCase(
            testDescription: "edges from a table of more rows than edges",
            fused: ["TopK", "Reshape", "Squeeze", "Transpose", "Unsqueeze", "Fused.EdgeConvolution"],
            shapes: [[2, 3, 9], [2, 9, 9], [1, 90, 3]], tolerance: edgeTolerance
        ) { graph, numbers in
            let edges = try Edges(&graph, points: 9, neighbours: 2)
            let table = try graph.addInput("table", .tensor(.float32, [1, 90, 3]))
            let squeezed = try graph.apply(Op.Squeeze(), table, try graph.addConstant(try Tensor([1], [Int64(0)])))
            let w = try graph.addConstant(try numbers.tensor([6, 17]))
            let y = try graph.apply(Op.MatMul(), try edges.channelsLast(&graph, from: squeezed), w)
            try edges.ends(&graph, try graph.apply(Op.Relu(), y), Op.ReduceMax(keepdims: false), axis: 2)
        },
        FusionCase(
            testDescription: "edges whose difference comes first",
            fused: [
                "TopK", "Reshape", "Transpose", "Reshape", "Gather", "Reshape", "Transpose", "Unsqueeze", "Sub", "Fused.Concat",
                "Fused.Convolution", "ReduceMean",
            ], shapes: [[2, 3, 7], [2, 7, 7]]
        ) { graph, numbers in
            let edges = try Edges(&graph, points: 7, neighbours: 4)
            let joined = try edges.ofRows(&graph, isDifferenceFirst: true)
            let w = try graph.addConstant(try numbers.tensor([8, 6, 1, 1]))
            let y = try graph.apply(Op.Relu(), try graph.apply(Op.Conv(), joined, w))
            try edges.ends(&graph, y, Op.ReduceMean(keepdims: false), axis: 3)
        },
    ]
}

/// Three channels of points, and for each point the places of some others.
private struct Edges {
    private let x: Graph.ValueID
    private let places: Graph.ValueID
    private let (points, neighbours): (Int, Int)

    init(_ graph: inout Graph, points: Int, neighbours: Int) throws {
        (self.points, self.neighbours) = (points, neighbours)
        x = try graph.addInput("x", .tensor(.float32, ["n", 3, .fixed(points)]))
        let scores = try graph.addInput("scores", .tensor(.float32, ["n", .fixed(points), .fixed(points)]))
        let count = try graph.addConstant(try Tensor([1], [Int64(neighbours)]))
        let found = try graph.append(Op.TopK(), inputs: [scores, count], outputs: [nil, "found"])
        places = try graph.apply(Op.Reshape(), found[0], try graph.addConstant(try Tensor([1], [Int64(-1)])))
    }

    private func integers(_ graph: inout Graph, _ values: Int...) throws -> Graph.ValueID {
        try graph.addConstant(try Tensor([values.count], values.map(Int64.init)))
    }

    private func rows(_ graph: inout Graph) throws -> Graph.ValueID {
        let turned = try graph.apply(Op.Transpose(permutation: [0, 2, 1]), x)
        return try graph.apply(Op.Reshape(), turned, try integers(&graph, -1, 3))
    }

    /// The edges [n, 6, points, neighbours], gathered from rows of channels.
    func ofRows(_ graph: inout Graph, isDifferenceFirst: Bool = false) throws -> Graph.ValueID {
        let gathered = try graph.apply(Op.Gather(axis: 0), try rows(&graph), places)
        let wide = try graph.apply(Op.Reshape(), gathered, try integers(&graph, -1, points, neighbours, 3))
        let others = try graph.apply(Op.Transpose(permutation: [0, 3, 1, 2]), wide)
        let own = try graph.apply(Op.Unsqueeze(), x, try integers(&graph, 3))
        let centres = try graph.apply(Op.Expand(), own, try integers(&graph, 1, 1, 1, neighbours))
        let difference = try graph.apply(Op.Sub(), others, centres)
        return isDifferenceFirst
            ? try graph.apply(Op.Concat(axis: 1), difference, centres) : try graph.apply(Op.Concat(axis: 1), centres, difference)
    }

    /// The same from a table with a column for each point.
    func ofColumns(_ graph: inout Graph) throws -> Graph.ValueID {
        let turned = try graph.apply(Op.Transpose(permutation: [1, 0, 2]), x)
        let columns = try graph.apply(Op.Reshape(), turned, try integers(&graph, 3, -1))
        let gathered = try graph.apply(Op.Gather(axis: 1), columns, places)
        let wide = try graph.apply(Op.Reshape(), gathered, try integers(&graph, 3, -1, points, neighbours))
        let others = try graph.apply(Op.Transpose(permutation: [1, 0, 2, 3]), wide)
        let own = try graph.apply(Op.Reshape(), x, try integers(&graph, -1, 3, points, 1))
        let centres = try graph.apply(Op.Tile(), own, try integers(&graph, 1, 1, 1, neighbours))
        return try graph.apply(Op.Concat(axis: 1), centres, try graph.apply(Op.Sub(), others, centres))
    }

    /// The edges [n, points, neighbours, 6], from a table of rows other than the points' own if there is one.
    func channelsLast(
        _ graph: inout Graph, from table: Graph.ValueID? = nil, takesShape: Bool = false
    ) throws -> Graph.ValueID {
        let table = if let table { table } else { try rows(&graph) }
        let wide = try graph.apply(
            Op.Reshape(), try graph.apply(Op.Gather(axis: 0), table, places),
            try integers(&graph, -1, points, neighbours, 3))
        let turned = try graph.apply(Op.Transpose(permutation: [0, 2, 1]), x)
        let own = try graph.apply(Op.Unsqueeze(), turned, try integers(&graph, 2))
        let shape = takesShape ? try graph.apply(Op.Shape(), wide) : try integers(&graph, 1, 1, neighbours, 1)
        let centres = try graph.apply(Op.Expand(), own, shape)
        return try graph.apply(Op.Concat(axis: -1), centres, try graph.apply(Op.Sub(), wide, centres))
    }

    /// Two convolutions, one with a bias and one without, and activations that the products end with and that they do not.
    func convolutions(_ graph: inout Graph, _ numbers: inout Numbers, _ edges: Graph.ValueID) throws -> Graph.ValueID {
        let w = try graph.addConstant(try numbers.tensor([20, 6, 1, 1]))
        let b = try graph.addConstant(try numbers.tensor([20]))
        let v = try graph.addConstant(try numbers.tensor([5, 20, 1, 1]))
        let first = try graph.apply(Op.Relu(), try graph.apply(Op.Conv(), edges, w, b))
        let second = try graph.apply(Op.LeakyRelu(alpha: 0.1), try graph.apply(Op.Conv(), first, v))
        return try graph.apply(Op.Tanh(), second)
    }

    func ends(_ graph: inout Graph, _ edges: Graph.ValueID, _ op: any Operator, axis: Int) throws {
        try graph.addOutput(try graph.apply(op, edges, try integers(&graph, axis)))
    }
}
