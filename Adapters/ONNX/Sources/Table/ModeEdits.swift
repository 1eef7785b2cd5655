import SeptumIR
import SeptumTensor

// Edits that spell out what an older version meant, or name it as the newest does.
extension ONNX {
    static func renameTo(_ name: String) -> @Sendable (inout NodeForm, inout GraphBuilder) throws(ModelError) -> Void {
        { form, _ in form.op = name }
    }

    /// The constants of version 1 had fewer digits.
    @Sendable static func roundedSelu(_ form: inout NodeForm, _ builder: inout GraphBuilder) {
        if form.attributes["alpha"] == nil { form.attributes["alpha"] = .float(1.6732) }
        if form.attributes["gamma"] == nil { form.attributes["gamma"] = .float(1.0507) }
    }

    @Sendable static func renameSamplingModes(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        let names = ["bilinear": "linear", "bicubic": "cubic"]
        let mode = try form.takeString("mode") ?? "bilinear"
        form.attributes["mode"] = .string(names[mode] ?? mode)
    }

    /// Older versions sample images only.
    @Sendable static func renameSamplingModesBack(_ form: inout OutgoingForm, _ exporter: inout GraphExporter) throws(ModelError)
    {
        guard form.shape(0)?.count == 4 else { throw form.refusal("'GridSample' of other than four axes") }
        let names = ["linear": "bilinear", "cubic": "bicubic"]
        guard case .string(let mode)? = form.take("mode") else { return }
        form.attributes.append(("mode", .string(names[mode] ?? mode)))
    }

    @Sendable static func outputHalfPixel(_ form: inout NodeForm, _ builder: inout GraphBuilder) {
        form.attributes["coordinate_transformation_mode"] = .string("output_half_pixel")
    }

    @Sendable static func dropOutputHalfPixel(_ form: inout OutgoingForm, _ exporter: inout GraphExporter) throws(ModelError) {
        guard case .string("output_half_pixel")? = form.take("coordinate_transformation_mode") else {
            throw form.refusal("a shift by half a pixel")
        }
    }

    /// A random node without a seed gets one of its own: a hash (FNV-1a) of the name of its output, cut to what a float holds.
    ///
    /// So nodes draw different numbers, and a file gives the same ones wherever and whenever it is read.
    @Sendable static func seedFromName(_ form: inout NodeForm, _ builder: inout GraphBuilder) {
        switch form.attributes["seed"] {
        case nil: break
        case .float(let seed) where seed.isNaN: break
        default: return
        }
        form.attributes["seed"] = .float(Float(seed(of: form)))
    }

    /// A Dropout that may drop gets a seed in the same way.
    @Sendable static func seedOfTraining(_ form: inout NodeForm, _ builder: inout GraphBuilder) {
        guard form.input(2) != nil, form.attributes["seed"] == nil else { return }
        form.attributes["seed"] = .int(seed(of: form))
    }

    /// 24 bits, which a float32 holds too.
    private static func seed(of form: NodeForm) -> Int {
        let name = form.outputs.first.flatMap { $0 } ?? form.name
        let hash = name.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return Int(hash >> 40)
    }

    /// Version 10 scaled coordinates without a shift and rounded down.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/onnx/version_converter/adapters/resize_10_11.h
    @Sendable static func asymmetricResize(_ form: inout NodeForm, _ builder: inout GraphBuilder) {
        form.attributes["coordinate_transformation_mode"] = .string("asymmetric")
        form.attributes["nearest_mode"] = .string("floor")
        form.inputs = [form.input(0), nil, form.input(1)]
    }

    @Sendable static func scalesToInput(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        form.setInput(1, try builder.constant(try AttributeReader.require(try form.takeFloats("scales"), "scales")))
    }

    @Sendable static func upsampleToResize(_ form: inout NodeForm, _ builder: inout GraphBuilder) {
        form.op = "Resize"
        if case .string("bilinear") = form.attributes["mode"] { form.attributes["mode"] = .string("linear") }
        asymmetricResize(&form, &builder)
    }

    /// Before inputs could be omitted, empty tensors stood for them.
    @Sendable static func omitEmptyInputs(_ form: inout NodeForm, _ builder: inout GraphBuilder) {
        for index in form.inputs.indices.dropFirst() where builder.constantValue(form.inputs[index])?.count == 0 {
            form.inputs[index] = nil
        }
    }

    /// Version 8 scans each entry of a batch, axis 0, by itself, along axis 1: a Scan over the batch whose body is a Scan.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Changelog.md#Scan-8
    @Sendable static func scanOfBatch(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        guard form.input(0) == nil else {
            throw ModelError(
                .unsupported, "the sequences have lengths of their own, beyond which the results are undefined",
                remedy: "export the model with opset 9 or newer")
        }
        form.inputs.removeFirst(min(1, form.inputs.count))
        var inner = form.attributes
        inner["scan_input_directions"] = inner.removeValue(forKey: "directions")
        let captureCount = try form.int("captures") ?? 0
        let entryCount = form.inputs.count - captureCount
        var entry = Graph(name: "entry")
        var inputs: [Graph.ValueID?] = []
        for (index, id) in form.inputs.enumerated() {
            guard let id else { throw ModelError(.invalidModel, "input \(index + 1) is required") }
            var type = builder.graph.type(id)
            if index < entryCount {
                guard let tensor = type.tensor, tensor.shape?.isEmpty != true else {
                    throw ModelError(.invalidModel, "input \(index + 1) is \(type), expected a batch")
                }
                type = .tensor(tensor.elementType, tensor.shape.map { Array($0.dropFirst()) })
            }
            inputs.append(try entry.addInput("input_\(index)", type))
        }
        let scan = try builder.registry.make("Scan", inner.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
        for id in try entry.append(scan, inputs: inputs, outputs: form.outputs.indices.map { "output_\($0)" }) {
            try entry.addOutput(id)
        }
        form.attributes = ["body": .graph(entry), "num_scan_inputs": .int(entryCount), "captures": .int(captureCount)]
    }
}
