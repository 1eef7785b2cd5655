import SeptumIR
import SeptumOperators
import SeptumTensor

/// Operators that ONNX has under another name or in another form.
enum SpecialExports {
    typealias Export = @Sendable (Graph.Node, inout GraphExporter, inout ExportSession) throws(ModelError) -> Void

    static let all: [String: Export] = [
        "CastMap": exportAsMachineLearning, "DictVectorizer": exportAsMachineLearning, "Forest": exportForest,
        "SVMClassifier": exportSupportVectors,
    ]

    /// Operators of `ai.onnx.ml` that these write, with the version of the operator set.
    static let written = [
        "CastMap": 1, "DictVectorizer": 1, "SVMClassifier": 1, "TreeEnsemble": 5, "TreeEnsembleRegressor": 3,
    ]

    /// Writes an operator that `ai.onnx.ml` has in the same form.
    @Sendable private static func exportAsMachineLearning(
        _ node: Graph.Node, _ exporter: inout GraphExporter, _ session: inout ExportSession
    ) throws(ModelError) {
        var attributes: [AttributeRecord] = []
        for (name, value) in node.op.attributes {
            if let record = try exporter.attribute(name, value, [], &session) { attributes.append(record) }
        }
        exporter.append(node.op.name, domain: "ai.onnx.ml", node, attributes, &session)
        session.domains["ai.onnx.ml"] = max(session.domains["ai.onnx.ml"] ?? 3, 3)
    }

    /// Writes weights as attributes and classes as their own labels; of the two columns for one pair the second is its score.
    @Sendable private static func exportSupportVectors(
        _ node: Graph.Node, _ exporter: inout GraphExporter, _ session: inout ExportSession
    ) throws(ModelError) {
        guard let op = node.op as? Op.SVMClassifier, let table = node.inputs.first ?? nil,
            let vectors = exporter.constant(node.inputs[1]), let coefficients = exporter.constant(node.inputs[2])
        else { throw ModelError(.unsupported, "ONNX has no support vectors that are computed") }
        var attributes: [AttributeRecord] = [
            .init("classlabels_ints", .ints(Array(op.vectorCounts.indices))),
            .init("support_vectors", .floats(try vectors.array(of: Float.self))),
            .init("coefficients", .floats(try coefficients.array(of: Float.self))),
        ]
        for (name, value) in op.attributes {
            if let record = try exporter.attribute(name, value, [], &session) { attributes.append(record) }
        }
        let targets = (0..<2).map { index -> String in
            let id = index < node.outputs.count ? node.outputs[index] : nil
            return id.map { exporter.name($0, &session) } ?? session.unique("unused")
        }
        let isPair = op.vectorCounts.count == 2 && op.slopes.isEmpty
        let columns = isPair ? session.unique(targets[1] + "_columns") : targets[1]
        exporter.append(
            NodeRecord(
                "SVMClassifier", domain: "ai.onnx.ml", name: session.uniqueNode(node.name),
                inputs: [exporter.name(table, &session)], outputs: [targets[0], columns], attributes: attributes))
        session.domains["ai.onnx.ml"] = max(session.domains["ai.onnx.ml"] ?? 3, 3)
        guard isPair else { return }
        let second = try exporter.addInitializer(try Tensor([1], [Int64(1)]), targets[1] + "_second", &session)
        exporter.append(
            NodeRecord("Gather", inputs: [columns, second], outputs: [targets[1]], attributes: [.init("axis", .int(1))]))
    }
}
