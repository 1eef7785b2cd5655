import SeptumIR
import SeptumTensor

/// The oldest version of the default operator set that can say something, and what needs it.
struct OpsetNeed {
    var version: Int
    var reason: String

    /// What a graph needs to be written in the newest form of its operators, its subgraphs included.
    ///
    /// - Throws: `unsupported` naming a node that no version can hold.
    static func of(_ graph: Graph) throws(ModelError) -> OpsetNeed {
        var need = ofTypes(graph)
        for node in graph.nodes {
            do throws(ModelError) {
                let own = try of(node, in: graph)
                need.raise(to: own.version, own.reason)
            } catch {
                throw error.atNode(node.name, operator: node.op.name)
            }
            for subgraph in node.op.subgraphs {
                let inner = try of(subgraph)
                need.raise(to: inner.version, inner.reason)
            }
        }
        return need
    }

    /// What the element types of a graph need, its subgraphs included.
    static func ofTypes(_ graph: Graph) -> OpsetNeed {
        var need = OpsetNeed(version: ONNX.oldestExport, reason: "")
        for info in graph.values {
            guard let type = info.fact.type.elementType, let version = versions[type] else { continue }
            need.raise(to: version, "'\(info.name)' of type \(type)")
        }
        for subgraph in graph.nodes.flatMap(\.op.subgraphs) {
            let inner = ofTypes(subgraph)
            need.raise(to: inner.version, inner.reason)
        }
        return need
    }

    private static func of(_ node: Graph.Node, in graph: Graph) throws(ModelError) -> OpsetNeed {
        let name = node.op.name
        if let special = SpecialExports.all[name] { return special.need(node) }
        guard let row = ONNX.row("", name) else {
            if name.contains(".") { return OpsetNeed(version: ONNX.oldestExport, reason: "") }
            throw unknown(name)
        }
        func fact(_ id: Graph.ValueID?) -> Fact? { id.map { graph[$0].fact } }
        var need = try of(name, node.op.attributes, node.inputs.map(fact), node.outputs.map(fact))
        need.raise(to: row.current, "the form of operator '\(name)'")
        return need
    }

    /// What an operator needs, given what its attributes, inputs and outputs are.
    ///
    /// - Throws: `unsupported` when no version has it.
    static func of(
        _ name: String, _ attributes: Attributes, _ inputs: [Fact?], _ outputs: [Fact?]
    ) throws(ModelError) -> OpsetNeed {
        guard let row = ONNX.row("", name), row.until == .max else { throw unknown(name) }
        var need = OpsetNeed(version: row.since, reason: "operator '\(name)'")
        for (attribute, value) in attributes {
            if let later = row.laterAttributes[attribute], !later.isNeutral(value) {
                need.raise(to: later.since, "attribute '\(attribute)' of '\(name)'")
            }
            if case .string(let text) = value, let version = row.laterValues[attribute]?[text] {
                need.raise(to: version, "\(attribute) '\(text)' of '\(name)'")
            }
        }
        for case let fact? in inputs + outputs {
            guard let type = fact.type.tensor?.elementType, let version = LaterTypes.version(name, type) else { continue }
            need.raise(to: version, "\(type) in '\(name)'")
        }
        for case let fact? in name == "If" ? outputs : inputs {
            guard let version = LaterTypes.version(name, kindOf: fact.type) else { continue }
            need.raise(to: version, "\(fact.type) in '\(name)'")
        }
        if let last = inputs.lastIndex(where: { $0 != nil }) {
            for (index, version) in row.laterInputs where last >= index { need.raise(to: version, "input \(index) of '\(name)'") }
        }
        return need
    }

    private static func unknown(_ name: String) -> ModelError {
        ModelError(.unsupported, "ONNX has no operator that does what '\(name)' does", remedy: "keep the model as .septum")
    }

    func refusal(_ asked: Int) -> ModelError {
        ModelError(
            .unsupported, "\(reason) needs opset \(version), \(asked) was asked for",
            remedy: "leave the opset out, or name \(version) or a newer one")
    }

    private mutating func raise(to version: Int, _ reason: String) {
        if version > self.version { (self.version, self.reason) = (version, reason) }
    }

    /// Versions that brought element types.
    private static let versions: [ElementType: Int] = [
        .float8e4m3fn: 19, .float8e4m3fnuz: 19, .float8e5m2: 19, .float8e5m2fnuz: 19, .int4: 21, .uint4: 21, .float4e2m1: 23,
        .float8e8m0: 24, .int2: 25, .uint2: 25,
    ]
}

extension ValueType {
    /// The type of the elements of the tensors that a value is made of.
    fileprivate var elementType: ElementType? {
        switch self {
        case .tensor(let tensor): tensor.elementType
        case .sequence(let element), .optional(let element), .map(_, let element): element.elementType
        }
    }
}
