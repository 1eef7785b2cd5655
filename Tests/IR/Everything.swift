import SeptumIR
import SeptumTensor

/// An operator with an attribute of each kind, and with results of each kind of type.
struct Everything: Operator {
    static let name = "test.Everything"
    static let inputCount = 0...Int.max
    static let outputCount = 0...Int.max

    let attributes: Attributes
    let subgraphs: [Graph]

    init(_ attributes: Attributes) {
        self.attributes = attributes
        subgraphs = attributes.compactMap { if case .graph(let graph) = $0.value { graph } else { nil } }
    }

    init(_ reader: inout AttributeReader) throws(ModelError) {
        var all: Attributes = []
        for name in Everything.attributeNames {
            if let value = reader.take(name) { all.append((name, value)) }
        }
        self.init(all)
    }

    static let attributeNames = [
        "int", "float", "string", "ints", "floats", "strings", "tensor", "text", "graph", "type", "none", "other",
    ]

    /// One output for each type given under `type` and `other`; float32 scalars beyond.
    func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
        let types = attributes.compactMap { if case .type(let type) = $0.value { type } else { nil } }
        return (0..<inputs.outputCount).map { Fact(types.indices.contains($0) ? types[$0] : .tensor(.float32, [])) }
    }

    func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
        throw ModelError(.unsupported, "is there to be stored, not to be run")
    }
}

extension Attribute {
    /// The value as text, tensors with all their bytes.
    var fingerprint: String {
        switch self {
        case .int(let value): "\(value)"
        case .float(let value): "\(value.bitPattern)"
        case .string(let value): value
        case .ints(let values): "\(values)"
        case .floats(let values): "\(values.map(\.bitPattern))"
        case .strings(let values): "\(values)"
        case .tensor(let tensor): tensor.fingerprint
        case .graph(let graph): graph.fingerprint
        case .type(let type): "\(type)"
        }
    }
}

extension Tensor {
    var fingerprint: String { "\(elementType)\(shape)\(elementType == .string ? "\(strings)" : "\(Array(bytes))")" }
}

extension Graph {
    /// The printout with the bytes of all constants and attributes.
    var fingerprint: String {
        let weights = constants.map { "\(self[$0.key].name)=\($0.value.fingerprint)" }.sorted()
        let attributes = nodes.map { node in
            "\(node.name):" + node.op.attributes.map { "\($0.name)=\($0.value.fingerprint)" }.joined(separator: ",")
        }
        return ([description] + weights + attributes).joined(separator: "\n")
    }
}
