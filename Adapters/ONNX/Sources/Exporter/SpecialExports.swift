import SeptumIR
import SeptumOperators
import SeptumTensor

/// An operator that ONNX has under another name or in another form.
struct SpecialExport: Sendable {
    let need: @Sendable (Graph.Node) -> OpsetNeed
    let export: @Sendable (Graph.Node, inout GraphExporter) throws(ModelError) -> Void

    init(
        need: @escaping @Sendable (Graph.Node) -> OpsetNeed = { _ in OpsetNeed(version: ONNX.oldestExport, reason: "") },
        _ export: @escaping @Sendable (Graph.Node, inout GraphExporter) throws(ModelError) -> Void
    ) {
        self.need = need
        self.export = export
    }
}

enum SpecialExports {
    static let all = [
        "CastMap": SpecialExport(exportAsMachineLearning),
        "CategoryTable": SpecialExport(need: needOfCategoryTable, exportCategoryTable),
        "DictVectorizer": SpecialExport(exportAsMachineLearning),
        "Forest": SpecialExport(need: needOfForest, exportForest), "LinearLeaves": SpecialExport(exportLinearLeaves),
        "SVMClassifier": SpecialExport(exportSupportVectors),
    ]

    /// Operators of `ai.onnx.ml` that these write, with the version of the operator set.
    static let written = [
        "CastMap": 1, "DictVectorizer": 1, "LabelEncoder": 2, "SVMClassifier": 1, "TreeEnsemble": 5, "TreeEnsembleRegressor": 3,
    ]

    /// Says which version of `ai.onnx.ml` a file needs at least; those below 4 differ in nothing that is written.
    static func needMachineLearning(_ session: ExportSession, version: Int? = nil) {
        session.domains["ai.onnx.ml"] = max(session.domains["ai.onnx.ml"] ?? 0, version ?? (session.opset < 16 ? 2 : 3))
    }

    /// Writes an operator that `ai.onnx.ml` has in the same form.
    @Sendable private static func exportAsMachineLearning(
        _ node: Graph.Node, _ exporter: inout GraphExporter
    ) throws(ModelError) {
        var attributes: [AttributeRecord] = []
        for (name, value) in node.op.attributes {
            if let record = try exporter.attribute(name, value, []) { attributes.append(record) }
        }
        exporter.append(
            NodeRecord(
                node.op.name, domain: "ai.onnx.ml", name: exporter.session.uniqueNode(node.name),
                inputs: node.inputs.map { $0.map(exporter.name) ?? "" },
                outputs: node.outputs.map { $0.map(exporter.name) ?? "" },
                attributes: attributes))
        needMachineLearning(exporter.session)
    }

    /// Writes weights as attributes and classes as their own labels; of the two columns for one pair the second is its score.
    @Sendable private static func exportSupportVectors(
        _ node: Graph.Node, _ exporter: inout GraphExporter
    ) throws(ModelError) {
        let session = exporter.session
        guard let op = node.op as? Op.SVMClassifier, node.inputs.count > 2, let table = node.inputs[0],
            let vectors = exporter.constant(node.inputs[1]), let coefficients = exporter.constant(node.inputs[2])
        else { throw ModelError(.unsupported, "ONNX has no support vectors that are computed") }
        var attributes: [AttributeRecord] = [
            .init("classlabels_ints", .ints(Array(op.vectorCounts.indices))),
            .init("support_vectors", .floats(try vectors.array(of: Float.self))),
            .init("coefficients", .floats(try coefficients.array(of: Float.self))),
        ]
        for (name, value) in op.attributes {
            if let record = try exporter.attribute(name, value, []) { attributes.append(record) }
        }
        let targets = (0..<2).map { index -> String in
            let id = index < node.outputs.count ? node.outputs[index] : nil
            return id.map(exporter.name) ?? session.unique("unused")
        }
        let isPair = op.vectorCounts.count == 2 && op.slopes.isEmpty
        let columns = isPair ? session.unique(targets[1] + "_columns") : targets[1]
        exporter.append(
            NodeRecord(
                "SVMClassifier", domain: "ai.onnx.ml", name: session.uniqueNode(node.name),
                inputs: [exporter.name(table)], outputs: [targets[0], columns], attributes: attributes))
        needMachineLearning(session)
        guard isPair else { return }
        let second = exporter.addConstant(try Tensor([1], [Int64(1)]), targets[1] + "_second")
        exporter.append(
            NodeRecord("Gather", inputs: [columns, second], outputs: [targets[1]], attributes: [.init("axis", .int(1))]))
    }
}
