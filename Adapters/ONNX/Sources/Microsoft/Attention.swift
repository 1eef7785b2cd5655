import SeptumIR
import SeptumTensor

// Source: https://github.com/microsoft/onnxruntime/blob/v1.32.0/docs/ContribOperators.md
extension ONNX {
    /// Projections of one input to queries, keys and values, and their attention.
    @Sendable static func fusedAttention(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        let sizes = try form.takeInts("qkv_hidden_sizes")
        for name in ["do_rotary", "past_present_share_buffer"] where try form.takeInt(name) ?? 0 != 0 {
            throw ModelError(.unsupported, "found another value than 0", attribute: name)
        }
        guard form.input(6) == nil else { throw ModelError(.unsupported, "a shared buffer of keys and values is not known") }
        let call = try AttentionCall(&form)
        let product = try builder.apply("MatMul", name: form.name, [form.input(0), form.input(1)])
        let projected = try builder.add(product, form.input(2), form)
        let parts = try builder.split(projected, sizes, axis: -1, form)
        var past: [Graph.ValueID?] = [nil, nil]
        if let both = form.input(4) {
            for index in 0..<2 {
                past[index] = try builder.apply(
                    "Gather", ["axis": .int(0)], name: form.name, [both, try builder.constant(index)])
            }
        }
        let mask = try call.mask(form.input(3), form.input(5), query: parts[0], isGrown: form.input(4) != nil, form, &builder)
        let results = try call.apply(parts + [mask] + past, form, &builder)
        guard form.outputs.count > 1, let present = form.outputs[1] else { return }
        var pair: [Graph.ValueID] = []
        for result in results.dropFirst() {
            pair.append(try builder.apply("Unsqueeze", name: form.name, [result, try builder.constant([0])]))
        }
        try builder.append("Concat", ["axis": .int(0)], name: form.name, pair, outputs: [present])
    }

    /// The attention of queries, keys and values with heads side by side.
    @Sendable static func multiHeadAttention(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        let call = try AttentionCall(&form)
        guard form.input(8) == nil, form.input(9) == nil else {
            throw ModelError(.unsupported, "a shared buffer of keys and values is not known")
        }
        try form.refuseOutputs([3])
        var parts: [Graph.ValueID] = []
        for index in 0..<3 {
            let part = try form.requiredInput(index)
            guard builder.rank(part) == 3 else {
                throw ModelError(.unsupported, "input \(index) must be known to have 3 axes: batch, tokens, features")
            }
            parts.append(part)
        }
        if let bias = form.input(3) {
            let sizes = parts.compactMap { builder.graph.type($0).tensor?.shape?.last?.number }
            guard sizes.count == 3 else {
                throw ModelError(.unsupported, "the numbers of features must be known where there is a bias")
            }
            for (index, own) in try builder.split(bias, sizes, axis: 0, form).enumerated() {
                parts[index] = try builder.add(parts[index], own, form)
            }
        }
        let mask = try call.mask(form.input(4), form.input(5), query: parts[1], isGrown: form.input(6) != nil, form, &builder)
        let results = try call.apply(parts + [mask, form.input(6), form.input(7)], form, &builder)
        for (index, result) in results.enumerated().dropFirst() where index < form.outputs.count {
            guard let output = form.outputs[index] else { continue }
            try builder.append("Identity", [:], name: form.name, [result], outputs: [output])
        }
    }

    /// Positions are given for each token, or as that of the first.
    @Sendable static func rotaryEmbedding(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        guard try form.takeFloat("scale") ?? 1 == 1, try form.takeInt("is_packed_batching") ?? 0 == 0 else {
            throw ModelError(.unsupported, "found a scale or tokens of several texts in a row", attribute: "scale")
        }
        let tokens = try form.requiredInput(0)
        guard let rank = builder.rank(tokens), let positionRank = builder.rank(form.input(1)) else {
            throw ModelError(.unsupported, "the ranks of tokens and positions must be known")
        }
        if rank == 3, try form.int("num_heads") ?? 0 == 0 {
            let width = builder.graph.type(tokens).tensor?.shape?.last?.number
            let half = form.input(2).flatMap { builder.graph.type($0).tensor?.shape?.last?.number }
            guard let width, let half, half > 0, half < 1 << 40, try form.int("rotary_embedding_dim") ?? 0 == 0,
                width % (2 * half) == 0
            else {
                throw ModelError(
                    .unsupported, "the number of heads must be given or follow from the cosines", attribute: "num_heads")
            }
            form.attributes["num_heads"] = .int(width / (2 * half))
        }
        var positions = try form.requiredInput(1)
        if positionRank == 1 {
            let length = try builder.size(of: tokens, axis: rank - 2, form)
            let row = try builder.apply("Add", name: form.name, [positions, try builder.range(length, form)])
            let batch = try builder.apply("Shape", ["start": .int(0), "end": .int(1)], name: form.name, [tokens])
            let shape = try builder.apply("Concat", ["axis": .int(0)], name: form.name, [batch, try builder.constant([1])])
            positions = try builder.apply("Expand", name: form.name, [row, shape])
        }
        try builder.finish(form, "RotaryEmbedding", [tokens, form.input(2), form.input(3), positions], form.attributes)
    }
}

