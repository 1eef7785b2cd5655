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

    /// Rows by name; each table is made when a file first needs it.
    private struct Table {
        private let rows: [OperatorRow]
        private var places: NameTable

        init(_ rows: [OperatorRow]) {
            self.rows = rows
            places = NameTable(capacity: rows.count)
            for (place, row) in rows.enumerated() { places.insert(row.name, place) }
        }

        subscript(name: String) -> OperatorRow? { places[name].map { rows[$0] } }
    }

    private static let main = Table(mainRows + [simplifiedLayerNormalizationRow])
    private static let machineLearning = Table(machineLearningRows)
    private static let preview = Table(previewRows)
    private static let training = Table(trainingRows)
    private static let microsoft = Table(microsoftRows)

    /// The default operator set has two names.
    static func canonical(_ domain: String) -> String { domain == "ai.onnx" ? "" : domain }

    /// The name of an operator set for people.
    static func title(_ domain: String) -> String { domain.isEmpty ? "ai.onnx" : domain }

    static func row(_ domain: String, _ name: String) -> OperatorRow? {
        switch domain {
        case "": main[name]
        case "ai.onnx.ml": machineLearning[name]
        case "ai.onnx.preview": preview[name]
        case "ai.onnx.preview.training": training[name]
        case "com.microsoft": microsoft[name]
        default: nil
        }
    }

    /// The row of a node's operator; an operator of another domain may come from a plugin that registered `domain.name`.
    ///
    /// - Throws: `unsupported` when the operator set is too new or unknown, or has no such operator.
    static func row(_ node: NodeRecord, _ opset: Int, _ registry: OperatorRegistry) throws(ModelError) -> OperatorRow {
        let domain = canonical(node.domain)
        let known = row(domain, node.operatorName)
        if known == nil, !domain.isEmpty {
            let name = "\(domain).\(node.operatorName)"
            if registry[name] != nil { return OperatorRow(name, 1) }
        }
        guard let newest = newest[domain] else {
            throw ModelError(
                .unsupported, "operator '\(node.operatorName)' of domain '\(domain)' is not known",
                remedy:
                    "register a plugin that provides '\(domain).\(node.operatorName)', or export the model with standard operators only"
            )
        }
        guard opset >= 1, opset <= newest else {
            throw ModelError(
                .unsupported, "found version \(opset) of the operator set '\(title(domain))', the newest known is \(newest)",
                remedy: "export the model with opset \(newest) or older")
        }
        guard let row = known, opset >= row.since, opset <= row.until else {
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
