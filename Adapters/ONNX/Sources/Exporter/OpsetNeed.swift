import SeptumIR
import SeptumTensor

/// The oldest version of the default operator set that can say something, and what needs it.
struct OpsetNeed {
    var version: Int
    var reason: String

    /// What a graph needs, its subgraphs included.
    ///
    /// - Throws: `unsupported` naming a node that no version can hold.
    static func of(_ graph: Graph) throws(ModelError) -> OpsetNeed {
        var need = OpsetNeed(version: ONNX.oldestExport, reason: "")
        for info in graph.values {
            guard let type = info.fact.type.tensor?.elementType, let version = versions[type] else { continue }
            need.raise(to: version, "'\(info.name)' of type \(type)")
        }
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

    static func of(_ node: Graph.Node, in graph: Graph) throws(ModelError) -> OpsetNeed {
        let name = node.op.name
        if SpecialExports.all[name] != nil { return OpsetNeed(version: ONNX.oldestExport, reason: "") }
        guard let row = ONNX.row("", name), row.until == .max else {
            throw ModelError(.unsupported, "ONNX has no operator that does what '\(name)' does")
        }
        var need = OpsetNeed(version: row.current, reason: "operator '\(name)'")
        for (attribute, value) in node.op.attributes {
            guard let later = row.laterAttributes[attribute], !later.isNeutral(value) else { continue }
            need.raise(to: later.since, "attribute '\(attribute)' of '\(name)'")
        }
        for case let id? in node.inputs + node.outputs {
            guard let type = graph.type(id).tensor?.elementType, let version = LaterTypes.version(name, type) else { continue }
            need.raise(to: version, "\(type) in '\(name)'")
        }
        if let last = node.inputs.lastIndex(where: { $0 != nil }) {
            for (index, version) in row.laterInputs where last >= index { need.raise(to: version, "input \(index) of '\(name)'") }
        }
        return need
    }

    private mutating func raise(to version: Int, _ reason: String) {
        if version > self.version { (self.version, self.reason) = (version, reason) }
    }

    /// Versions that brought element types to the operators.
    private static let versions: [ElementType: Int] = [
        .float8e4m3fn: 19, .float8e4m3fnuz: 19, .float8e5m2: 19, .float8e5m2fnuz: 19, .int4: 21, .uint4: 21, .float4e2m1: 23,
        .float8e8m0: 24, .int2: 25, .uint2: 25,
    ]
}
