import SeptumIR
import SeptumTensor

// Edits that move an attribute of an older form to where the newest has it.
extension ONNX {
    /// What the graph holds of the newest form is an older one too.
    @Sendable static func unchanged(_ form: inout OutgoingForm, _ exporter: inout GraphExporter) {}

    @Sendable static func refuseMixedTypes(_ form: inout OutgoingForm, _ exporter: inout GraphExporter) throws(ModelError) {
        let types = Set(form.inputs.compactMap { $0?.fact.type.tensor?.elementType })
        guard types.count == 1 else { throw form.refusal("'\(form.op)' of several element types") }
    }

    @Sendable static func refuseOmission(_ form: inout OutgoingForm, _ exporter: inout GraphExporter) throws(ModelError) {
        guard form.input(0) != nil else { throw form.refusal("'\(form.op)' of nothing") }
    }

    @Sendable static func dropConsumedInputs(_ form: inout NodeForm, _ builder: inout GraphBuilder) {
        form.attributes["consumed_inputs"] = nil
    }

    /// Shapes that were declared to broadcast still do.
    @Sendable static func dropBroadcast(_ form: inout NodeForm, _ builder: inout GraphBuilder) {
        form.attributes["broadcast"] = nil
    }

    /// All outputs of a recurrent operator are optional now.
    @Sendable static func dropOutputSequence(_ form: inout NodeForm, _ builder: inout GraphBuilder) {
        form.attributes["output_sequence"] = nil
    }

    /// Before version 12 Dropout never drops anything; its mask, of the type of the data before version 10, is all zeros.
    ///
    /// Source: https://github.com/microsoft/onnxruntime/blob/v1.32.0/onnxruntime/core/providers/cpu/nn/dropout_op.h (IdentityOp)
    @Sendable static func neverDrop(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        if form.outputs.count > 1, let mask = form.outputs[1] {
            let shape = try builder.apply("Shape", name: form.name, [form.input(0)])
            let no =
                form.opset < 10
                ? try builder.constant(0, like: form.input(0)) : try builder.addConstant(try Tensor([], [Bool8(false)]))
            try builder.append("Expand", [:], name: form.name, [no, shape], outputs: [mask])
        }
        if case _?? = form.outputs.first { try builder.finish(form, "Identity", [form.input(0)]) }
    }

    @Sendable static func defaultAxisZero(_ form: inout NodeForm, _ builder: inout GraphBuilder) {
        if form.attributes["axis"] == nil { form.attributes["axis"] = .int(0) }
    }

    @Sendable static func defaultAxisOne(_ form: inout NodeForm, _ builder: inout GraphBuilder) {
        if form.attributes["axis"] == nil { form.attributes["axis"] = .int(1) }
    }

    @Sendable static func integralP(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        guard let p = try form.takeFloat("p") else { return }
        guard let integer = Int(exactly: p) else {
            throw ModelError(.unsupported, "found \(p), expected an integer", attribute: "p")
        }
        form.attributes["p"] = .int(integer)
    }

    @Sendable static func typeNameToCode(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        let names: [String: ElementType] = [
            "FLOAT": .float32, "UINT8": .uint8, "INT8": .int8, "UINT16": .uint16, "INT16": .int16, "INT32": .int32,
            "INT64": .int64,
            "STRING": .string, "BOOL": .bool, "FLOAT16": .float16, "DOUBLE": .float64, "UINT32": .uint32, "UINT64": .uint64,
        ]
        guard let name = try form.takeString("to") else { return }
        guard let type = names[name] else {
            throw ModelError(.unsupported, "found '\(name)', expected the name of an element type", attribute: "to")
        }
        form.attributes["to"] = .int(Int(type.rawValue))
    }

    // MARK: To inputs

    @Sendable static func axesToInput(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        try moveInts("axes", 1, &form, &builder)
    }

    /// No axes mean all of them.
    @Sendable static func axesToAttribute(_ form: inout OutgoingForm, _ exporter: inout GraphExporter) throws(ModelError) {
        guard form.input(1) == nil || form.integers(1) != nil else { throw form.refusal("a choice of axes at run time") }
        let axes = form.integers(1) ?? []
        if case .int(1) = form.take("noop_with_empty_axes"), axes.isEmpty { throw form.refusal("'noop_with_empty_axes'") }
        form.dropInputs(from: 1)
        if !axes.isEmpty { form.attributes.append(("axes", .ints(axes))) }
    }

    @Sendable static func shapeToInput(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        dropConsumedInputs(&form, &builder)
        try moveInts("shape", 1, &form, &builder)
    }

    @Sendable static func splitToInput(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        try moveInts("split", 1, &form, &builder)
    }

    private static func moveInts(
        _ name: String, _ index: Int, _ form: inout NodeForm, _ builder: inout GraphBuilder
    ) throws(ModelError) {
        guard let values = try form.takeInts(name) else { return }
        guard form.input(index) == nil else {
            throw ModelError(.invalidModel, "found both the attribute and input \(index)", attribute: name)
        }
        form.setInput(index, try builder.constant(values))
    }

