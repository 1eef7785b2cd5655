import SeptumIR
import SeptumTensor

/// What all graphs of one import share.
final class ImportSession {
    let files: DataFiles
    let registry: OperatorRegistry
    /// Every name that the graphs of the file give to a value.
    let names: Set<String>
    private let functions: [FunctionKey: FunctionRecord]
    /// Names of the columns of tables, by the table's name.
    var columns: [String: [String]] = [:]
    private var nodeCount = 0

    /// Functions that call functions can stand for more nodes than any machine holds.
    static let nodeLimit = 1 << 17

    struct FunctionKey: Hashable {
        let domain: String
        let name: String
        let overload: String
    }

    init(_ record: ModelRecord, files: DataFiles, registry: OperatorRegistry) throws(ModelError) {
        self.files = files
        self.registry = registry
        var functions: [FunctionKey: FunctionRecord] = [:]
        for function in record.functions {
            let key = FunctionKey(domain: ONNX.canonical(function.domain), name: function.name, overload: function.overload)
            guard functions.updateValue(function, forKey: key) == nil else {
                throw ModelError(.invalidModel, "function '\(function.domain).\(function.name)' is defined twice")
            }
        }
        self.functions = functions
        var names: Set<String> = []
        record.graph.collectNames(&names)
        self.names = names
    }

    func function(of node: NodeRecord) -> FunctionRecord? {
        guard !functions.isEmpty else { return nil }
        let domain = ONNX.canonical(node.domain)
        return functions[FunctionKey(domain: domain, name: node.operatorName, overload: node.overload)]
    }

    func spend(nodes count: Int) throws(ModelError) {
        nodeCount += count
        guard functions.isEmpty || nodeCount <= ImportSession.nodeLimit else {
            throw ModelError(.limit, "the functions of the model stand for more than \(ImportSession.nodeLimit) nodes")
        }
    }

    // MARK: Types

    /// The type of an input; dimensions without a name get one of their own.
    func type(_ info: ValueInfoRecord, hint: ValueType?) throws(ModelError) -> ValueType {
        do throws(ModelError) {
            if case .unset = info.type, let hint { return hint }
            if case .tensor(0, let shape) = info.type, let hint = hint?.tensor {
                return .tensor(hint.elementType, shape.map { dimensions($0, info.name) } ?? hint.shape)
            }
            return try type(info.type, named: info.name)
        } catch {
            var named = error
            named.message = "input '\(info.name)': " + error.message
            throw named
        }
    }

    func type(_ record: TypeRecord, named name: String? = nil) throws(ModelError) -> ValueType {
        switch record {
        case .tensor(let element, let shape):
            return .tensor(try ElementType.onnx(element), shape.map { dimensions($0, name) })
        case .sequence(let element): return .sequence(try type(element))
        case .optional(let wrapped): return .optional(try type(wrapped))
        case .map(let key, let value): return .map(key: try ElementType.onnx(key), value: try type(value))
        case .sparseTensor: throw ModelError(.unsupported, "sparse tensors are known as initializers only")
        case .opaque: throw ModelError(.unsupported, "opaque types have no meaning outside the program that wrote them")
        case .unset: throw ModelError(.invalidModel, "the type is missing")
        }
    }

    /// A dimension below zero is written by some exporters for one that is not known.
    private func dimensions(_ records: [TypeRecord.DimensionRecord], _ name: String?) -> [Dimension] {
        records.enumerated().map { axis, record in
            switch record {
            case .value(let value) where value >= 0: .fixed(value)
            case .name(let symbol): .symbol(symbol)
            default: name.map { .symbol("\($0).\(axis)") } ?? .unknown
            }
        }
    }
}

extension GraphRecord {
    fileprivate func collectNames(_ names: inout Set<String>) {
        names.formUnion(inputs.map(\.name))
        names.formUnion(initializers.map(\.name))
        names.formUnion(sparseInitializers.map(\.values.name))
        for node in nodes {
            names.formUnion(node.outputs)
            for attribute in node.attributes {
                if case .graph(let graph) = attribute.value { graph.collectNames(&names) }
            }
        }
    }
}

/// A value from outside that a subgraph uses.
struct Capture {
    let name: String
    let fact: Fact

    /// Small known tensors are copied in, so that shapes that depend on them are known inside as well.
    var embedded: Tensor? {
        guard let constant = fact.constant, constant.count <= Fact.elementLimit else { return nil }
        return constant
    }
}

/// What names mean at one place of the file.
struct Scope {
    /// Values by the names of the file.
    var values: [String: Graph.ValueID] = [:]
    /// Versions by domain.
    var opsets: [String: Int]
    /// Attributes of the call that is being replaced by its function's nodes.
    var arguments: [String: AttributeRecord.Value] = [:]
    /// Precedes the names of nodes and values of a function's nodes.
    var prefix = ""
    /// Names that values of a function get in the graph because the caller knows them under these.
    var renames: [String: String] = [:]
    /// Functions that are being replaced, outermost first.
    var calls: [ImportSession.FunctionKey] = []

    init(_ opsets: [OpsetRecord]) {
        self.opsets = Dictionary(opsets.map { (ONNX.canonical($0.domain), $0.version) }, uniquingKeysWith: { max($0, $1) })
    }

    /// The scope of a subgraph, which sees only what enters through its inputs.
    func nested() -> Scope {
        var scope = self
        scope.values = [:]
        scope.renames = [:]
        return scope
    }

    func value(_ name: String) throws(ModelError) -> Graph.ValueID {
        guard let id = values[name] else {
            throw ModelError(.invalidModel, "'\(name)' is neither an input, nor an initializer, nor an output of a node")
        }
        return id
    }

    mutating func define(_ name: String, _ id: Graph.ValueID) throws(ModelError) {
        guard values.updateValue(id, forKey: name) == nil else {
            throw ModelError(.invalidModel, "the name '\(name)' is given to two values")
        }
    }

    /// Takes the names of a graph's values out again.
    mutating func forget(_ graph: GraphRecord) {
        for tensor in graph.initializers { values[tensor.name] = nil }
        for tensor in graph.sparseInitializers { values[tensor.values.name] = nil }
        for node in graph.nodes {
            for output in node.outputs { values[output] = nil }
        }
    }

    /// The name that a value of the file gets in the graph.
    func unique(_ name: String, _ builder: inout GraphBuilder) -> String {
        if let renamed = renames[name] { return renamed }
        let name = prefix + name
        return builder.ids[name] == nil ? name : builder.freshName(name)
    }

    func opset(_ domain: String) throws(ModelError) -> Int {
        let domain = ONNX.canonical(domain)
        guard let version = opsets[domain] else {
            throw ModelError(
                .invalidModel,
                "the model does not say which version of the operator set '\(domain.isEmpty ? "ai.onnx" : domain)' it uses",
                remedy: "write it again with an entry in opset_import")
        }
        return version
    }
}
