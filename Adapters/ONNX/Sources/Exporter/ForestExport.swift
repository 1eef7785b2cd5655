import SeptumIR
import SeptumOperators
import SeptumTensor

extension SpecialExports {
    /// Sums in float64 need version 5 of `ai.onnx.ml`, which came with opset 21; in float32 older versions do.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/onnx/helper.py (VERSION_TABLE)
    @Sendable static func needOfForest(_ node: Graph.Node) -> OpsetNeed {
        guard let forest = node.op as? Op.Forest, forest.rules.accumulationType == .float64 else {
            return OpsetNeed(version: ONNX.oldestExport, reason: "")
        }
        return OpsetNeed(version: 21, reason: "a forest summed in float64, operator 'TreeEnsemble' of ai.onnx.ml 5,")
    }

    /// Writes a forest as `TreeEnsembleRegressor` when it is summed in float32, as `TreeEnsemble` when in float64.
    ///
    /// What those leave open is written around them: the type in which features are compared, the divisor, the base score.
    @Sendable static func exportForest(
        _ node: Graph.Node, _ exporter: inout GraphExporter
    ) throws(ModelError) {
        let session = exporter.session
        guard let forest = node.op as? Op.Forest, let input = node.inputs.first ?? nil, let output = node.outputs.first ?? nil
        else {
            throw ModelError(.unsupported, "ONNX has no operator that gives the leaves without the scores")
        }
        guard node.outputs.count < 2 || node.outputs[1] == nil else {
            throw ModelError(.unsupported, "ONNX has no operator that gives the leaves of a forest")
        }
        let need = needOfForest(node)
        guard need.version <= session.opset else { throw need.refusal(session.opset) }
        var table = exporter.name(input)
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
        let target = exporter.name(output)
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
        needMachineLearning(session, version: type == .float64 ? 5 : nil)
        guard !isPlain else { return }
        var scores = sums
        if forest.rules.divisor != 1 {
            let divisor = exporter.addConstant(try type.number(Double(forest.rules.divisor)), target + "_divisor")
            let isLast = forest.baseScore == nil || forest.rules.baseScoreOrder == .beforeTrees
            let mean = isLast ? target : session.unique(target + "_mean")
            exporter.append(NodeRecord("Div", inputs: [scores, divisor], outputs: [mean]))
            scores = mean
        }
        if let base = forest.baseScore, forest.rules.baseScoreOrder == .afterTrees {
            let name = exporter.addConstant(base, target + "_base")
            exporter.append(NodeRecord("Add", inputs: [scores, name], outputs: [target]))
        }
    }
}

extension ElementType {
    fileprivate func number(_ value: Double) throws(ModelError) -> Tensor {
        self == .float64 ? try Tensor([], [value]) : try Tensor([], [Float(value)])
    }
}
