import SeptumIR
import SeptumTensor

/// A graph in the making, to which operators are added by their names.
struct GraphBuilder {
    let registry: OperatorRegistry
    var graph: Graph
    /// Every value that was given a name of its own.
    private(set) var ids: [String: Graph.ValueID] = [:]
    /// Names of the columns of tables, where the file gives them.
    var columns: [String: [String]] = [:]

    /// Names that the file gives to values, which values that it does not know must not take.
    private let reserved: Set<String>
    private var freshCount = 0

    init(registry: OperatorRegistry, name: String, reserved: Set<String>) {
        self.registry = registry
        self.reserved = reserved
        graph = Graph(name: name)
    }

    mutating func addInput(_ name: String, _ type: ValueType) throws(ModelError) -> Graph.ValueID {
        let id = try graph.addInput(name, type)
        ids[name] = id
        return id
    }

    /// A name that neither the file nor the graph has.
    mutating func freshName(_ stem: String) -> String {
        while true {
            freshCount += 1
            let name = "\(stem)_\(freshCount)"
            if !reserved.contains(name), ids[name] == nil { return name }
        }
    }

    @discardableResult
    mutating func addConstant(_ tensor: Tensor, name: String? = nil) throws(ModelError) -> Graph.ValueID {
        let name = name ?? freshName("constant")
        let id = try graph.addConstant(tensor, name: name)
        ids[name] = id
        return id
    }

    /// Applies an operator; without names of outputs it gets one output with a fresh name.
    @discardableResult
    mutating func append(
        _ op: String, _ attributes: [String: Attribute], name: String, _ inputs: [Graph.ValueID?], outputs: [String?]? = nil
    ) throws(ModelError) -> [Graph.ValueID] {
        let made: any Operator
        do throws(ModelError) {
            made = try registry.make(op, attributes.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
        } catch {
            throw error.atNode(name, operator: op)
        }
        let given = inputs.prefix((inputs.lastIndex { $0 != nil } ?? -1) + 1)
        var names = outputs ?? [freshName(name.isEmpty ? op : name)]
        while let last = names.last, last == nil { names.removeLast() }
        let values = try graph.append(made, name: name, inputs: Array(given), outputs: names)
        for id in values { ids[graph[id].name] = id }
        return values
    }

    /// Applies an operator that has one output.
    mutating func apply(
        _ op: String, _ attributes: [String: Attribute] = [:], name: String, _ inputs: [Graph.ValueID?], output: String? = nil
    ) throws(ModelError) -> Graph.ValueID {
        guard let id = try append(op, attributes, name: name, inputs, outputs: output.map { [$0] }).first else {
            throw ModelError(.invalidModel, "the operator gave no output").atNode(name, operator: op)
        }
        return id
    }

    /// Adds what a graph holds, its inputs being the given values; returns its outputs.
    ///
    /// - Throws: `invalidModel` when the values are not what the graph declares.
    mutating func inline(_ body: Graph, _ inputs: [Graph.ValueID], prefix: String) throws(ModelError) -> [Graph.ValueID] {
        guard body.inputs.count == inputs.count, zip(body.inputs, inputs).allSatisfy({ body.type($0).admits(graph.type($1)) })
        else {
            throw ModelError(
                .invalidModel,
                "graph '\(body.name)' takes \(body.inputs.map { body.type($0) }), found \(inputs.map { graph.type($0) })")
        }
        var own = Dictionary(zip(body.inputs, inputs), uniquingKeysWith: { first, _ in first })
        for (id, tensor) in body.constants { own[id] = try addConstant(tensor) }
        for node in body.nodes {
            var names: [String?] = []
            for id in node.outputs { names.append(id.map { freshName(body[$0].name) }) }
            let results = try graph.append(
                node.op, name: "\(prefix)/\(node.name)", inputs: node.inputs.map { $0.flatMap { own[$0] } }, outputs: names)
            for (id, result) in zip(node.outputs.compactMap(\.self), results) {
                own[id] = result
                ids[graph[result].name] = result
            }
        }
        return body.outputs.compactMap { own[$0] }
    }

    /// Adds a node of the graph once more, with other inputs; its outputs get fresh names.
    mutating func repeated(_ node: Graph.Node, inputs: [Graph.ValueID?]) throws(ModelError) -> [Graph.ValueID?] {
        var names: [String?] = []
        for id in node.outputs { names.append(id.map { freshName(graph[$0].name) }) }
        let results = try graph.append(node.op, name: node.name, inputs: inputs, outputs: names)
        for id in results { ids[graph[id].name] = id }
        var remaining = results[...]
        return node.outputs.map { $0 == nil ? nil : remaining.popFirst() }
    }

    // MARK: Constants

    mutating func constant(_ values: [Int]) throws(ModelError) -> Graph.ValueID {
        try addConstant(try Tensor([values.count], values.map(Int64.init)))
    }

    mutating func constant(_ value: Int) throws(ModelError) -> Graph.ValueID {
        try addConstant(try Tensor([], [Int64(value)]))
    }

    mutating func constant(_ values: [Float], _ shape: [Int]? = nil) throws(ModelError) -> Graph.ValueID {
        try addConstant(try Tensor(shape ?? [values.count], values))
    }

    /// A number of the element type that another value has.
    ///
    /// - Throws: `unsupported` when that type is not known to be one of real numbers.
    mutating func constant<T: BinaryFloatingPoint>(
        _ value: T, like other: Graph.ValueID?
    ) throws(ModelError) -> Graph.ValueID {
        switch elementType(other) {
        case .float32: return try addConstant(try Tensor([], [Float(value)]))
        case .float64: return try addConstant(try Tensor([], [Double(value)]))
        case .float16: return try addConstant(try Tensor([], [Float16(value)]))
        case .bfloat16: return try addConstant(try Tensor([], [BFloat16(Float(value))]))
        case .int32: return try addConstant(try Tensor([], [Int32(exactly: value) ?? 0]))
        case .int64: return try addConstant(try Tensor([], [Int64(exactly: value) ?? 0]))
        case let type:
            let found = type.map(\.description) ?? "another kind of value"
            throw ModelError(.unsupported, "found \(found), expected a tensor of real numbers")
        }
    }

    // MARK: What is known

    func elementType(_ id: Graph.ValueID?) -> ElementType? { id.flatMap { graph.type($0).tensor?.elementType } }

    func rank(_ id: Graph.ValueID?) -> Int? { id.flatMap { graph.type($0).tensor?.shape?.count } }

    func constantValue(_ id: Graph.ValueID?) -> Tensor? { id.flatMap { graph[$0].fact.constant } }
}
