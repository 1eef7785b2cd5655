import SeptumIR
import SeptumTensor

// Operators in terms of older ones, as the functions that define them say.
//
// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md (function bodies)
extension ONNX {
    @Sendable static func castToItsType(_ form: inout OutgoingForm, _ exporter: inout GraphExporter) throws(ModelError) {
        guard let type = form.input(1)?.fact.type.tensor?.elementType else { throw ModelError(.invalidModel, "no target type") }
        form.become("Cast", [("to", .int(Int(type.rawValue)))] + form.attributes, form.input(0))
    }

    // MARK: Activations

    @Sendable static func geluByErf(_ form: inout OutgoingForm, _ exporter: inout GraphExporter) throws(ModelError) {
        let x = try form.requiredInput(0)
        func constant(_ value: Double) throws(ModelError) -> OutgoingForm.Value { try exporter.constant(value, like: x) }
        let bent: OutgoingForm.Value
        if case .string("tanh")? = form.take("approximate") {
            let square = try exporter.apply("Mul", for: form, x, x)
            let cube = try exporter.apply("Mul", for: form, square, x)
            let part = try exporter.apply("Mul", for: form, cube, try constant(0.044715))
            let sum = try exporter.apply("Add", for: form, x, part)
            let scaled = try exporter.apply("Mul", for: form, sum, try constant((2 / Double.pi).squareRoot()))
            bent = try exporter.apply("Tanh", for: form, scaled)
        } else {
            let scaled = try exporter.apply("Div", for: form, x, try constant(2.0.squareRoot()))
            bent = try exporter.apply("Erf", for: form, scaled)
        }
        let raised = try exporter.apply("Add", for: form, bent, try constant(1))
        let half = try exporter.apply("Mul", for: form, x, try constant(0.5))
        form.become("Mul", [], half, raised)
    }

    @Sendable static func hardSwishByHardSigmoid(_ form: inout OutgoingForm, _ exporter: inout GraphExporter) throws(ModelError) {
        let x = try form.requiredInput(0)
        form.become(
            "Mul", [], x, try exporter.apply("HardSigmoid", [("alpha", .float(1 / 6)), ("beta", .float(0.5))], for: form, x))
    }

    @Sendable static func mishByTanh(_ form: inout OutgoingForm, _ exporter: inout GraphExporter) throws(ModelError) {
        let x = try form.requiredInput(0)
        let softplus = try exporter.apply("Softplus", for: form, x)
        form.become("Mul", [], x, try exporter.apply("Tanh", for: form, softplus))
    }

    @Sendable static func swishBySigmoid(_ form: inout OutgoingForm, _ exporter: inout GraphExporter) throws(ModelError) {
        let x = try form.requiredInput(0)
        guard case .float(let alpha) = form.take("alpha") ?? .float(1) else { return }
        let scaled = alpha == 1 ? x : try exporter.apply("Mul", for: form, x, try exporter.constant(Double(alpha), like: x))
        form.become("Mul", [], x, try exporter.apply("Sigmoid", for: form, scaled))
    }

    // MARK: Normalisations

    @Sendable static func layerNormByMeans(_ form: inout OutgoingForm, _ exporter: inout GraphExporter) throws(ModelError) {
        guard form.outputs.dropFirst().allSatisfy({ $0 == nil }) else { throw form.refusal("the mean as an output") }
        let x = try widened(&form, &exporter)
        let axes = try exporter.constant(try trailingAxes(form))
        let mean = try exporter.apply("ReduceMean", for: form, x, axes)
        let deviation = try exporter.apply("Sub", for: form, x, mean)
        let result = try overRootMeanSquare(deviation, axes, form, &exporter)
        try finish(result, like: try form.requiredInput(0), &form, &exporter)
    }

    @Sendable static func rmsNormByMeans(_ form: inout OutgoingForm, _ exporter: inout GraphExporter) throws(ModelError) {
        let x = try widened(&form, &exporter)
        let axes = try exporter.constant(try trailingAxes(form))
        let result = try overRootMeanSquare(x, axes, form, &exporter)
        try finish(result, like: try form.requiredInput(1), &form, &exporter)
    }