/// What the attentions of ONNX Runtime have in common.
private struct AttentionCall {
    var attributes: [String: Attribute]
    /// What is added to the score of a key that is masked.
    let filter: Float

    /// Reads the attributes; none may be left.
    init(_ form: inout NodeForm) throws(ModelError) {
        let heads = try AttributeReader.require(try form.takeInt("num_heads"), "num_heads")
        filter = try form.takeFloat("mask_filter_value") ?? -10000
        let isCausal = try form.takeInt("unidirectional") ?? 0 != 0
        attributes = ["q_num_heads": .int(heads), "kv_num_heads": .int(heads), "is_causal": .int(isCausal ? 1 : 0)]
        if let scale = try form.takeFloat("scale"), scale != 0 { attributes["scale"] = .float(scale) }
        try form.checkEmpty()
    }

    /// What is added to the scores: the filter where a mask has zero, and a bias.
    ///
    /// Masks have an element for each batch and key, or for each query too, or the number of keys that count in each batch.
    func mask(
        _ mask: Graph.ValueID?, _ bias: Graph.ValueID?, query: Graph.ValueID, isGrown: Bool, _ form: NodeForm,
        _ builder: inout GraphBuilder
    ) throws(ModelError) -> Graph.ValueID? {
        guard let mask else { return bias }
        let shape = builder.graph.type(mask).tensor?.shape
        let isKept: Graph.ValueID
        let axes: [Int]
        switch shape?.count {
        case 1:
            let batch = builder.graph.type(query).tensor?.shape?.first
            guard let own = shape?.first, let batch, !own.isProvablyDifferent(from: batch), !isGrown else {
                throw ModelError(.unsupported, "a mask with one axis must have one length for each batch, and no past")
            }
            let keys = try builder.range(try builder.size(of: query, axis: 1, form), form)
            let lengths = try builder.apply("CastLike", name: form.name, [mask, keys])
            let column = try builder.apply("Unsqueeze", name: form.name, [lengths, try builder.constant([1])])
            (isKept, axes) = (try builder.apply("Less", name: form.name, [keys, column]), [1, 2])
        case 2, 3:
            let isBool = ["to": Attribute.int(Int(ElementType.bool.rawValue))]
            isKept = try builder.apply("Cast", isBool, name: form.name, [mask])
            axes = shape?.count == 2 ? [1, 2] : [1]
        default: throw ModelError(.unsupported, "the mask must be known to have 1 to 3 axes")
        }
        let added = [try builder.constant(0, like: query), try builder.constant(filter, like: query)]
        let table = try builder.apply("Where", name: form.name, [isKept] + added)
        return try builder.add(try builder.apply("Unsqueeze", name: form.name, [table, try builder.constant(axes)]), bias, form)
    }

    /// Adds the attention; its result has the form's name, all keys and values follow.
    func apply(
        _ inputs: [Graph.ValueID?], _ form: NodeForm, _ builder: inout GraphBuilder
    ) throws(ModelError) -> [Graph.ValueID] {
        let first = (form.outputs.first ?? nil) ?? builder.freshName("attention")
        let names = [first, builder.freshName("keys"), builder.freshName("values")]
        return try builder.append("Attention", attributes, name: form.name, inputs, outputs: names)
    }
}

extension GraphBuilder {
    /// Three parts of a value along an axis, of equal sizes unless some are given.
    fileprivate mutating func split(
        _ value: Graph.ValueID, _ sizes: [Int]?, axis: Int, _ form: NodeForm
    ) throws(ModelError) -> [Graph.ValueID] {
        let names = (0..<3).map { _ in freshName("part") }
        let attributes: [String: Attribute] = ["axis": .int(axis)].merging(sizes == nil ? ["num_outputs": .int(3)] : [:]) { $1 }
        let inputs: [Graph.ValueID?] = [value, try sizes.map { sizes throws(ModelError) in try constant(sizes) }]
        return try append("Split", attributes, name: form.name, inputs, outputs: names)
    }
}
