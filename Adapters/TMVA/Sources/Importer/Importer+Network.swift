import SeptumIR
import SeptumOperators
import SeptumTensor
import SeptumXML

// Source: https://github.com/root-project/root/blob/master/tmva/tmva/src/MethodANNBase.cxx (ReadWeightsFromXML, BuildLayers,
// GetMvaValue, GetRegressionValues, GetMulticlassValues), MethodMLP.cxx (GetMvaValue)

extension Importer {
    /// How the inputs of a neuron become one number.
    private enum Gathering: String {
        case sum, sqsum, abssum
    }

    private enum Activation: String {
        case linear, sigmoid, tanh, radial
        case relu = "ReLU"
    }

    func network(_ event: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> Scores {
        let neuron = file.options["NeuronType"] ?? "sigmoid"
        guard let activation = Activation(rawValue: neuron) else {
            throw unknown("NeuronType", neuron, "linear, sigmoid, tanh, ReLU, radial")
        }
        let input = file.options["NeuronInputType"] ?? "sum"
        guard let gathering = Gathering(rawValue: input) else {
            throw unknown("NeuronInputType", input, "sum, sqsum, abssum")
        }
        let estimator = file.options["EstimatorType"] ?? "MSE"
        guard estimator == "MSE" || estimator == "CE" else { throw unknown("EstimatorType", estimator, "MSE, CE") }
        let layers = try layers()
        var values = try wide(event, &graph)
        for (index, layer) in layers.enumerated() {
            let isLast = index == layers.count - 1
            values = try gathered(values, layer, gathering, &graph)
            let function = isLast ? (estimator == "CE" ? Activation.sigmoid : .linear) : activation
            values = try activated(values, function, &graph)
        }
        let width = layers.last?.bias.count ?? 0
        switch file.analysis {
        case .classification:
            guard width == 1 else { throw wrongOutputs(width, 1) }
            return Scores(prediction: try flat(values, &graph))
        case .regression:
            guard width == file.targets.count else { throw wrongOutputs(width, file.targets.count) }
            return Scores(prediction: try targets(try narrow(values, &graph), count: width, &graph))
        case .multiclass:
            guard width == file.classes.count else { throw wrongOutputs(width, file.classes.count) }
            let scores = try wide(try narrow(values, &graph), &graph)
            return Scores(prediction: try shares(scores, &graph), margin: scores)
        }
    }

    private func unknown(_ option: String, _ found: String, _ known: String) -> ModelError {
        ModelError(.unsupported, "found '\(found.prefix(40))'", remedy: "known are \(known)", attribute: option)
    }

    private func wrongOutputs(_ found: Int, _ expected: Int) -> ModelError {
        ModelError(.malformed, "the network has \(found) output neurons, expected \(expected)")
    }

    /// The weights into one layer.
    private struct Layer {
        /// Row by row for each neuron of the layer before; the Reader rounds them to float32.
        var weights: [Double]
        var bias: [Double]
    }

    /// `<Layer>` holds the neurons of one layer, each with the weights of its synapses into the next; the last neuron of every
    /// layer but the output layer is the bias, whose value is 1.
    private func layers() throws(ModelError) -> [Layer] {
        let layout = file.weights.child("Layout") ?? file.weights
        let elements = layout.children(named: "Layer")
        guard try layout.integer("NLayers") == elements.count, elements.count >= 2 else {
            throw layout.error("has NLayers=\"\(try layout.string("NLayers"))\", but holds \(elements.count) layers")
        }
        var counts: [Int] = []
        for (index, element) in elements.enumerated() {
            let count = try element.integer("NNeurons")
            guard try element.integer("Index") == index, count == element.children(named: "Neuron").count, count > 0 else {
                throw element.error("is not layer \(index) with as many neurons as NNeurons=\"\(count)\" says")
            }
            counts.append(index == elements.count - 1 ? count : count - 1)
        }
        guard counts[0] == file.variables.count else {
            throw elements[0].error("has \(counts[0]) input neurons, the file has \(file.variables.count) variables")
        }
        var layers: [Layer] = []
        for (index, element) in elements.dropLast().enumerated() {
            var rows: [[Double]] = []
            for neuron in element.children(named: "Neuron") {
                guard try neuron.integer("NSynapses") == counts[index + 1] else {
                    throw neuron.error("has NSynapses=\"\(try neuron.string("NSynapses"))\", expected \(counts[index + 1])")
                }
                rows.append(try neuron.numbers(counts[index + 1], Float.self).map(Double.init))
            }
            layers.append(Layer(weights: Array(rows.dropLast().joined()), bias: rows.last ?? []))
        }
        return layers
    }

    /// Source: https://github.com/root-project/root/blob/master/tmva/tmva/inc/TMVA/TNeuronInputSum.h, TNeuronInputSqSum.h,
    /// TNeuronInputAbs.h (GetInput)
    private func gathered(
        _ values: Graph.ValueID, _ layer: Layer, _ gathering: Gathering, _ graph: inout Graph
    ) throws(ModelError) -> Graph.ValueID {
        let width = layer.bias.count
        var (inputs, weights, bias) = (values, layer.weights, layer.bias)
        switch gathering {
        case .sum: break
        case .sqsum:
            inputs = try graph.apply(Op.Mul(), name: "squares", values, values)
            (weights, bias) = (weights.map { $0 * $0 }, bias.map { $0 * $0 })
        case .abssum:
            inputs = try graph.apply(Op.Abs(), name: "sizes", values)
            (weights, bias) = (weights.map(abs), bias.map(abs))
        }
        let height = width == 0 ? 0 : weights.count / width
        let matrix = try graph.addConstant(try Tensor([height, width], weights))
        let product = try graph.apply(Op.MatMul(), name: "product", inputs, matrix)
        return try graph.apply(Op.Add(), name: "input", product, try graph.addConstant(try Tensor([width], bias)))
    }

    private func activated(
        _ values: Graph.ValueID, _ activation: Activation, _ graph: inout Graph
    ) throws(ModelError) -> Graph.ValueID {
        switch activation {
        case .linear: return values
        case .relu: return try graph.apply(Op.Relu(), name: "relu", values)
        case .sigmoid:
            let power = try graph.apply(Op.Exp(), name: "power", try graph.apply(Op.Neg(), name: "falling", values))
            let sum = try graph.apply(Op.Add(), name: "denominator", power, try number(1.0, &graph))
            return try graph.apply(Op.Div(), name: "sigmoid", try number(1.0, &graph), sum)
        case .radial:
            let square = try graph.apply(Op.Mul(), name: "square", try graph.apply(Op.Neg(), name: "falling", values), values)
            return try graph.apply(
                Op.Exp(), name: "radial", try graph.apply(Op.Mul(), name: "half", square, try number(0.5, &graph)))
        case .tanh: return try hyperbolicTangent(values, &graph)
        }
    }

    /// Files of TMVA before 4.2.1 are evaluated with the hyperbolic tangent itself, later ones with a ratio of polynomials in
    /// float32. It goes on beyond 4.97, where sources of ROOT cut it off, because the Reader that made the reference does.
    ///
    /// Source: https://github.com/root-project/root/blob/master/tmva/tmva/src/TActivationTanh.cxx (fast_tanh),
    /// MethodANNBase.cxx (ReadWeightsFromXML)
    private func hyperbolicTangent(_ x: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> Graph.ValueID {
        guard file.version >= 0x04_0201 else { return try graph.apply(Op.Tanh(), name: "tanh", x) }
        func horner(
            _ square: Graph.ValueID, _ highest: Float?, _ coefficients: [Float], _ graph: inout Graph
        ) throws(ModelError) -> Graph.ValueID {
            var value = square
            if let highest { value = try graph.apply(Op.Mul(), name: "term", square, try number(highest, &graph)) }
            for (index, coefficient) in coefficients.enumerated() {
                if index > 0 { value = try graph.apply(Op.Mul(), name: "term", square, value) }
                value = try graph.apply(Op.Add(), name: "polynomial", try number(coefficient, &graph), value)
            }
            return value
        }
        let square = try narrow(try graph.apply(Op.Mul(), name: "square", x, x), &graph)
        let upper = try horner(square, nil, [378, 17325, 135135], &graph)
        let numerator = try narrow(
            try graph.apply(Op.Mul(), name: "numerator", x, try wide(upper, &graph)), &graph)
        let denominator = try horner(square, 28, [3150, 62370, 135135], &graph)
        return try wide(try graph.apply(Op.Div(), name: "tanh", numerator, denominator), &graph)
    }
}
