import SeptumIR
import SeptumTensor

// Source: https://github.com/microsoft/onnxruntime/blob/v1.32.0/docs/ContribOperators.md
extension ONNX {
    /// A normalization by the root of the mean of squares.
    @Sendable static func simplifiedLayerNormalization(
        _ form: inout NodeForm, _ builder: inout GraphBuilder
    ) throws(ModelError) {
        try form.refuseOutputs([1])
        try builder.finish(form, "RMSNormalization", [form.input(0), form.input(1)], form.attributes)
    }

    /// The normalization of a sum, which is the fourth output.
    @Sendable static func skipLayerNormalization(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        let epsilon = try form.takeFloat("epsilon") ?? 1e-12
        try form.checkEmpty()
        try form.refuseOutputs([1, 2])
        let isSimplified = form.op == "SkipSimplifiedLayerNormalization"
        let skipped = try builder.apply("Add", name: form.name, [form.input(0), form.input(1)])
        let sum = try builder.add(skipped, form.input(isSimplified ? 3 : 4), form)
        if form.outputs.count > 3, let output = form.outputs[3] {
            try builder.append("Identity", [:], name: form.name, [sum], outputs: [output])
        }
        guard case _?? = form.outputs.first else { return }
        let weights = isSimplified ? [form.input(2)] : [form.input(2), form.input(3)]
        try builder.finish(
            form, isSimplified ? "RMSNormalization" : "LayerNormalization", [sum] + weights, ["epsilon": .float(epsilon)])
    }

    /// The normalization of the sum of embeddings of words, positions and segments.
    ///
    /// The second output counts the words that a mask leaves.
    @Sendable static func embedLayerNormalization(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        let epsilon = try form.takeFloat("epsilon") ?? 1e-12
        _ = try form.takeInt("mask_index_type")
        try form.checkEmpty()
        let words = try form.requiredInput(0)
        var sum = try builder.apply("Gather", name: form.name, [form.input(2), words])
        let positions: Graph.ValueID
        if let given = form.input(8) {
            positions = given
        } else {
            positions = try builder.range(try builder.size(of: words, axis: 1, form), form)
        }
        sum = try builder.add(sum, try builder.apply("Gather", name: form.name, [form.input(3), positions]), form)
        if let segments = form.input(1) {
            sum = try builder.add(sum, try builder.apply("Gather", name: form.name, [form.input(4), segments]), form)
        }
        if form.outputs.count > 2, let output = form.outputs[2] {
            try builder.append("Identity", [:], name: form.name, [sum], outputs: [output])
        }
        if form.outputs.count > 1, let output = form.outputs[1] {
            let zero = try builder.addConstant(try Tensor([], [Int32(0)]))
            let none = try builder.apply("Mul", name: form.name, [words, zero])
            let mask = form.input(7) ?? none
            let attributes: [String: Attribute] = ["keepdims": .int(0)]
            try builder.append(
                "ReduceSum", attributes, name: form.name, [mask, try builder.constant([1])], outputs: [output])
        }
        try builder.finish(form, "LayerNormalization", [sum, form.input(5), form.input(6)], ["epsilon": .float(epsilon)])
    }
}

extension NodeForm {
    /// Refuses outputs that are used in training alone.
    ///
    /// - Throws: `unsupported` when one of them has a name.
    func refuseOutputs(_ indices: [Int]) throws(ModelError) {
        for index in indices where index < outputs.count && outputs[index] != nil {
            throw ModelError(.unsupported, "output \(index) is not computed", remedy: "export the model for inference")
        }
    }
}

extension GraphBuilder {
    /// The size of a value along an axis, as a scalar.
    mutating func size(of value: Graph.ValueID, axis: Int, _ form: NodeForm) throws(ModelError) -> Graph.ValueID {
        let size = try apply("Shape", ["start": .int(axis), "end": .int(axis + 1)], name: form.name, [value])
        return try apply("Squeeze", name: form.name, [size, try constant([0])])
    }

    /// The numbers from 0 up to a limit.
    mutating func range(_ limit: Graph.ValueID, _ form: NodeForm) throws(ModelError) -> Graph.ValueID {
        try apply("Range", name: form.name, [try constant(0), limit, try constant(1)])
    }
}