    /// Without sizes the input is split into equal parts, one an output.
    @Sendable static func countSplits(_ form: inout NodeForm, _ builder: inout GraphBuilder) {
        if form.input(1) == nil { form.attributes["num_outputs"] = .int(form.outputs.count) }
    }

    /// Equal parts need no sizes; where the last part is or may be smaller, the sizes are given or computed.
    @Sendable static func dropSplitCount(_ form: inout OutgoingForm, _ exporter: inout GraphExporter) throws(ModelError) {
        _ = form.take("num_outputs")
        guard form.input(1) == nil else { return }
        let given = form.attributes.first { $0.name == "axis" }?.value
        guard case .int(let axis) = given ?? .int(0), let shape = form.shape(0), axis < shape.count, axis >= -shape.count else {
            throw form.refusal("a number of parts of a tensor of unknown rank")
        }
        let place = axis < 0 ? axis + shape.count : axis
        let sizes = form.outputs.map { $0?.fact.type.tensor?.shape?[place] ?? .unknown }
        if let size = sizes.first, size != .unknown, sizes.allSatisfy({ $0 == size }) { return }
        let numbers = sizes.compactMap(\.number)
        if numbers.count == sizes.count {
            form.inputs = [form.input(0), try exporter.constant(numbers)]
        } else {
            form.inputs = [form.input(0), try partSizes(form, place, &exporter)]
        }
    }

    /// All parts but the last have the size of the axis over their number, rounded up.
    private static func partSizes(
        _ form: OutgoingForm, _ axis: Int, _ exporter: inout GraphExporter
    ) throws(ModelError) -> OutgoingForm.Value {
        let count = try exporter.constant([form.outputs.count])
        let others = try exporter.constant([form.outputs.count - 1])
        let size = try exporter.apply("Shape", [("start", .int(axis)), ("end", .int(axis + 1))], for: form, form.input(0))
        let part = try exporter.apply("Div", for: form, try exporter.apply("Add", for: form, size, others), count)
        let last = try exporter.apply("Sub", for: form, size, try exporter.apply("Mul", for: form, part, others))
        let parts = try exporter.apply("Expand", for: form, part, others)
        return try exporter.apply("Concat", [("axis", .int(0))], for: form, parts, last)
    }

    @Sendable static func countToInput(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        form.setInput(1, try builder.constant([try AttributeReader.require(try form.takeInt("k"), "k")]))
    }

    @Sendable static func axisToInput(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        form.setInput(2, try builder.constant(try form.takeInt("axis") ?? 1))
    }

    @Sendable static func axisToAttribute(_ form: inout OutgoingForm, _ exporter: inout GraphExporter) throws(ModelError) {
        guard form.input(2) == nil || form.integers(2) != nil else { throw form.refusal("a choice of the axis at run time") }
        form.attributes.append(("axis", .int(form.integers(2)?.first ?? -2)))
        form.dropInputs(from: 2)
    }

    @Sendable static func boundsOfSliceToInputs(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        form.setInput(1, try builder.constant(try AttributeReader.require(try form.takeInts("starts"), "starts")))
        form.setInput(2, try builder.constant(try AttributeReader.require(try form.takeInts("ends"), "ends")))
        try moveInts("axes", 3, &form, &builder)
    }

    /// A bound that was left out was the largest finite float32, which infinities were cut to.
    @Sendable static func boundsToInputs(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        let limit = builder.elementType(form.input(0)) == .float16 ? Float.infinity : Float.greatestFiniteMagnitude
        form.setInput(1, try builder.constant(try form.takeFloat("min") ?? -limit, like: form.input(0)))
        form.setInput(2, try builder.constant(try form.takeFloat("max") ?? limit, like: form.input(0)))
    }

    @Sendable static func renamePaddings(_ form: inout NodeForm, _ builder: inout GraphBuilder) {
        form.attributes["pads"] = form.attributes.removeValue(forKey: "paddings")
    }

    @Sendable static func padsToInputs(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        form.setInput(1, try builder.constant(try AttributeReader.require(try form.takeInts("pads"), "pads")))
        guard let value = try form.takeFloat("value") else { return }
        form.setInput(2, try builder.constant(value, like: form.input(0)))
    }

    // MARK: Refusals

    @Sendable static func refuseTraining(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        guard try form.takeInt("is_test") ?? 0 != 0 else {
            throw ModelError(
                .unsupported, "the node is in training mode", remedy: "export the model for inference", attribute: "is_test")
        }
    }

    @Sendable static func refuseSpatial(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        guard try form.takeInt("spatial") ?? 1 == 1 else {
            throw ModelError(
                .unsupported, "found 0: statistics for each element were dropped from ONNX in opset 9",
                remedy: "export the model with opset 9 or newer", attribute: "spatial")
        }
    }

    @Sendable static func refuseStatistics(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        guard form.outputs.dropFirst().allSatisfy({ $0 == nil }) else {
            throw ModelError(.unsupported, "the node lists batch statistics as outputs", remedy: "export the model for inference")
        }
    }
}
