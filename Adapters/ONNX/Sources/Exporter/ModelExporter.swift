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
    private static let irVersions = [
        13: 7, 14: 7, 15: 8, 16: 8, 17: 8, 18: 8, 19: 9, 20: 9, 21: 10, 22: 10, 23: 11, 24: 12, 25: 13, 26: 13, 27: 13, 28: 14,
    ]

    /// Constants of more bytes do not fit in one file, whose limit is 2 GiB, with all else that it holds.
    private static let ownFileLimit = 1 << 31 - 1 << 26

    static func record(
        _ model: Model, _ options: ExportOptions, _ dataFile: DataFileLayout? = nil
    ) throws(ModelError) -> ModelRecord {
        let opset = try version(model, options)
        let session = ExportSession(opset: opset, dataFile: dataFile)
        var record = ModelRecord()
        record.graph = try GraphExporter.record(model.graph, session)
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

    /// The version that is asked for, or else the oldest that needs no older form of an operator.
    private static func version(_ model: Model, _ options: ExportOptions) throws(ModelError) -> Int {
        guard let asked = options.version else { return max(ONNX.defaultExport, try OpsetNeed.of(model.graph).version) }
        guard irVersions[asked] != nil else {
            throw ModelError(
                .unsupported,
                "opset \(asked) was asked for, \(ONNX.oldestExport) to \(irVersions.keys.max() ?? 0) can be written")
        }
        let need = OpsetNeed.ofTypes(model.graph)
        guard need.version <= asked else { throw need.refusal(asked) }
        return asked
    }

    /// Writes a model: a file, and beside it one of data when the constants are too large or the caller wants it.
    ///
    /// Each appears under its name only when both are complete.
    ///
    /// - Throws: `unsupported` when ONNX cannot hold the model, `file` when a file cannot be written.
    static func write(_ model: Model, _ options: ExportOptions, to path: String) throws(ModelError) {
        let isLarge = try constantSize(model.graph) > ownFileLimit
        let dataFile =
            isLarge || options.externalData
            ? DataFileLayout(name: (path.split(separator: "/").last.map(String.init) ?? path) + ".data") : nil
        let document = try record(model, options, dataFile).document()
        var paths = [path]
        if let dataFile, !dataFile.isEmpty { paths.insert(path + ".data", at: 0) }
        do throws(ModelError) {
            try create(part(path)) { descriptor throws(ModelError) in try document.write(to: descriptor) }
            if let dataFile, paths.count > 1 {
                try create(part(paths[0])) { descriptor throws(ModelError) in try dataFile.write(to: descriptor) }
            }
            for path in paths where rename(part(path), path) != 0 { throw failure() }
        } catch {
            for path in paths { unlink(part(path)) }
            throw error
        }
    }

    private static func part(_ path: String) -> String { path + ".part" }

    private static func create(_ path: String, _ write: (Int32) throws(ModelError) -> Void) throws(ModelError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw ModelError(.file, "cannot be created: \(String(cString: strerror(errno)))") }
        do throws(ModelError) {
            try write(descriptor)
        } catch {
            close(descriptor)
            throw error
        }
        guard close(descriptor) == 0 else { throw failure() }
    }

    private static func failure() -> ModelError {
        ModelError(.file, "cannot be written: \(String(cString: strerror(errno)))")
    }

    /// Bytes of all constants, subgraphs included.
    private static func constantSize(_ graph: Graph) throws(ModelError) -> Int {
        var size = 0
        for tensor in graph.constants.values {
            let (sum, overflow) = size.addingReportingOverflow(try tensor.elementType.packedSize(tensor.count))
            guard !overflow else { throw ModelError(.limit, "the constants have more than \(Int.max) bytes") }
            size = sum
        }
        for subgraph in graph.nodes.flatMap(\.op.subgraphs) {
            let (sum, overflow) = size.addingReportingOverflow(try constantSize(subgraph))
            guard !overflow else { throw ModelError(.limit, "the constants have more than \(Int.max) bytes") }
            size = sum
        }
        return size
    }
}
