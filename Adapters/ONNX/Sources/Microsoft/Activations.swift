import SeptumIR
import SeptumTensor

// Source: https://github.com/microsoft/onnxruntime/blob/v1.32.0/docs/ContribOperators.md
extension ONNX {
    /// The Gelu of a sum.
    @Sendable static func biasGelu(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        try form.checkEmpty()
        let sum = try builder.apply("Add", name: form.name, [try form.requiredInput(0), try form.requiredInput(1)])
        try builder.finish(form, "Gelu", [sum])
    }

    /// The Gelu by its approximation, of a sum if there is a bias.
    @Sendable static func fastGelu(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        try form.checkEmpty()
        let sum = try builder.add(try form.requiredInput(0), form.input(1), form)
        try builder.finish(form, "Gelu", [sum], ["approximate": .string("tanh")])
    }

    /// The number x times the sigmoid of alpha times x.
    @Sendable static func quickGelu(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        let alpha = try form.takeFloat("alpha") ?? 1.702
        try form.checkEmpty()
        try builder.finish(form, "Swish", [try form.requiredInput(0)], ["alpha": .float(alpha)])
    }

    /// A convolution, a sum, an activation.
    @Sendable static func fusedConv(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        let activation = try form.takeString("activation") ?? ""
        let parameters = try form.takeFloats("activation_params") ?? []
        let inputs = (0..<3).map { form.input($0) }
        let result = try builder.apply("Conv", form.attributes, name: form.name, inputs)
        try builder.finish(form, activation, parameters, try builder.add(result, form.input(3), form))
    }

    /// A dense layer and an activation.
    @Sendable static func fusedGemm(_ form: inout NodeForm, _ builder: inout GraphBuilder) throws(ModelError) {
        let activation = try form.takeString("activation") ?? ""
        var parameters: [Float] = []
        for name in ["activation_alpha", "activation_beta", "activation_gamma"] {
            guard let value = try form.takeFloat(name) else { break }
            parameters.append(value)
        }
        let result = try builder.apply("Gemm", form.attributes, name: form.name, form.inputs)
        try builder.finish(form, activation, parameters, result)
    }
}

extension GraphBuilder {
    /// The sum of a value and one that may be omitted.
    mutating func add(_ value: Graph.ValueID, _ other: Graph.ValueID?, _ form: NodeForm) throws(ModelError) -> Graph.ValueID {
        guard let other else { return value }
        return try apply("Add", name: form.name, [value, other])
    }

    /// Adds an activation with its parameters under the name of a form's first output.
    fileprivate mutating func finish(
        _ form: NodeForm, _ activation: String, _ parameters: [Float], _ value: Graph.ValueID
    ) throws(ModelError) {
        let names = [
            "": [], "Relu": [], "Sigmoid": [], "Softplus": [], "Softsign": [], "Tanh": [], "Elu": ["alpha"],
            "LeakyRelu": ["alpha"],
            "ThresholdedRelu": ["alpha"], "HardSigmoid": ["alpha", "beta"],
        ]
        if activation == "Clip", parameters.count == 2 {
            let bounds = [try constant(parameters[0], like: value), try constant(parameters[1], like: value)]
            return try finish(form, "Clip", [value] + bounds)
        }
        guard let known = names[activation], parameters.count <= known.count else {
            throw ModelError(
                .unsupported,
                "found '\(activation)' with \(parameters.count) parameters, expected one of "
                    + names.keys.sorted().dropFirst().joined(separator: ", ") + " or Clip with 2", attribute: "activation")
        }
        let attributes = Dictionary(zip(known, parameters.map(Attribute.float)), uniquingKeysWith: { first, _ in first })
        try finish(form, activation.isEmpty ? "Identity" : activation, [value], attributes)
    }
}
