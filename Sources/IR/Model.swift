/// A graph with what is needed to use it: the meaning of its inputs and where it came from.
public struct Model: Sendable {
    public var graph: Graph
    /// What a physicist calls the inputs; nil when the source does not say.
    public var contract: InputContract?
    public var provenance: Provenance
    /// Free text that the source carried, such as ONNX `metadata_props`.
    public var metadata: [String: String]

    public init(
        graph: Graph, contract: InputContract? = nil, provenance: Provenance = Provenance(), metadata: [String: String] = [:]
    ) {
        self.graph = graph
        self.contract = contract
        self.provenance = provenance
        self.metadata = metadata
    }
}

/// Where a model came from.
public struct Provenance: Sendable, Hashable {
    /// The format that was imported, such as `onnx`.
    public var format: String
    /// The program that wrote the source and its version, as the source says.
    public var producer: String
    /// The source file's name without its folder.
    public var sourceName: String
    /// The SHA-256 of the source file in hexadecimal digits.
    public var sourceSHA256: String
    /// Options of the import that change the result.
    public var options: [String: String]

    public init(
        format: String = "", producer: String = "", sourceName: String = "", sourceSHA256: String = "",
        options: [String: String] = [:]
    ) {
        self.format = format
        self.producer = producer
        self.sourceName = sourceName
        self.sourceSHA256 = sourceSHA256
        self.options = options
    }
}
