import SeptumIR
import SeptumTensor

/// Walks the records of a file and counts its nodes.
struct Surveyor {
    /// What makes nodes alike.
    private struct Key: Hashable {
        let op: String
        let domain: String
        let opset: Int?
        let isCall: Bool
        let inputs: [ElementType?]
        let settings: [String]
    }

    private struct FunctionName: Hashable {
        let domain: String
        let name: String
    }

    private(set) var uses: [ONNXSurvey.Use] = []
    /// Versions by domain, of the model and then of the function that is being visited.
    private(set) var opsets: [String: Int]
    private let functions: Set<FunctionName>
    /// Types that the import found.
    private let types: [String: ElementType]
    private var places: [Key: Int] = [:]
    /// Types by name, of the outermost graph first.
    private var scopes: [[String: ElementType]] = []
    /// Names of values that are known to be false.
    private var falses: Set<String> = []

    init(_ record: ModelRecord, types: [String: ElementType]) {
        let given = record.opsets.isEmpty && record.irVersion < 3 ? [OpsetRecord(domain: "", version: 1)] : record.opsets
        opsets = Scope(given).opsets
        functions = Set(record.functions.map { FunctionName(domain: ONNX.canonical($0.domain), name: $0.name) })
        self.types = types
    }

    mutating func visit(_ graph: GraphRecord) {
        var declared: [String: ElementType] = [:]
        for info in graph.inputs + graph.outputs + graph.valueInfos { declared[info.name] = ElementType(info.type) }
        for tensor in graph.initializers {
            declared[tensor.name] = ElementType(code: tensor.elementCode)
            if tensor.isFalse { falses.insert(tensor.name) }
        }
        scopes.append(declared)
        visit(graph.nodes)
        scopes.removeLast()
    }

    /// A function's values have no declared types; its operator sets go before those of the model.
    mutating func visit(_ function: FunctionRecord) {
        let (outer, own) = (opsets, Scope(function.opsets).opsets)
        opsets = outer.merging(own) { $1 }
        visit(function.nodes)
        opsets = outer
    }

    private mutating func visit(_ nodes: [NodeRecord]) {
        for node in nodes {
            count(node)
            for attribute in node.attributes {
                switch attribute.value {
                case .graph(let graph): visit(graph)
                case .graphs(let graphs): for graph in graphs { visit(graph) }
                default: continue
                }
            }
        }
    }

    private mutating func count(_ node: NodeRecord) {
        let domain = ONNX.canonical(node.domain)
        if domain.isEmpty, node.operatorName == "Constant",
            node.attributes.contains(where: { if case .tensor(let tensor) = $0.value { tensor.isFalse } else { false } })
        {
            falses.formUnion(node.outputs)
        }
        let key = Key(
            op: node.operatorName, domain: ONNX.title(domain), opset: opsets[domain],
            isCall: functions.contains(FunctionName(domain: domain, name: node.operatorName)),
            inputs: node.inputs.map(type), settings: settings(node))
        if let place = places[key] { return uses[place].count += 1 }
        places[key] = uses.count
        uses.append(
            ONNXSurvey.Use(
                op: key.op, domain: key.domain, opset: key.opset, isCall: key.isCall, inputs: key.inputs,
                settings: key.settings,
                firstNode: node.name.isEmpty ? node.outputs.first { !$0.isEmpty } ?? "" : node.name, count: 1))
    }

    private func type(_ name: String) -> ElementType? {
        guard !name.isEmpty, !scopes.isEmpty else { return nil }
        for scope in scopes.reversed() {
            if let type = scope[name] { return type }
        }
        return types[name]
    }

    private func settings(_ node: NodeRecord) -> [String] {
        var names: Set<String> = []
        for attribute in node.attributes {
            if case .int(0) = attribute.value { continue }
            names.insert(attribute.name)
        }
        if node.operatorName == "Dropout", node.inputs.count > 2, !node.inputs[2].isEmpty, !falses.contains(node.inputs[2]) {
            names.insert("training_mode")
        }
        return names.sorted()
    }
}

extension ElementType {
    /// The element type of a tensor that a file declares; nil for other kinds and unknown codes.
    fileprivate init?(_ record: TypeRecord) {
        guard case .tensor(let code, _) = record else { return nil }
        self.init(code: code)
    }

    fileprivate init?(code: Int) {
        guard let raw = Int32(exactly: code) else { return nil }
        self.init(rawValue: raw)
    }
}

extension TensorRecord {
    /// Whether the tensor is one false truth value.
    fileprivate var isFalse: Bool {
        guard elementCode == Int(ElementType.bool.rawValue), dimensions.allSatisfy({ $0 == 1 }) else { return false }
        return switch data {
        case .none: true
        case .raw(let bytes): bytes.allSatisfy { $0 == 0 }
        case .int32s(let values): values.allSatisfy { $0 == 0 }
        default: false
        }
    }
}
