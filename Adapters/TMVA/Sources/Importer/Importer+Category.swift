import SeptumIR
import SeptumOperators
import SeptumTensor
import SeptumXML

// Source: https://github.com/root-project/root/blob/master/tmva/tmva/src/MethodCategory.cxx (ReadWeightsFromXML, PassesCut,
// GetMvaValue)

extension Importer {
    /// Several methods, each for the events that pass its cut; 0 for those that pass none.
    ///
    /// Spectators that a cut asks for are a second input, `S`.
    func category(_ variables: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> Scores {
        guard file.analysis == .classification else {
            throw ModelError(.unsupported, "categories of the analysis \(file.analysis.rawValue) are not read")
        }
        let methods = file.weights.children(named: "SubMethod")
        guard try file.weights.integer("NSubMethods") == methods.count, !methods.isEmpty, methods.count <= 1000 else {
            throw file.weights.error(
                "has NSubMethods=\"\(try file.weights.string("NSubMethods"))\", but holds \(methods.count) methods")
        }
        var spectators: Graph.ValueID?
        var formulas: [Formula] = []
        for method in methods { formulas.append(try Formula(try method.string("Cut"))) }
        if formulas.contains(where: asksForSpectators) {
            spectators = try graph.addInput("S", .tensor(.float32, ["batch", .fixed(file.spectators.count)]))
        }
        var result: Graph.ValueID?
        for (method, formula) in zip(methods, formulas) {
            let own = Importer(file: try WeightFile(method))
            guard own.file.method != "Category", own.file.analysis == .classification else {
                throw method.error("is a category within a category, or no classification", .unsupported)
            }
            var places: [Int] = []
            for variable in own.file.variables {
                guard let place = self.variable(variable.expression) else {
                    throw method.error("uses '\(variable.expression.prefix(60))', which is not among the variables of the file")
                }
                places.append(place)
            }
            let chosen = places == Array(file.variables.indices) ? variables : try columns(places, of: variables, &graph)
            let value = try own.scores(try own.transformed(chosen, &graph), &graph).prediction
            let passes = try truth(try lowered(formula, variables, spectators, &graph), above: 0.5, &graph)
            let otherwise: Graph.ValueID
            if let result { otherwise = result } else { otherwise = try number(0.0, &graph) }
            result = try graph.apply(Op.Where(), name: "category", try flat(passes, &graph), value, otherwise)
        }
        guard let result else { throw file.weights.error("holds no methods") }
        return Scores(prediction: result)
    }

    private func asksForSpectators(_ formula: Formula) -> Bool {
        switch formula {
        case .number: false
        case .name(let name): variable(name) == nil && spectator(name) != nil
        case .unary(_, let inner): asksForSpectators(inner)
        case .binary(_, let left, let right): asksForSpectators(left) || asksForSpectators(right)
        case .call(_, let arguments): arguments.contains(where: asksForSpectators)
        }
    }

    private func variable(_ name: String) -> Int? { file.variablePlaces.byExpression[name] }
    private func spectator(_ name: String) -> Int? { file.spectatorPlaces.byExpression[name] }

    /// A formula's value: float64 or truth values, `[batch, 1]`.
    private enum Lowered {
        case number(Graph.ValueID)
        case truth(Graph.ValueID)
    }

    private func truth(
        _ value: Lowered, above bound: Double?, _ graph: inout Graph
    ) throws(ModelError) -> Graph.ValueID {
        switch value {
        case .truth(let id): return id
        case .number(let id):
            if let bound { return try graph.apply(Op.Greater(), name: "passes", id, try number(bound, &graph)) }
            let isZero = try graph.apply(Op.Equal(), name: "is_zero", id, try number(0.0, &graph))
            return try graph.apply(Op.Not(), name: "is_true", isZero)
        }
    }

    private func amount(_ value: Lowered, _ graph: inout Graph) throws(ModelError) -> Graph.ValueID {
        switch value {
        case .number(let id): id
        case .truth(let id): try wide(id, &graph)
        }
    }

    private func lowered(
        _ formula: Formula, _ variables: Graph.ValueID, _ spectators: Graph.ValueID?, _ graph: inout Graph
    ) throws(ModelError) -> Lowered {
        switch formula {
        case .number(let value): return .number(try graph.addConstant(try Tensor([1, 1], [value])))
        case .name(let name):
            if let index = variable(name) { return .number(try wide(try columns([index], of: variables, &graph), &graph)) }
            guard let index = spectator(name), let spectators else {
                throw ModelError(.unsupported, "a cut asks for '\(name.prefix(60))', which is no variable and no spectator")
            }
            return .number(try wide(try columns([index], of: spectators, &graph), &graph))
        case .unary(let sign, let inner):
            let value = try lowered(inner, variables, spectators, &graph)
            if sign == "!" {
                return .truth(try graph.apply(Op.Not(), name: "not", try truth(value, above: nil, &graph)))
            }
            let number = try amount(value, &graph)
            return .number(sign == "-" ? try graph.apply(Op.Neg(), name: "minus", number) : number)
        case .binary(let sign, let left, let right):
            let (a, b) = (
                try lowered(left, variables, spectators, &graph), try lowered(right, variables, spectators, &graph)
            )
            if sign == "&&" || sign == "||" {
                let (p, q) = (try truth(a, above: nil, &graph), try truth(b, above: nil, &graph))
                return .truth(
                    sign == "&&" ? try graph.apply(Op.And(), name: "and", p, q) : try graph.apply(Op.Or(), name: "or", p, q))
            }
            let (x, y) = (try amount(a, &graph), try amount(b, &graph))
            switch sign {
            case "+": return .number(try graph.apply(Op.Add(), name: "plus", x, y))
            case "-": return .number(try graph.apply(Op.Sub(), name: "less", x, y))
            case "*": return .number(try graph.apply(Op.Mul(), name: "times", x, y))
            case "/": return .number(try graph.apply(Op.Div(), name: "over", x, y))
            case "<": return .truth(try graph.apply(Op.Less(), name: "below", x, y))
            case "<=": return .truth(try graph.apply(Op.LessOrEqual(), name: "not_above", x, y))
            case ">": return .truth(try graph.apply(Op.Greater(), name: "above", x, y))
            case ">=": return .truth(try graph.apply(Op.GreaterOrEqual(), name: "not_below", x, y))
            case "==": return .truth(try graph.apply(Op.Equal(), name: "equal", x, y))
            default:
                return .truth(
                    try graph.apply(Op.Not(), name: "unequal", try graph.apply(Op.Equal(), name: "equal", x, y)))
            }
        case .call(let name, let arguments):
            var values: [Graph.ValueID] = []
            for argument in arguments { values.append(try amount(try lowered(argument, variables, spectators, &graph), &graph)) }
            switch name {
            case "sqrt": return .number(try graph.apply(Op.Sqrt(), name: "root", values[0]))
            case "log": return .number(try graph.apply(Op.Log(), name: "log", values[0]))
            case "exp": return .number(try graph.apply(Op.Exp(), name: "exp", values[0]))
            case "min": return .number(try graph.apply(Op.Min(), name: "min", values[0], values[1]))
            case "max": return .number(try graph.apply(Op.Max(), name: "max", values[0], values[1]))
            case "pow": return .number(try graph.apply(Op.Pow(), name: "pow", values[0], values[1]))
            default: return .number(try graph.apply(Op.Abs(), name: "abs", values[0]))
            }
        }
    }
}
