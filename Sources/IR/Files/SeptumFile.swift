public import SeptumTensor

/// The `.septum` file: a safetensors container whose metadata holds the graph, the contract and the provenance as JSON.
///
/// Weights start on 64-byte boundaries of the file and are used where they are mapped. Reading executes nothing.
///
/// Source: https://github.com/huggingface/safetensors/blob/v0.5.2/README.md#format
public enum SeptumFile {
    /// Raised when a reader of an older version could misunderstand the content.
    public static let version = 1
    static let metadataKey: StaticString = "septum"

    /// Writes a model; the file appears under its name only when it is complete.
    ///
    /// - Throws: `file` when the path cannot be written.
    public static func write(_ model: Model, to path: String) throws(ModelError) {
        var encoder = GraphEncoder()
        let graph = try encoder.encode(model.graph)
        var container = SafetensorsWriter()
        var types: [JSON.Member] = []
        func add(_ name: String, _ tensor: Tensor) throws(ModelError) {
            let shape = JSON.array(tensor.shape.map(JSON.int))
            types.append(.init(name, .object(["element": .string(tensor.elementType.name), "shape": shape])))
            try container.add(name, tensor)
        }
        for (name, tensor) in encoder.tensors { try add(name, tensor) }
        let certificate = try model.certificate.map { certificate throws(ModelError) in
            try CertificateCoding.encode(certificate, put: add)
        }
        let document = JSON.object([
            "version": .int(version), "graph": graph, "tensors": .object(types),
            "contract": model.contract.map(ContractCoding.encode) ?? .null, "provenance": encode(model.provenance),
            "metadata": .object(model.metadata.sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) }),
            "certificate": certificate ?? .null,
        ])
        do throws(ModelError) {
            try container.write(to: path, metadata: [(metadataKey.description, document.description)])
        } catch {
            throw error.inFile(path)
        }
    }

    /// Reads a model; its weights stay in the mapped file.
    ///
    /// - Throws: `malformed`, `unsupported` or `invalidModel` naming what is wrong.
    public static func read(_ source: ModelSource, operators: OperatorRegistry) throws(ModelError) -> Model {
        do throws(ModelError) {
            let model = try SafetensorsReader.read(source) { container throws(ModelError) in
                try container.withMetadata(metadataKey) { text throws(ModelError) in
                    try JSONText.read(text) { document throws(ModelError) in try decode(document, container, operators) }
                }
            }
            guard let model else { throw ModelError(.malformed, "the safetensors file holds weights only, no graph") }
            return model
        } catch {
            throw error.inFile(source.path)
        }
    }

    private static func decode(
        _ document: JSONText, _ container: SafetensorsReader, _ operators: OperatorRegistry
    ) throws(ModelError) -> Model {
        guard let found = document["version"]?.int, found == version else {
            let found = try document["version"]?.json.description ?? "none"
            throw ModelError(.unsupported, "found version \(found), expected \(version)", remedy: "convert the source again")
        }
        var (container, types) = (container, OrderedMembers<JSONText>())
        if let members = document["tensors"]?.members {
            for (name, type) in members { types.append(name, type) }
        }
        let decoder = GraphDecoder(operators: operators) { key throws(ModelError) in
            try container.tensor(key, types.find(key))
        }
        guard let graph = document["graph"] else { throw ModelError(.malformed, "the graph has no valid 'values'") }
        var model = Model(graph: try decoder.decode(graph))
        if let contract = document["contract"], !contract.isNull { model.contract = try ContractCoding.decode(try contract.json) }
        model.provenance = decodeProvenance(try document["provenance"]?.json ?? .null)
        for member in try document["metadata"]?.json.members ?? [] { model.metadata[member.name] = member.value.string }
        if let certificate = document["certificate"], !certificate.isNull {
            model.certificate = try CertificateCoding.decode(certificate) { key throws(ModelError) in
                try container.tensor(key, types.find(key))
            }
        }
        return model
    }

    /// Whether bytes look like a safetensors header.
    public static func recognizes(_ source: ModelSource) -> Bool {
        guard source.bytes.count > 9, let length = SafetensorsReader.headerLength(source.bytes) else { return false }
        return length <= source.bytes.count - 8 && source.bytes[8] == UInt8(ascii: "{")
    }

    private static func encode(_ provenance: Provenance) -> JSON {
        .object([
            "format": .string(provenance.format), "producer": .string(provenance.producer),
            "sourceName": .string(provenance.sourceName), "sourceSHA256": .string(provenance.sourceSHA256),
            "options": .object(provenance.options.sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) }),
        ])
    }

    private static func decodeProvenance(_ json: JSON) -> Provenance {
        var options: [String: String] = [:]
        for member in json["options"]?.members ?? [] { options[member.name] = member.value.string }
        return Provenance(
            format: json["format"]?.string ?? "", producer: json["producer"]?.string ?? "",
            sourceName: json["sourceName"]?.string ?? "", sourceSHA256: json["sourceSHA256"]?.string ?? "", options: options)
    }
}