    /// Groups become the channels of an instance normalisation.
    @Sendable static func groupNormByInstances(_ form: inout OutgoingForm, _ exporter: inout GraphExporter) throws(ModelError) {
        guard let shape = form.shape(0), shape.count >= 2, case .int(let groups)? = form.take("num_groups") else {
            throw form.refusal("'GroupNormalization' of a tensor of unknown rank")
        }
        guard groups > 0, groups <= 1 << 20 else { throw ModelError(.limit, "found \(groups)", attribute: "num_groups") }
        let x = try widened(&form, &exporter)
        let sizes = shape.dropFirst().compactMap(\.number)
        let size = sizes.count == shape.count - 1 ? try Tensor.elementCount(sizes) / groups : -1
        let flat = try exporter.apply("Reshape", for: form, x, try exporter.constant([0, groups, size]))
        let isDouble = x.fact.type.tensor?.elementType == .float64
        func each(_ value: Double) throws(ModelError) -> OutgoingForm.Value {
            let all = [Double](repeating: value, count: groups)
            return exporter.constant(isDouble ? try Tensor([groups], all) : try Tensor([groups], all.map(Float.init)))
        }
        let epsilon = form.attributes.filter { $0.name == "epsilon" }
        let standard = try exporter.apply("InstanceNormalization", epsilon, for: form, flat, try each(1), try each(0))
        let result = try exporter.apply("Reshape", for: form, standard, try exporter.apply("Shape", for: form, x))
        for index in 1...2 where shape.count > 2 {
            let axes = try exporter.constant(Array(1..<shape.count - 1))
            form.inputs[index] = try exporter.apply("Unsqueeze", for: form, form.input(index), axes)
        }
        try finish(result, like: try form.requiredInput(0), &form, &exporter)
    }

    /// The input in the precision that the first stage has at least.
    private static func widened(
        _ form: inout OutgoingForm, _ exporter: inout GraphExporter
    ) throws(ModelError) -> OutgoingForm.Value {
        let x = try form.requiredInput(0)
        guard case .int(let code) = form.take("stash_type") ?? .int(1), let type = x.fact.type.tensor?.elementType,
            type == .float16 || type == .bfloat16
        else { return x }
        return try cast(x, to: try ElementType.onnx(code), form, &exporter)
    }

    private static func cast(
        _ value: OutgoingForm.Value, to type: ElementType, _ form: OutgoingForm, _ exporter: inout GraphExporter
    ) throws(ModelError) -> OutgoingForm.Value {
        if value.fact.type.tensor?.elementType == type { return value }
        return try exporter.apply("Cast", [("to", .int(Int(type.rawValue)))], for: form, value)
    }

    private static func trailingAxes(_ form: OutgoingForm) throws(ModelError) -> [Int] {
        guard case .int(let axis)? = form.attributes.first(where: { $0.name == "axis" })?.value else { return [-1] }
        if axis < 0, axis >= -64 { return Array(axis..<0) }
        guard let rank = form.shape(0)?.count, (0..<rank).contains(axis) else {
            throw form.refusal("'\(form.op)' of a tensor of unknown rank")
        }
        return Array(axis..<rank)
    }

    private static func overRootMeanSquare(
        _ x: OutgoingForm.Value, _ axes: OutgoingForm.Value, _ form: OutgoingForm, _ exporter: inout GraphExporter
    ) throws(ModelError) -> OutgoingForm.Value {
        guard case .float(let epsilon)? = form.attributes.first(where: { $0.name == "epsilon" })?.value else {
            throw ModelError(.invalidModel, "is missing", attribute: "epsilon")
        }
        let square = try exporter.apply("Mul", for: form, x, x)
        let mean = try exporter.apply("ReduceMean", for: form, square, axes)
        let raised = try exporter.apply("Add", for: form, mean, try exporter.constant(Double(epsilon), like: x))
        return try exporter.apply("Div", for: form, x, try exporter.apply("Sqrt", for: form, raised))
    }

    /// Scales and shifts in the precision of the result.
    private static func finish(
        _ value: OutgoingForm.Value, like other: OutgoingForm.Value, _ form: inout OutgoingForm, _ exporter: inout GraphExporter
    ) throws(ModelError) {
        guard let type = other.fact.type.tensor?.elementType else { throw ModelError(.invalidModel, "the input is no tensor") }
        let (scale, bias) = (form.input(1), form.input(2))
        let narrowed = try cast(value, to: type, form, &exporter)
        guard let bias else { return form.become("Mul", [], narrowed, scale) }
        form.become("Add", [], try exporter.apply("Mul", for: form, narrowed, scale), bias)
    }
}
