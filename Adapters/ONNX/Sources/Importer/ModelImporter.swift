import SeptumIR
import SeptumTensor

/// Turns the record of a file into a model.
enum ModelImporter {
    /// The key of `metadata_props` under which a contract travels.
    static let contractKey = "septum.contract"
    /// What precedes the name of an output in the key under which the names of its columns stand.
    static let columnsKey = "columns."

    static func model(_ source: ModelSource, _ options: ImportOptions, _ registry: OperatorRegistry) throws(ModelError) -> Model {
        guard !source.bytes.isEmpty else { throw ModelError(.malformed, "the file is empty") }
        let record = try ModelRecord(parsing: source)
        guard record.irVersion <= ONNX.newestIRVersion else {
            throw ModelError(
                .unsupported, "found IR version \(record.irVersion), the newest known is \(ONNX.newestIRVersion)",
                remedy: "export the model with an older version of onnx")
        }
        guard !record.opsets.isEmpty || record.irVersion < 3 else {
            throw ModelError(
                .malformed, "the model does not say which opset it uses", remedy: "write it again with an entry in opset_import")
        }
        let session = try ImportSession(record, files: DataFiles(source), registry: registry)
        let scope = Scope(record.opsets.isEmpty ? [OpsetRecord(domain: "", version: 1)] : record.opsets)
        let hints = record.graph.inputs.map { info in
            options.inputShapes.first { $0.name == info.name }.map { ValueType.tensor($0.type) }
        }
        let graph = try GraphImporter.graph(record.graph, session, scope, inputs: hints)
        var model = Model(graph: graph)
        model.provenance = Provenance(
            format: ONNXAdapter.formatName,
            producer: [record.producerName, record.producerVersion].filter { !$0.isEmpty }.joined(separator: " "))
        model.provenance.setSource(source)
        for entry in record.metadata where entry.key != contractKey { model.metadata[entry.key] = entry.value }
        for (output, names) in session.columns { model.metadata[columnsKey + output] = names.joined(separator: ",") }
        if let text = record.metadata.last(where: { $0.key == contractKey })?.value {
            do throws(ModelError) {
                model.contract = try ContractCoding.decode(try JSON(parsing: text))
            } catch {
                throw ModelError(
                    .malformed, "metadata '\(contractKey)' holds no contract", cause: error.description)
            }
        }
        return model
    }
}
