import SeptumIR
import SeptumOperators
import SeptumTensor

/// The chain rule for one node: what reaches its inputs of the derivatives that reach its output.
struct Derivative {
    let reverse: ReverseMode
    let node: Graph.Node
    /// For each input whether anybody wants its derivative.
    let isNeeded: [Bool]

    typealias Value = Graph.ValueID

    /// The operators that can be differentiated.
    private static let rules: [String: @Sendable (Derivative, Value) throws(ModelError) -> [Value?]] = [
        // Elementwise in one input.
        "Identity": { d, g throws(ModelError) in [g] },
        "Cast": { d, g throws(ModelError) in [try d("CastLike", g, d.x)] },
        "CastLike": { d, g throws(ModelError) in [d.isNeeded[0] ? try d("CastLike", g, d.x) : nil] },
        "Sign": { _, _ throws(ModelError) in [] },
        "Floor": { _, _ throws(ModelError) in [] },
        "Ceil": { _, _ throws(ModelError) in [] },
        "Round": { _, _ throws(ModelError) in [] },
        "Neg": { d, g throws(ModelError) in [try d("Neg", g)] },
        "Abs": { d, g throws(ModelError) in [try d("Mul", g, try d("Sign", d.x))] },
        "Exp": { d, g throws(ModelError) in [try d("Mul", g, d.y)] },
        "Log": { d, g throws(ModelError) in [try d("Div", g, d.x)] },
        "Sqrt": { d, g throws(ModelError) in [try d("Div", g, try d("Add", d.y, d.y))] },
        "Reciprocal": { d, g throws(ModelError) in [try d("Neg", try d("Mul", g, try d("Mul", d.y, d.y)))] },
        "Sin": { d, g throws(ModelError) in [try d("Mul", g, try d("Cos", d.x))] },
        "Cos": { d, g throws(ModelError) in [try d("Neg", try d("Mul", g, try d("Sin", d.x)))] },
        "Tanh": { d, g throws(ModelError) in [try d("Mul", g, try d("Sub", try d.number(1), try d("Mul", d.y, d.y)))] },
        "Sigmoid": { d, g throws(ModelError) in
            [try d("Mul", g, try d("Mul", d.y, try d("Sub", try d.number(1), d.y)))]
        },
        "Softplus": { d, g throws(ModelError) in [try d("Mul", g, try d("Sigmoid", d.x))] },
        "Relu": { d, g throws(ModelError) in
            [try d("Where", try d("Greater", d.x, try d.number(0)), g, try d.number(0))]
        },
        "Erf": { d, g throws(ModelError) in
            let bell = try d("Exp", try d("Neg", try d("Mul", d.x, d.x)))
            return [try d("Mul", g, try d("Mul", bell, try d.number(2 / Double.pi.squareRoot())))]
        },
        // Elementwise in several.
        "Add": { d, g throws(ModelError) in [try d.sum(g, like: 0), try d.sum(g, like: 1)] },
        "Sum": { d, g throws(ModelError) in
            var parts: [Value?] = []
            for index in d.isNeeded.indices { parts.append(try d.sum(g, like: index)) }
            return parts
        },
        "Sub": { d, g throws(ModelError) in [try d.sum(g, like: 0), try d.sum(try d("Neg", g), like: 1)] },
        "Mul": { d, g throws(ModelError) in
            [try d.sum(try d("Mul", g, d.input(1)), like: 0), try d.sum(try d("Mul", g, d.x), like: 1)]
        },
        "Div": { d, g throws(ModelError) in
            let share = try d("Div", g, d.input(1))
            return [try d.sum(share, like: 0), try d.sum(try d("Neg", try d("Mul", share, d.y)), like: 1)]
        },
        "Pow": { d, g throws(ModelError) in
            let exponent = try d("CastLike", d.input(1), d.x)
            let less = try d("Pow", d.x, try d("Sub", exponent, try d.number(1)))
            let base = try d.sum(try d("Mul", g, try d("Mul", exponent, less)), like: 0)
            guard d.isNeeded.count > 1, d.isNeeded[1] else { return [base] }
            return [base, try d.sum(try d("Mul", g, try d("Mul", d.y, try d("Log", d.x))), like: 1)]
        },
        "Where": { d, g throws(ModelError) in
            let zero = try d.number(0)
            return [
                nil, try d.sum(try d("Where", d.x, g, zero), like: 1), try d.sum(try d("Where", d.x, zero, g), like: 2),
            ]
        },
        // Products.
        "MatMul": { d, g throws(ModelError) in
            [
                try d.sum(try d("MatMul", g, try d.turned(d.input(1))), like: 0),
                try d.sum(try d("MatMul", try d.turned(d.x), g), like: 1),
            ]
        },
        "Gemm": { d, g throws(ModelError) in try d.gemm(g) },
        // Sums.
        "ReduceSum": { d, g throws(ModelError) in [try d.spread(g, "ReduceSum")] },
        "ReduceMean": { d, g throws(ModelError) in
            let count = try d("Div", try d("Size", d.x), try d("Size", d.y))
            return [try d("Div", try d.spread(g, "ReduceMean"), try d("CastLike", count, g))]
        },
        "Softmax": { d, g throws(ModelError) in
            let axis = try d.integer("axis") ?? -1
            let weighted = try d("Mul", g, d.y)
            let axes = try d.reverse.builder.constant([axis])
            let sum = try d.make("ReduceSum", ["keepdims": .int(1)], [weighted, axes])
            return [try d("Sub", weighted, try d("Mul", d.y, sum))]
        },
        // Movement.
        "Reshape": { d, g throws(ModelError) in [try d.reshaped(g)] },
        "Flatten": { d, g throws(ModelError) in [try d.reshaped(g)] },
        "Squeeze": { d, g throws(ModelError) in [try d.reshaped(g)] },
        "Unsqueeze": { d, g throws(ModelError) in [try d.reshaped(g)] },
        "Expand": { d, g throws(ModelError) in [try d.sum(g, like: 0)] },
        "Transpose": { d, g throws(ModelError) in
            guard let order = (d.node.op as? Op.Transpose)?.permutation else { return [try d("Transpose", g)] }
            let back = order.indices.sorted { order[$0] < order[$1] }
            return [try d.make("Transpose", ["perm": .ints(back)], [g])]
        },
    ]

