#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import SeptumIR
import SeptumTensor

/// Turns a model into the record of a file.
enum ModelExporter {
    /// The IR version that came with each version of the operator set.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/onnx/helper.py (VERSION_TABLE)
    private static let irVersions = [18: 8, 19: 9, 20: 9, 21: 10, 22: 10, 23: 11, 24: 12, 25: 13, 26: 13, 27: 13, 28: 14]

    static func record(_ model: Model, _ options: ExportOptions) throws(ModelError) -> ModelRecord {
        var opset = ONNX.oldestExport
        if let asked = options.version {
            guard irVersions[asked] != nil else {
                throw ModelError(
                    .unsupported,
                    "opset \(asked) was asked for, \(ONNX.oldestExport) to \(irVersions.keys.max() ?? 0) can be written")
            }
            opset = asked
        } else {
            opset = max(opset, try OpsetNeed.of(model.graph).version)
        }
        var session = ExportSession(opset: opset)
        var record = ModelRecord()
        record.graph = try GraphExporter.record(model.graph, &session)
        record.irVersion = irVersions[opset] ?? ONNX.newestIRVersion
        record.opsets =
            [OpsetRecord(domain: "", version: opset)]
            + session.domains.sorted { $0.key < $1.key }
            .map { OpsetRecord(domain: $0.key, version: $0.value) }
        record.producerName = "septum"
        record.metadata = model.metadata.sorted { $0.key < $1.key }.map { Entry(key: $0.key, value: $0.value) }
        if let contract = model.contract {
            let text = ContractCoding.encode(contract).description
            record.metadata.append(Entry(key: ModelImporter.contractKey, value: text))
        }
        return record
    }

    /// Writes a file, which appears under its name only when it is complete.
    ///
    /// - Throws: `file` when it cannot be written.
    static func write(_ record: ModelRecord, to path: String) throws(ModelError) {
        let document = try record.document()
        let temporary = path + ".part"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw ModelError(.file, "cannot be created: \(String(cString: strerror(errno)))") }
        var failure: ModelError?
        do throws(ModelError) {
            try document.write(to: descriptor)
        } catch {
            failure = error
        }
        let isClosed = close(descriptor) == 0
        if failure == nil, isClosed, rename(temporary, path) == 0 { return }
        unlink(temporary)
        throw failure ?? ModelError(.file, "cannot be written: \(String(cString: strerror(errno)))")
    }
}

/// What all graphs of one export share.
struct ExportSession {
    let opset: Int
    /// Further operator sets that nodes use, with their versions.
    var domains: [String: Int] = [:]
    /// Names of values in every graph so far: a subgraph must not hide what is around it.
    var taken: Set<String> = []

    /// Names of nodes in every graph so far.
    private var takenByNodes: Set<String> = []

    init(opset: Int) { self.opset = opset }

    /// A name that no value has.
    mutating func unique(_ name: String) -> String { ExportSession.unique(name, &taken) }

    /// A name that no node has; ONNX Runtime loads no model in which two share one.
    mutating func uniqueNode(_ name: String) -> String { name.isEmpty ? name : ExportSession.unique(name, &takenByNodes) }

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
