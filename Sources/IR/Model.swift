import SeptumTensor
import Synchronization

/// A graph with what is needed to use it: the meaning of its inputs and where it came from.
public struct Model: Sendable {
    public var graph: Graph
    /// What a physicist calls the inputs; nil when the source does not say.
    public var contract: InputContract?
    public var provenance: Provenance
    /// Free text that the source carried, such as ONNX `metadata_props`.
    public var metadata: [String: String]
    /// Probes and the bits that the model gave for them; nil unless it was certified. A change of the graph makes it void.
    public var certificate: Certificate?

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
    /// The SHA-256 of the source file in hexadecimal digits; computed when it is first asked for, and empty when the file
    /// has been changed in place before.
    public var sourceSHA256: String {
        get { digest.hexadecimal }
        set { digest = SourceDigest(newValue) }
    }
    /// Options of the import that change the result.
    public var options: [String: String]
    private var digest: SourceDigest

    public init(
        format: String = "", producer: String = "", sourceName: String = "", sourceSHA256: String = "",
        options: [String: String] = [:]
    ) {
        self.format = format
        self.producer = producer
        self.sourceName = sourceName
        self.options = options
        digest = SourceDigest(sourceSHA256)
    }

    /// Names the file that the model was read from.
    public mutating func setSource(_ source: ModelSource) {
        sourceName = source.name
        digest = SourceDigest(source)
    }
}

/// The SHA-256 of a file, which large models make too slow to compute before somebody wants it.
private final class SourceDigest: Sendable, Hashable {
    private let source: ModelSource?
    private let known: Mutex<String?>

    init(_ hexadecimal: String) {
        source = nil
        known = Mutex(hexadecimal)
    }

    init(_ source: ModelSource) {
        self.source = source
        known = Mutex(nil)
    }

    var hexadecimal: String {
        known.withLock { known in
            let digits = known ?? source.flatMap { $0.mapping.isUnchanged ? SHA256.hexadecimal(of: $0.bytes) : nil } ?? ""
            known = digits
            return digits
        }
    }

    static func == (left: SourceDigest, right: SourceDigest) -> Bool { left === right || left.hexadecimal == right.hexadecimal }
    func hash(into hasher: inout Hasher) { hasher.combine(hexadecimal) }
}
