import SeptumIR
import SeptumTensor

/// What is known of ONNX itself: its operator sets and their versions.
enum ONNX {
    /// The newest versions that the table covers.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Versioning.md
    static let newest = ["": 28, "ai.onnx.ml": 5, "ai.onnx.preview": 1, "ai.onnx.preview.training": 1, "com.microsoft": 1]
    static let newestIRVersion = 14
    /// The oldest version that can be written, and the oldest that is written without being asked for.
    static let oldestExport = 13
    static let defaultExport = 18

    private static let rows: [String: [String: OperatorRow]] = [
        "": Dictionary(uniqueKeysWithValues: (mainRows + [simplifiedLayerNormalizationRow]).map { ($0.name, $0) }),
        "ai.onnx.ml": Dictionary(uniqueKeysWithValues: machineLearningRows.map { ($0.name, $0) }),
        "ai.onnx.preview": Dictionary(uniqueKeysWithValues: previewRows.map { ($0.name, $0) }),
        "ai.onnx.preview.training": Dictionary(uniqueKeysWithValues: trainingRows.map { ($0.name, $0) }),
        "com.microsoft": Dictionary(uniqueKeysWithValues: microsoftRows.map { ($0.name, $0) }),
    ]

    /// The default operator set has two names.
    static func canonical(_ domain: String) -> String { domain == "ai.onnx" ? "" : domain }

    /// The name of an operator set for people.
    static func title(_ domain: String) -> String { domain.isEmpty ? "ai.onnx" : domain }

    static func row(_ domain: String, _ name: String) -> OperatorRow? { rows[domain]?[name] }

    /// The row of a node's operator; an operator of another domain may come from a plugin that registered `domain.name`.
    ///
    /// - Throws: `unsupported` when the operator set is too new or unknown, or has no such operator.
    static func row(_ node: NodeRecord, _ opset: Int, _ registry: OperatorRegistry) throws(ModelError) -> OperatorRow {
        let domain = canonical(node.domain)
        let name = "\(domain).\(node.operatorName)"
        if !domain.isEmpty, row(domain, node.operatorName) == nil, registry[name] != nil { return OperatorRow(name, 1) }
        guard let newest = newest[domain] else {
            throw ModelError(
                .unsupported, "operator '\(node.operatorName)' of domain '\(domain)' is not known",
                remedy: "register a plugin that provides '\(name)', or export the model with standard operators only")
        }
        guard opset >= 1, opset <= newest else {
            throw ModelError(
                .unsupported, "found version \(opset) of the operator set '\(title(domain))', the newest known is \(newest)",
                remedy: "export the model with opset \(newest) or older")
        }
        guard let row = row(domain, node.operatorName), opset >= row.since, opset <= row.until else {
            let set = "version \(opset) of the operator set '\(title(domain))'"
            throw ModelError(
                .unsupported, "\(set) has no operator '\(node.operatorName)'\(hint(node, opset))",
                remedy: "export the model with standard operators only, or give the function that defines it")
        }
        return row
    }

    private static func hint(_ node: NodeRecord, _ opset: Int) -> String {
        guard let row = row(canonical(node.domain), node.operatorName) else { return "" }
        return opset < row.since ? ", version \(row.since) added it" : ", version \(row.until) was the last that had it"
    }
}
