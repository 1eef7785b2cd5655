import SeptumIR
import SeptumTensor

/// An operator of ONNX and what Septum does with it.
public struct ONNXOperator: Sendable, Hashable {
    public let name: String
    /// The operator set, `ai.onnx` for the default one.
    public let domain: String
    /// The version of the operator set that introduced it.
    public let since: Int
    /// Versions of the operator set in which it is read; nil when it is not.
    public let read: ClosedRange<Int>?
    /// Versions of the operator set in which it is written; nil when it is not.
    public let written: ClosedRange<Int>?
}

extension ONNXAdapter {
    /// The newest version of each operator set that is read, by names such as `ai.onnx`.
    public static var newestOpsets: [String: Int] {
        Dictionary(uniqueKeysWithValues: ONNX.newest.map { (ONNX.title($0.key), $0.value) })
    }

    /// Every operator that the table has, in order of operator sets and names.
    public var operators: [ONNXOperator] {
        let constant = ONNXOperator(
            name: "Constant", domain: ONNX.title(""), since: 1, read: 1...ONNX.newestVersion(""), written: nil)
        let main = ONNX.mainRows.map { describe($0, "") } + [constant]
        let others = [
            ("ai.onnx.ml", ONNX.machineLearningRows), ("ai.onnx.preview", ONNX.previewRows),
            ("ai.onnx.preview.training", ONNX.trainingRows), ("com.microsoft", ONNX.microsoftRows),
        ]
        return main.sorted { $0.name < $1.name }
            + others.flatMap { domain, rows in rows.map { describe($0, domain) }.sorted { $0.name < $1.name } }
    }

    private func describe(_ row: OperatorRow, _ domain: String) -> ONNXOperator {
        let newest = ONNX.newestVersion(domain)
        var written: ClosedRange<Int>?
        if let since = SpecialExports.written[row.name], !domain.isEmpty { written = since...newest }
        if domain.isEmpty, registry[row.name] != nil, row.oldestWritten <= newest {
            written = max(row.oldestWritten, ONNX.oldestExport)...newest
        }
        let until = min(row.until, newest)
        let isRead = row.since <= until && isReadable(row)
        return ONNXOperator(
            name: row.name, domain: ONNX.title(domain), since: row.since, read: isRead ? row.since...until : nil, written: written
        )
    }

    /// Why a node of a file cannot be read; nil when its operator can.
    public func objection(to use: ONNXSurvey.Use) -> String? {
        let domain = ONNX.canonical(use.domain)
        if use.isCall { return nil }
        guard let opset = use.opset else { return "the file does not say which version of '\(use.domain)' it uses" }
        if domain.isEmpty, use.op == "Constant", opset >= 1, opset <= ONNX.newestVersion("") { return nil }
        do throws(ModelError) {
            let row = try ONNX.row(NodeRecord(use.op, domain: domain, inputs: [], outputs: []), opset, registry)
            return isReadable(row) ? nil : "there is no such operator yet"
        } catch {
            return error.message
        }
    }

    /// Whether Septum has the operator, or others do its work whatever the version.
    private func isReadable(_ row: OperatorRow) -> Bool {
        registry[row.name] != nil || row.edits.contains { $0.before == .max }
    }
}

extension ONNX {
    fileprivate static func newestVersion(_ domain: String) -> Int { newest[domain] ?? 1 }
}
