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

    /// Writes a forest as `TreeEnsembleRegressor` when it is summed in float32, as `TreeEnsemble` when in float64; once for the
    /// scores and once for the labels of the leaves, as far as each is asked for.
    ///
    /// What those leave open is written around them: the columns that are tested, the type in which they are compared, the
    /// divisor, the base score.
    @Sendable static func exportForest(
        _ node: Graph.Node, _ exporter: inout GraphExporter
    ) throws(ModelError) {
        guard let forest = node.op as? Op.Forest, let input = node.inputs.first ?? nil else {
            throw ModelError(.invalidModel, "the forest has no input")
        }
        let need = needOfForest(node)
        guard need.version <= exporter.session.opset else { throw need.refusal(exporter.session.opset) }
        let (type, compared) = (forest.rules.accumulationType, forest.rules.featureType)
        var columns = try ForestTable(forest)
        var ensembles: [(lists: ForestLists, output: Graph.ValueID, content: ForestLists.Content)] = []
        for (place, content) in [ForestLists.Content.scores, .labels].enumerated() where place < node.outputs.count {
            guard let output = node.outputs[place] else { continue }
            let lists = try ForestLists(forest, content, singleOutputLeaves: type == .float64, &columns)
            ensembles.append((lists, output, content))
        }
        var table = exporter.name(input)
        if exporter.type(input)?.elementType != compared { table = exporter.cast(table, to: compared) }
        table = try columns.write(table, &exporter)
        if compared != type { table = exporter.cast(table, to: type) }
        for (lists, output, content) in ensembles {
            let (target, session) = (exporter.name(output), exporter.session)
            let isPlain = content == .scores && exporter.isPlain(forest)
            let sums = isPlain ? target : session.unique(target + "_sum")
            exporter.append(
                NodeRecord(
                    type == .float32 ? "TreeEnsembleRegressor" : "TreeEnsemble", domain: "ai.onnx.ml",
                    name: session.uniqueNode(node.name), inputs: [table], outputs: [sums],
                    attributes: type == .float32 ? lists.regressor() : try lists.ensemble()))
            needMachineLearning(session, version: type == .float64 ? 5 : nil)
            if content == .labels {
                exporter.cast(sums, to: .int64, named: target)
            } else if !isPlain {
                try exporter.finish(sums, forest, named: target)
            }
        }
    }
}

extension GraphExporter {
    /// Whether the sums are the scores.
    fileprivate func isPlain(_ forest: Op.Forest) -> Bool {
        forest.rules.divisor == 1 && (forest.baseScore == nil || forest.rules.baseScoreOrder == .beforeTrees)
    }

    /// Divides sums and adds the base score behind them.
    fileprivate mutating func finish(_ sums: String, _ forest: Op.Forest, named target: String) throws(ModelError) {
        let type = forest.rules.accumulationType
        let base = forest.rules.baseScoreOrder == .afterTrees ? forest.baseScore : nil
        var scores = sums
        if forest.rules.divisor != 1 {
            let divisor = addConstant(try type.number(Double(forest.rules.divisor)), target + "_divisor")
            scores = add("Div", [scores, divisor], named: base == nil ? target : nil)
        }
        if let base { add("Add", [scores, addConstant(base, target + "_base")], named: target) }
    }

    /// Writes a node of the default operator set; its result gets a name of its own unless one is given.
    @discardableResult
    mutating func add(
        _ op: String, _ inputs: [String], _ attributes: [AttributeRecord] = [], named target: String? = nil
    ) -> String {
        let result = target ?? session.unique("\(inputs.first ?? op)_\(op.lowercased())")
        append(NodeRecord(op, inputs: inputs, outputs: [result], attributes: attributes))
        return result
    }

    @discardableResult
    mutating func cast(_ name: String, to type: ElementType, named target: String? = nil) -> String {
        add("Cast", [name], [.init("to", .int(Int(type.rawValue)))], named: target)
    }
}

extension ElementType {
    /// A number of this type, float32 or float64.
    func number(_ value: Double) throws(ModelError) -> Tensor {
        self == .float64 ? try Tensor([], [value]) : try Tensor([], [Float(value)])
    }
}
