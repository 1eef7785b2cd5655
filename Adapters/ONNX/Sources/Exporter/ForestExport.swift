import SeptumIR
import SeptumOperators
import SeptumTensor

extension SpecialExports {
    /// Writes a forest as `TreeEnsembleRegressor` when it is summed in float32, as `TreeEnsemble` when in float64.
    ///
    /// What those leave open is written around them: the type in which features are compared, the divisor, the base score.
    @Sendable static func exportForest(
        _ node: Graph.Node, _ exporter: inout GraphExporter, _ session: inout ExportSession
    ) throws(ModelError) {
        guard let forest = node.op as? Op.Forest, let input = node.inputs.first ?? nil, let output = node.outputs.first ?? nil
        else {
            throw ModelError(.unsupported, "ONNX has no operator that gives the leaves without the scores")
        }
        guard node.outputs.count < 2 || node.outputs[1] == nil else {
            throw ModelError(.unsupported, "ONNX has no operator that gives the leaves of a forest")
        }
        var table = exporter.name(input, &session)
        let type = forest.rules.accumulationType
        let lists = try ForestLists(forest, singleOutputLeaves: type == .float64)
        func cast(_ name: String, to type: ElementType) -> String {
            let result = session.unique(name + "_" + type.name)
            exporter.append(
                NodeRecord(
                    "Cast", inputs: [name], outputs: [result], attributes: [.init("to", .int(Int(type.rawValue)))]))
            return result
        }
        if exporter.type(input)?.elementType != forest.rules.featureType { table = cast(table, to: forest.rules.featureType) }
        if forest.rules.featureType != type { table = cast(table, to: type) }
        let target = exporter.name(output, &session)
        let isPlain =
            forest.rules.divisor == 1 && forest.baseScore == nil
            || forest.rules.divisor == 1 && forest.rules.baseScoreOrder == .beforeTrees
        let sums = isPlain ? target : session.unique(target + "_sum")
        let attributes = type == .float32 ? lists.regressor() : try lists.ensemble()
        exporter.append(
            NodeRecord(
                type == .float32 ? "TreeEnsembleRegressor" : "TreeEnsemble", domain: "ai.onnx.ml",
                name: session.uniqueNode(node.name),
                inputs: [table], outputs: [sums], attributes: attributes))
        session.domains["ai.onnx.ml"] = max(session.domains["ai.onnx.ml"] ?? 3, type == .float32 ? 3 : 5)
        guard !isPlain else { return }
        var scores = sums
        if forest.rules.divisor != 1 {
            let divisor = try exporter.addInitializer(
                try type.number(Double(forest.rules.divisor)), target + "_divisor", &session)
            let isLast = forest.baseScore == nil || forest.rules.baseScoreOrder == .beforeTrees
            let mean = isLast ? target : session.unique(target + "_mean")
            exporter.append(NodeRecord("Div", inputs: [scores, divisor], outputs: [mean]))
            scores = mean
        }
        if let base = forest.baseScore, forest.rules.baseScoreOrder == .afterTrees {
            let name = try exporter.addInitializer(base, target + "_base", &session)
            exporter.append(NodeRecord("Add", inputs: [scores, name], outputs: [target]))
        }
    }
}

extension ElementType {
    fileprivate func number(_ value: Double) throws(ModelError) -> Tensor {
        self == .float64 ? try Tensor([], [value]) : try Tensor([], [Float(value)])
    }
}
