import SeptumIR
import SeptumTensor

/// What all graphs of one export share.
final class ExportSession {
    /// The version of the default operator set that is written.
    let opset: Int
    /// Where large constants go; nil when all stay in the model's own file.
    let dataFile: DataFileLayout?
    /// Further operator sets that nodes use, with their versions.
    var domains: [String: Int] = [:]

    /// Names of values in every graph so far: a subgraph must not hide what is around it.
    private var taken: Set<String> = []
    /// Names of nodes in every graph so far.
    private var takenByNodes: Set<String> = []

    init(opset: Int, dataFile: DataFileLayout?) {
        self.opset = opset
        self.dataFile = dataFile
    }

    /// A name that no value has.
    func unique(_ name: String) -> String { ExportSession.unique(name, &taken) }

    /// A name that no node has; ONNX Runtime loads no model in which two share one.
    func uniqueNode(_ name: String) -> String { name.isEmpty ? name : ExportSession.unique(name, &takenByNodes) }

    /// The record of a constant.
    func constant(_ name: String, _ tensor: Tensor) throws(ModelError) -> TensorRecord {
        guard let entries = try dataFile?.place(tensor) else { return try TensorRecord(name: name, tensor) }
        return TensorRecord(
            name: name, elementCode: Int(tensor.elementType.rawValue), dimensions: tensor.shape, data: .external(entries))
    }

    private static func unique(_ name: String, _ taken: inout Set<String>) -> String {
        var candidate = name
        var number = 1
        while !taken.insert(candidate).inserted {
            number += 1
            candidate = "\(name)_\(number)"
        }
        return candidate
    }
}
