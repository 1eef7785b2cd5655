import SeptumIR
import SeptumTensor

// Operators on quantized tensors: dequantized, computed, quantized again.
// Source: https://github.com/microsoft/onnxruntime/blob/v1.32.0/docs/ContribOperators.md
extension ONNX {
    /// An operator on operands with scale and zero point each; scale and zero point of the result follow.
    static func quantized(_ op: String) -> @Sendable (inout NodeForm, inout GraphBuilder) throws(ModelError) -> Void {
        { form, builder throws(ModelError) in
            let count = op == "Add" || op == "Mul" ? 2 : 1
            var operands: [Graph.ValueID] = []
            for index in 0..<count { operands.append(try builder.dequantized(form, at: 3 * index)) }
            let result = try builder.apply(op, form.attributes, name: form.name, operands)
            try builder.finishQuantized(form, result, like: try form.requiredInput(0), scaleAt: 3 * count)
        }
    }

    /// A pooling with channels in their usual place.
    static func quantizedPool(_ op: String) -> @Sendable (inout NodeForm, inout GraphBuilder) throws(ModelError) -> Void {
        { form, builder throws(ModelError) in
            guard try form.takeInt("channels_last") ?? 0 == 0 else {
                throw ModelError(.unsupported, "found another value than 0", attribute: "channels_last")
            }
            try quantized(op)(&form, &builder)
        }
    }

    @Sendable static func quantizedConcat(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        guard form.inputs.count % 3 == 2, form.inputs.count > 2 else {
            throw ModelError(.invalidModel, "found \(form.inputs.count) inputs, expected 2 and 3 for each operand")
        }
        var operands: [Graph.ValueID] = []
        for index in stride(from: 2, to: form.inputs.count, by: 3) { operands.append(try builder.dequantized(form, at: index)) }
        let result = try builder.apply("Concat", form.attributes, name: form.name, operands)
        try builder.finishQuantized(form, result, like: try form.requiredInput(2), scaleAt: 0)
    }

    /// Before version 13 a softmax ran over all axes from `axis` on, as one.
    @Sendable static func quantizedSoftmax(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        let version = try AttributeReader.require(try form.takeInt("opset"), "opset")
        let rank = builder.rank(form.input(0))
        if version < 13, let axis = try form.int("axis"), axis != -1, rank == nil || axis != (rank ?? 0) - 1 {
            throw ModelError(.unsupported, "found \(axis), expected the last axis in version \(version)", attribute: "axis")
        }
        try quantized("Softmax")(&form, &builder)
    }
}

extension GraphBuilder {
    /// The floats that a tensor stands for, with its scale and zero point in the inputs after it.
    fileprivate mutating func dequantized(_ form: NodeForm, at index: Int) throws(ModelError) -> Graph.ValueID {
        try apply(
            "DequantizeLinear", name: form.name, [try form.requiredInput(index), form.input(index + 1), form.input(index + 2)])
    }

    /// Quantizes with the scale and zero point at a place among the inputs, to the type of another value.
    fileprivate mutating func finishQuantized(
        _ form: NodeForm, _ value: Graph.ValueID, like other: Graph.ValueID, scaleAt index: Int
    ) throws(ModelError) {
        let type = elementType(other).map { ["output_dtype": Attribute.int(Int($0.rawValue))] }
        try finish(form, "QuantizeLinear", [value, form.input(index), form.input(index + 1)], type ?? [:])
    }
}
