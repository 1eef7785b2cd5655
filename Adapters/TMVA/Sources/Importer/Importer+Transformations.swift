import SeptumIR
import SeptumOperators
import SeptumTensor

extension Importer {
    /// The variables as the method sees them: each transformation after the other, in float32.
    ///
    /// Shape: float32 `[batch, variables]`, in and out.
    func transformed(_ input: Graph.ValueID, _ graph: inout Graph) throws(ModelError) -> Graph.ValueID {
        var event = input
        let all = Array(file.variables.indices)
        for element in file.transformations {
            let step = try Transformation(element, file)
            let given = step.inputs == all ? event : try columns(step.inputs, of: event, &graph)
            let result = try applied(step, given, &graph)
            guard step.outputs != all else {
                event = result
                continue
            }
            // Variables that are not written keep their values.
            let both = try graph.apply(Op.Concat(axis: 1), name: "both", event, result)
            var places = all
            for (place, variable) in step.outputs.enumerated() { places[variable] = all.count + place }
            event = try columns(places, of: both, &graph)
        }
        return event
    }

    private func applied(
        _ step: Transformation, _ x: Graph.ValueID, _ graph: inout Graph
    ) throws(ModelError) -> Graph.ValueID {
        let count = step.inputs.count
        switch step.kind {
        case .normalize(let minimum, let maximum):
            // (x - min) * scale * 2 - 1, each step rounded to float32.
            let scales = Importer.scales(minimum, maximum).prefix(count)
            let offset = try graph.addConstant(try Tensor([1, count], Array(minimum.prefix(count))))
            let scale = try graph.addConstant(try Tensor([1, count], Array(scales)))
            let scaled = try graph.apply(
                Op.Mul(), name: "scaled", try graph.apply(Op.Sub(), name: "shifted", x, offset), scale)
            let doubled = try graph.apply(Op.Mul(), name: "doubled", scaled, try number(Float(2), &graph))
            return try graph.apply(Op.Sub(), name: "normalized", doubled, try number(Float(1), &graph))
        case .decorrelate(let matrix):
            let transposed = (0..<count * count).map { matrix[$0 % count * count + $0 / count] }
            let weights = try graph.addConstant(try Tensor([count, count], transposed))
            return try narrow(try graph.apply(Op.MatMul(), name: "decorrelated", try wide(x, &graph), weights), &graph)
        case .principalComponents(let mean, let matrix):
            let centre = try graph.addConstant(try Tensor([1, count], mean))
            let weights = try graph.addConstant(try Tensor([count, count], matrix))
            let centred = try graph.apply(Op.Sub(), name: "centred", try wide(x, &graph), centre)
            return try narrow(try graph.apply(Op.MatMul(), name: "components", centred, weights), &graph)
        case .gauss(let tables, let isFlat): return try distributed(x, tables, isFlat: isFlat, &graph)
        case .rearrange: return x
        }
    }

    /// Source: https://github.com/root-project/root/blob/master/tmva/tmva/src/VariableNormalizeTransform.cxx (Transform)
    private static func scales(_ minimum: [Float], _ maximum: [Float]) -> [Float] {
        zip(minimum, maximum).map { Float(1 / Double($1 - $0)) }
    }

    /// Targets in their own units.
    ///
    /// Of several transformations of targets the Reader undoes the first one only.
    ///
    /// Shape: float32 `[batch, targets]`, in and out.
    ///
    /// Source: https://github.com/root-project/root/blob/master/tmva/tmva/src/TransformationHandler.cxx (InverseTransform),
    /// VariableNormalizeTransform.cxx (InverseTransform)
    func targets(_ values: Graph.ValueID, count: Int, _ graph: inout Graph) throws(ModelError) -> Graph.ValueID {
        for element in file.transformations {
            let step = try Transformation(element, file)
            guard !step.targets.isEmpty, case .normalize(let minimum, let maximum) = step.kind else { continue }
            let scales = Importer.scales(minimum, maximum)
            var result = values
            for (place, target) in step.targets where target < count {
                // min + (y + 1) / (scale * 2), each step rounded to float32.
                let y = try columns([target], of: values, &graph)
                let above = try graph.apply(Op.Add(), name: "above", y, try number(Float(1), &graph))
                let stretched = try graph.apply(
                    Op.Div(), name: "stretched", above, try number(scales[place] * 2, &graph))
                let restored = try graph.apply(Op.Add(), name: "restored", try number(minimum[place], &graph), stretched)
                guard count > 1 else { return restored }
                let both = try graph.apply(Op.Concat(axis: 1), name: "both", result, restored)
                result = try columns((0..<count).map { $0 == target ? count : $0 }, of: both, &graph)
            }
            return result
        }
        return values
    }
}
