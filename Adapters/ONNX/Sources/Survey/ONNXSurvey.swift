public import SeptumIR
public import SeptumTensor

/// What an ONNX file says about its operators, whether or not Septum can import it.
///
/// Nodes of subgraphs and of the file's own functions count once each, as often as they are written.
public struct ONNXSurvey: Sendable {
    /// Nodes of one operator that look alike.
    public struct Use: Sendable {
        public let op: String
        /// The operator set, `ai.onnx` for the default one.
        public let domain: String
        /// The version of the operator set; nil when the file does not say.
        public let opset: Int?
        /// Whether the node calls a function that the file defines.
        public let isCall: Bool
        /// Element types of the inputs, nil where they are omitted or not known.
        public let inputs: [ElementType?]
        /// Names of attributes that are given and not zero; `training_mode` also when an input says so.
        public let settings: [String]
        /// The name of the first such node, or of its first output.
        public let firstNode: String
        public internal(set) var count: Int
    }

    /// An input of the whole model.
    public struct Input: Sendable {
        public let name: String
        /// Names of dimensions that are no numbers, by their axis.
        public let symbols: [Int: String]
    }

    /// Versions by operator set, in order of their names.
    public let opsets: [(domain: String, version: Int)]
    /// In the order of the file.
    public let uses: [Use]
    public let inputs: [Input]

    /// Surveys a file.
    ///
    /// - Parameters:
    ///   - source: The file.
    ///   - model: What the import of the file gave, for types that the file does not declare.
    /// - Throws: `malformed` when it is no ONNX file.
    public init(_ source: ModelSource, model: Model? = nil) throws(ModelError) {
        guard !source.bytes.isEmpty else { throw ModelError(.malformed, "the file is empty", file: source.path) }
        do throws(ModelError) {
            self.init(try ModelRecord(parsing: source), model)
        } catch {
            throw error.inFile(source.path)
        }
    }

    /// Surveys what a model would be as an ONNX file.
    ///
    /// - Throws: `unsupported` naming the node that ONNX cannot hold.
    public init(exporting model: Model) throws(ModelError) {
        self.init(try ModelExporter.record(model, ExportOptions(), nil), model)
    }

    private init(_ record: ModelRecord, _ model: Model?) {
        var surveyor = Surveyor(record, types: model?.graph.elementTypes ?? [:])
        surveyor.visit(record.graph)
        for function in record.functions { surveyor.visit(function) }
        uses = surveyor.uses
        opsets = surveyor.opsets.map { (ONNX.title($0.key), $0.value) }.sorted { $0.domain < $1.domain }
        let initialized = Set(record.graph.initializers.map(\.name))
        inputs = record.graph.inputs.filter { !initialized.contains($0.name) }.map { info in
            var symbols: [Int: String] = [:]
            if case .tensor(_, let shape?) = info.type {
                for (axis, dimension) in shape.enumerated() {
                    switch dimension {
                    case .value(let value) where value >= 0: continue
                    case .name(let name): symbols[axis] = name
                    default: symbols[axis] = "\(info.name).\(axis)"
                    }
                }
            }
            return Input(name: info.name, symbols: symbols)
        }
    }
}

extension Graph {
    /// Element types by the name of the value, subgraphs included; without names that stand for several types.
    fileprivate var elementTypes: [String: ElementType] {
        var types: [String: ElementType?] = [:]
        collect(&types)
        return types.compactMapValues { $0 }
    }

    private func collect(_ types: inout [String: ElementType?]) {
        for info in values {
            guard let type = info.fact.type.tensor?.elementType else { continue }
            if let other = types[info.name], other != type { types[info.name] = .some(nil) } else { types[info.name] = type }
        }
        for node in nodes {
            for subgraph in node.op.subgraphs { subgraph.collect(&types) }
        }
    }
}
