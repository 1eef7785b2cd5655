import SeptumIR
import SeptumTensor

// Edits that change how shapes meet.
extension ONNX {
    /// Before opset 7 the second input was aligned with the first at `axis`.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Changelog.md#Add-6
    @Sendable static func alignBroadcast(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        let isBroadcast = try form.takeInt("broadcast") ?? 0 != 0
        guard let axis = try form.takeInt("axis"), isBroadcast else { return }
        guard let left = builder.rank(form.input(0)), let right = builder.rank(form.input(1)) else {
            throw ModelError(.unsupported, "the ranks of both inputs must be known", attribute: "axis")
        }
        let start = axis < 0 ? axis + left : axis
        guard start >= 0, start <= left, start + right <= left else {
            throw ModelError(.invalidModel, "found \(axis) for inputs of rank \(left) and \(right)", attribute: "axis")
        }
        guard start + right < left else { return }
        let axes = try builder.constant(Array(right..<left - start))
        form.setInput(1, try builder.apply("Unsqueeze", name: form.name, [form.input(1), axes]))
    }

    /// Before opset 7 a list of slopes belonged to axis 1.
    @Sendable static func slopePerChannel(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        guard builder.rank(form.input(1)) == 1, let rank = builder.rank(form.input(0)), rank > 2 else { return }
        let axes = try builder.constant(Array(1..<rank - 1))
        form.setInput(1, try builder.apply("Unsqueeze", name: form.name, [form.input(1), axes]))
    }

    /// Before opset 13 softmax and its kin ran over all axes from `axis` on, as one.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Changelog.md#Softmax-11
    @Sendable static func flattenFromAxis(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) -> Bool {
        let axis = try form.takeInt("axis") ?? 1
        let input = try form.requiredInput(0)
        if let rank = builder.rank(input), axis == rank - 1 || axis == -1 {
            form.attributes["axis"] = .int(-1)
            return true
        }
        let shape = try builder.apply("Shape", name: form.name, [input])
        let flat = try builder.apply("Flatten", ["axis": .int(axis)], name: form.name, [input])
        let result = try builder.apply(form.op, form.attributes.merging(["axis": .int(-1)]) { $1 }, name: form.name, [flat])
        try builder.finish(form, "Reshape", [result, shape])
        return false
    }

    /// Before opset 21 scale and bias had one element a group.
    @Sendable static func groupScalesToChannels(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        let groups = try AttributeReader.require(try form.int("num_groups"), "num_groups")
        let shape = try builder.apply("Shape", ["start": .int(1), "end": .int(2)], name: form.name, [form.input(0)])
        let perGroup = try builder.apply("Div", name: form.name, [shape, try builder.constant([groups])])
        let target = try builder.apply(
            "Concat", ["axis": .int(0)], name: form.name, [try builder.constant([groups]), perGroup])
        for index in 1...2 {
            let column = try builder.apply("Unsqueeze", name: form.name, [form.input(index), try builder.constant([1])])
            let table = try builder.apply("Expand", name: form.name, [column, target])
            form.setInput(index, try builder.apply("Reshape", name: form.name, [table, try builder.constant([-1])]))
        }
    }
}
