import SeptumIR
import SeptumOperators
import SeptumTensor

/// Gives a weight file its meaning as a graph.
struct Importer {
    let file: WeightFile

    func model(named name: String) throws(ModelError) -> Model {
        var graph = Graph(name: "tmva")
        let input = try graph.addInput("X", .tensor(.float32, ["batch", .fixed(file.variables.count)]))
        let event = try transformed(input, &graph)
        let result = try scores(event, &graph)
        try graph.addOutput(try checked(result.prediction, event, &graph), name: "prediction")
        if let margin = result.margin { try graph.addOutput(margin, name: "margin") }
        var model = Model(graph: graph, contract: contract(graph))
        model.metadata = metadata()
        return model
    }

    func scores(_ event: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> Scores {
        switch file.method {
        case "BDT": return try forest(event, &graph)
        case "MLP", "MLPBNN": return try network(event, &graph)
        case "Fisher": return try fisher(event, &graph)
        case "LD": return try linear(event, &graph)
        case "Category": return try category(event, &graph)
        default:
            throw ModelError(
                .unsupported, "found the method '\(file.method.prefix(40))'",
                remedy: "known are BDT, MLP, MLPBNN, Fisher, LD and Category")
        }
    }

    /// What a method computes of a transformed event.
    struct Scores {
        /// float64 `[batch]` for a classification, float32 `[batch, targets or classes]` otherwise.
        var prediction: Graph.ValueID
        /// float64, before the link; nil when there is no link.
        var margin: Graph.ValueID?
    }

    /// The Reader answers -999 where a transformed variable is NaN.
    ///
    /// Source: https://github.com/root-project/root/blob/master/tmva/tmva/src/Reader.cxx (EvaluateMVA)
    private func checked(
        _ prediction: Graph.ValueID, _ event: Graph.ValueID, _ graph: inout Graph
    ) throws(ModelError) -> Graph.ValueID {
        guard file.analysis == .classification else { return prediction }
        let isMissing = try graph.apply(Op.Cast(to: .float32), name: "missing", try graph.apply(Op.IsNaN(), name: "nan", event))
        let any = try graph.apply(
            Op.ReduceMax(keepdims: false), name: "any_missing", isMissing, try graph.addConstant(try Tensor([1], [Int64(1)])))
        let answer = try graph.apply(Op.Greater(), name: "is_missing", any, try graph.addConstant(try Tensor([], [Float(0)])))
        return try graph.apply(Op.Where(), name: "checked", answer, try number(-999.0, &graph), prediction)
    }

    private func contract(_ graph: Graph) -> InputContract {
        func features(_ variables: [WeightFile.Variable]) -> [InputContract.Feature] {
            variables.map { InputContract.Feature(name: $0.label, unit: $0.unit.isEmpty ? nil : $0.unit) }
        }
        var inputs = [InputContract.Input(tensor: "X", features: features(file.variables))]
        if graph.inputs.count > 1 { inputs.append(InputContract.Input(tensor: "S", features: features(file.spectators))) }
        let columns: [String]? =
            switch file.analysis {
            case .classification: nil
            case .regression: file.targets.map(\.label)
            case .multiclass: file.classes
            }
        return InputContract(
            name: file.title, inputs: inputs,
            outputs: columns.map { [InputContract.Output(tensor: "prediction", columns: $0)] } ?? [])
    }

    private func metadata() -> [String: String] {
        var metadata = ["method": "\(file.method)::\(file.title)", "analysis": file.analysis.rawValue]
        for variable in file.variables {
            metadata["variable \(variable.label)"] = "\(variable.expression), \(variable.minimum) to \(variable.maximum)"
        }
        return metadata
    }
}

// MARK: Pieces of graphs

extension Importer {
    func number(_ value: Double, _ graph: inout Graph) throws(ModelError) -> Graph.ValueID {
        try graph.addConstant(try Tensor([], [value]))
    }

    func number(_ value: Float, _ graph: inout Graph) throws(ModelError) -> Graph.ValueID {
        try graph.addConstant(try Tensor([], [value]))
    }

    func wide(_ value: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> Graph.ValueID {
        try graph.apply(Op.Cast(to: .float64), name: "wide", value)
    }

    func narrow(_ value: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> Graph.ValueID {
        try graph.apply(Op.Cast(to: .float32), name: "narrow", value)
    }

    /// Shape: `[batch, 1] -> [batch]`.
    func flat(_ value: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> Graph.ValueID {
        try graph.apply(Op.Squeeze(), name: "flat", value, try graph.addConstant(try Tensor([1], [Int64(1)])))
    }

    /// Columns of a table, in the order given.
    func columns(_ places: [Int], of table: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> Graph.ValueID {
        let indices = try graph.addConstant(try Tensor([places.count], places.map(Int64.init)))
        return try graph.apply(Op.Gather(axis: 1), name: "columns", table, indices)
    }

    /// `start + coefficient[0] * x[0] + coefficient[1] * x[1] + ...`, each product and each sum rounded to float64, for several
    /// lists of coefficients at once.
    ///
    /// Shape: `[batch, variables] -> [batch, lists]`; float32 -> float64.
    func sums(
        _ table: Graph.ValueID, start: [Double], coefficients: [[Double]], rounded: Bool = false, _ graph: inout Graph
    ) throws(ModelError) -> Graph.ValueID {
        let count = start.count
        var sum = try graph.addConstant(try Tensor([1, count], start))
        for variable in file.variables.indices {
            let factors = coefficients.map { variable < $0.count ? $0[variable] : 0 }
            let x = try wide(try columns([variable], of: table, &graph), &graph)
            let term = try graph.apply(Op.Mul(), name: "term", x, try graph.addConstant(try Tensor([1, count], factors)))
            sum = try graph.apply(Op.Add(), name: "sum", sum, term)
            if rounded { sum = try wide(try narrow(sum, &graph), &graph) }
        }
        return sum
    }

    /// `1 / sum over j of exp(t[j] - t[i])`, in float64, rounded to float32 at the end.
    ///
    /// Source: https://github.com/root-project/root/blob/master/tmva/tmva/src/MethodBDT.cxx (GetMulticlassValues)
    func shares(_ scores: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> Graph.ValueID {
        func axis(_ number: Int64) throws(ModelError) -> Graph.ValueID { try graph.addConstant(try Tensor([1], [number])) }
        let others = try graph.apply(Op.Unsqueeze(), name: "others", scores, try axis(1))
        let own = try graph.apply(Op.Unsqueeze(), name: "own", scores, try axis(2))
        let ratios = try graph.apply(Op.Exp(), name: "ratios", try graph.apply(Op.Sub(), name: "differences", others, own))
        let norm = try graph.apply(Op.ReduceSum(keepdims: false), name: "norm", ratios, try axis(2))
        return try narrow(try graph.apply(Op.Div(), name: "shares", try number(1.0, &graph), norm), &graph)
    }
}