    /// The derivatives for the inputs; nil where there is none.
    ///
    /// - Throws: `unsupported` when the operator has no rule.
    func parts(_ gradients: [Value?]) throws(ModelError) -> [Value?] {
        guard let rule = Derivative.rules[node.op.name], gradients.count == 1, case let gradient?? = gradients.first else {
            throw ModelError(
                .unsupported, "the operator is not differentiated",
                remedy: "export the gradient as nodes of its own, or the model for inference")
        }
        return try rule(self, gradient)
    }

    // MARK: The node

    private var x: Value? { input(0) }
    private var y: Value? { node.outputs.first ?? nil }
    private func input(_ index: Int) -> Value? { node.inputs.indices.contains(index) ? node.inputs[index] : nil }

    private func integer(_ name: String) throws(ModelError) -> Int? {
        var reader = AttributeReader(node.op.attributes)
        return try reader.int(name)
    }

    // MARK: Nodes to add

    private func callAsFunction(_ op: String, _ values: Value?...) throws(ModelError) -> Value {
        try make(op, [:], values)
    }

    private func make(_ op: String, _ attributes: [String: Attribute], _ values: [Value?]) throws(ModelError) -> Value {
        try reverse.builder.apply(op, attributes, name: reverse.name, values)
    }

    private func number(_ value: Double) throws(ModelError) -> Value {
        try reverse.builder.constant(value, like: y)
    }

    /// The sum over the axes along which an input was repeated; nil when nobody wants it.
    private func sum(_ gradient: Value, like index: Int) throws(ModelError) -> Value? {
        guard isNeeded.indices.contains(index), isNeeded[index], let operand = input(index) else { return nil }
        guard let shape = reverse.builder.graph.type(operand).tensor?.shape,
            let found = reverse.builder.graph.type(gradient).tensor?.shape, found.count >= shape.count
        else { throw ModelError(.unsupported, "the rank of input \(index) must be known to differentiate the operator") }
        let leading = found.count - shape.count
        var axes = Array(0..<leading)
        for (axis, dimension) in shape.enumerated() where dimension != found[leading + axis] {
            guard dimension == .fixed(1) else {
                throw ModelError(
                    .unsupported,
                    "input \(index) has \(dimension) elements along axis \(axis), its derivative \(found[leading + axis]); they "
                        + "must be equal or known to differentiate the operator")
            }
            axes.append(leading + axis)
        }
        guard !axes.isEmpty else { return gradient }
        let total = try make(
            "ReduceSum", ["keepdims": .int(1)], [gradient, try reverse.builder.constant(axes)])
        return leading == 0 ? total : try reshaped(total, like: operand)
    }

    /// The elements under the shape of the first input.
    private func reshaped(_ gradient: Value, like other: Value? = nil) throws(ModelError) -> Value {
        try make("Reshape", ["allowzero": .int(1)], [gradient, try self("Shape", other ?? x)])
    }

    /// A reduced tensor repeated along the axes that were reduced.
    private func spread(_ gradient: Value, _ op: String) throws(ModelError) -> Value {
        var attributes = Dictionary(node.op.attributes.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        attributes["keepdims"] = .int(1)
        let kept = try make(op, attributes, node.inputs)
        return try self("Expand", try reshaped(gradient, like: kept), try self("Shape", x))
    }

    /// A stack of matrices, each transposed.
    private func turned(_ value: Value?) throws(ModelError) -> Value {
        guard let rank = reverse.builder.rank(value), rank >= 2 else {
            throw ModelError(.unsupported, "both sides must be known to be matrices to differentiate the operator")
        }
        return try make("Transpose", ["perm": .ints(Array(0..<(rank - 2)) + [rank - 1, rank - 2])], [value])
    }

    private func gemm(_ gradient: Value) throws(ModelError) -> [Value?] {
        guard let op = node.op as? Op.Gemm else { return [] }
        let (a, b) = (x, input(1))
        func attributes(_ transA: Bool, _ transB: Bool) -> [String: Attribute] {
            ["transA": .int(transA ? 1 : 0), "transB": .int(transB ? 1 : 0), "alpha": .float(op.alpha)]
        }
        let left =
            op.transposesA
            ? try make("Gemm", attributes(op.transposesB, true), [b, gradient])
            : try make("Gemm", attributes(false, !op.transposesB), [gradient, b])
        let right =
            op.transposesB
            ? try make("Gemm", attributes(true, op.transposesA), [gradient, a])
            : try make("Gemm", attributes(!op.transposesA, false), [a, gradient])
        guard input(2) != nil else { return [left, right] }
        let scaled = op.beta == 1 ? gradient : try self("Mul", gradient, try number(Double(op.beta)))
        return [left, right, try sum(scaled, like: 2)]
    }
}
