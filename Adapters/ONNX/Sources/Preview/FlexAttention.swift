import SeptumIR
import SeptumTensor

extension ONNX {
    /// Attention whose scores and probabilities go through graphs of the model.
    ///
    /// Queries and keys are each multiplied by the root of the scale, which is rounded to float32; all after the first product
    /// is of the type of the softmax: float64 for float64, else float32, unless the node says otherwise.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/onnx/reference/ops/aionnx_preview/op_flex_attention.py
    @Sendable static func flexAttention(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        let (scale, precision) = (try form.takeFloat("scale"), try form.takeInt("softmax_precision"))
        let (scoreMod, probMod) = (try form.takeGraph("score_mod"), try form.takeGraph("prob_mod"))
        try form.checkEmpty()
        let captures = Array(form.inputs.dropFirst(3))
        let queries = try form.requiredInput(0)
        var (keys, values) = (try form.requiredInput(1), try form.requiredInput(2))
        guard captures.isEmpty || scoreMod != nil || probMod != nil else {
            throw ModelError(.invalidModel, "found \(form.inputs.count) inputs, expected 3")
        }
        let shapes = try [queries, keys, values].map { (id) throws(ModelError) in try builder.fourAxes(id) }
        guard let type = builder.elementType(queries), let features = shapes[0][3].number, let heads = shapes[0][1].number,
            let keyHeads = shapes[1][1].number, keyHeads > 0, features > 0
        else { throw ModelError(.unsupported, "the numbers of heads and features must be known") }
        guard [.float16, .bfloat16, .float32, .float64].contains(type), builder.elementType(keys) == type,
            builder.elementType(values) == type
        else { throw ModelError(.invalidModel, "found \(type), expected one floating-point type for all inputs") }
        guard heads % keyHeads == 0 else {
            throw ModelError(.invalidModel, "\(heads) heads cannot share \(keyHeads) heads of keys")
        }
        for (a, b) in [(0, 1), (0, 2)] where shapes[a][0].isProvablyDifferent(from: shapes[b][0]) {
            throw ModelError(.invalidModel, "found the batches \(shapes[a][0]) and \(shapes[b][0]), expected equal ones")
        }
        guard !shapes[2][1].isProvablyDifferent(from: shapes[1][1]) else {
            throw ModelError(.invalidModel, "found \(keyHeads) heads of keys and \(shapes[2][1]) of values")
        }
        let root = (scale ?? Float(1 / Double(features).squareRoot())).squareRoot()
        guard root.isFinite else {
            throw ModelError(.invalidModel, "found \(scale ?? 0), expected at least 0", attribute: "scale")
        }
        let inner = precision ?? Int((type == .float64 ? ElementType.float64 : .float32).rawValue)
        guard let innerType = Int32(exactly: inner).flatMap(ElementType.init(rawValue:)),
            [.float16, .bfloat16, .float32, .float64].contains(innerType)
        else { throw ModelError(.unsupported, "found \(inner), expected a wide float", attribute: "softmax_precision") }
        func apply(
            _ op: String, _ inputs: [Graph.ValueID?], _ attributes: [String: Attribute] = [:]
        ) throws(ModelError) -> Graph.ValueID { try builder.apply(op, attributes, name: form.name, inputs) }
        if heads != keyHeads {
            guard heads <= 1 << 16 else { throw ModelError(.limit, "found \(heads) heads") }
            let shared = try builder.constant((0..<heads).map { $0 / (heads / keyHeads) })
            keys = try apply("Gather", [keys, shared], ["axis": .int(1)])
            values = try apply("Gather", [values, shared], ["axis": .int(1)])
        }
        let factor = try builder.constant(root, like: queries)
        let columns = try apply("Transpose", [try apply("Mul", [keys, factor])], ["perm": .ints([0, 1, 3, 2])])
        let product = try apply("MatMul", [try apply("Mul", [queries, factor]), columns])
        let scores = try builder.inline(
            scoreMod, [try apply("Cast", [product], ["to": .int(inner)])] + captures, form, "score_mod")
        let weights = try builder.inline(
            probMod, [try apply("Softmax", [scores], ["axis": .int(-1)])] + captures, form, "prob_mod")
        let result = try apply("MatMul", [weights, try apply("Cast", [values], ["to": .int(inner)])])
        try builder.finish(form, "Cast", [result], ["to": .int(Int(type.rawValue))])
    }
}

extension GraphBuilder {
    fileprivate func fourAxes(_ id: Graph.ValueID) throws(ModelError) -> [Dimension] {
        guard let shape = graph.type(id).tensor?.shape, shape.count == 4 else {
            throw ModelError(.unsupported, "'\(graph[id].name)' is \(graph.type(id)), it must be known to have 4 axes")
        }
        return shape
    }

    /// Lets a graph change its first input, whose type it must keep; without a graph nothing changes.
    fileprivate mutating func inline(
        _ body: Graph?, _ inputs: [Graph.ValueID?], _ form: NodeForm, _ attribute: String
    ) throws(ModelError) -> Graph.ValueID {
        let given = inputs.compactMap(\.self)
        guard given.count == inputs.count, let first = given.first else {
            throw ModelError(.invalidModel, "an input of the graph is missing", attribute: attribute)
        }
        guard let body else { return first }
        let results = try inline(body, given, prefix: form.name)
        guard results.count == 1, let result = results.first, graph.type(first).admits(graph.type(result)) else {
            throw ModelError(
                .invalidModel, "found \(results.map { graph.type($0) }), expected \(graph.type(first))", attribute: attribute)
        }
        return result
    }
}
