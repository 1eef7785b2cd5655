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

    // MARK: Back

    @Sendable static func sliceOfShape(_ form: inout OutgoingForm, _ exporter: inout GraphExporter) throws(ModelError) {
        let bounds = (form.take("start"), form.take("end"))
        guard case .int(let start) = bounds.0 ?? .int(0), case .int(let end) = bounds.1 ?? .int(.max) else { return }
        guard start != 0 || end != .max else { return }
        let shape = try exporter.apply("Shape", for: form, form.input(0))
        form.become("Slice", [], shape, try exporter.constant([start]), try exporter.constant([end]))
    }

    /// Axes that are not padded get no elements.
    @Sendable static func padAllAxes(_ form: inout OutgoingForm, _ exporter: inout GraphExporter) throws(ModelError) {
        guard form.input(3) != nil else { return }
        guard let axes = form.integers(3), let pads = form.integers(1), let rank = form.shape(0)?.count,
            pads.count == 2 * axes.count
        else { throw form.refusal("a choice of axes at run time") }
        var all = [Int](repeating: 0, count: 2 * rank)
        for (index, axis) in axes.enumerated() {
            let place = axis < 0 ? axis + rank : axis
            guard (0..<rank).contains(place) else { throw ModelError(.invalidModel, "found axis \(axis) for rank \(rank)") }
            (all[place], all[place + rank]) = (pads[index], pads[index + axes.count])
        }
        form.inputs = [form.input(0), try exporter.constant(all), form.input(2)]
    }

    /// Axes that are not resized keep their sizes, or are scaled by one.
    @Sendable static func resizeAllAxes(_ form: inout OutgoingForm, _ exporter: inout GraphExporter) throws(ModelError) {
        guard case .ints(let axes)? = form.take("axes") else { return }
        guard let shape = form.shape(0), form.input(1) == nil else { throw form.refusal("a choice of axes") }
        let places = axes.map { $0 < 0 ? $0 + shape.count : $0 }
        guard places.allSatisfy(shape.indices.contains) else {
            throw ModelError(.invalidModel, "found axes \(axes) for rank \(shape.count)", attribute: "axes")
        }
        if let scales = form.input(2) {
            guard let values = try scales.fact.constant?.array(of: Float.self), values.count == axes.count else {
                throw form.refusal("a choice of axes with scales that are not known")
            }
            var all = [Float](repeating: 1, count: shape.count)
            for (place, value) in zip(places, values) { all[place] = value }
            form.inputs[2] = exporter.constant(try Tensor([all.count], all))
        } else {
            var all = shape.map(\.number)
            for (place, size) in zip(places, form.integers(3) ?? []) { all[place] = size }
            let sizes = all.compactMap { $0 }
            guard form.integers(3)?.count == axes.count, sizes.count == all.count else {
                throw form.refusal("a choice of axes with sizes that are not known")
            }
            form.inputs[3] = try exporter.constant(sizes)
        }
    }
}
