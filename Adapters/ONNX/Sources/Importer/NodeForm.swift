import SeptumIR
import SeptumTensor

/// A node between the file and the graph; edits bring it from the form of an older operator set to the newest one.
struct NodeForm {
    let name: String
    /// The operator's name, first in ONNX, after the edits in Septum.
    var op: String
    var attributes: [String: Attribute]
    var inputs: [Graph.ValueID?]
    /// Names that the graph gives to the outputs.
    var outputs: [String?]
    /// The version of the operator set that the node is written in.
    let opset: Int

    func input(_ index: Int) -> Graph.ValueID? { inputs.indices.contains(index) ? inputs[index] : nil }

    mutating func setInput(_ index: Int, _ id: Graph.ValueID?) {
        while inputs.count <= index { inputs.append(nil) }
        inputs[index] = id
    }

    /// An input that must be there.
    ///
    /// - Throws: `invalidModel` when it is not.
    func requiredInput(_ index: Int) throws(ModelError) -> Graph.ValueID {
        guard let id = input(index) else { throw ModelError(.invalidModel, "input \(index) is required") }
        return id
    }

    private var reader: AttributeReader { AttributeReader(attributes.map { ($0.key, $0.value) }) }

    func int(_ name: String) throws(ModelError) -> Int? {
        var reader = reader
        return try reader.int(name)
    }

    mutating func takeInt(_ name: String) throws(ModelError) -> Int? {
        var reader = reader
        attributes[name] = nil
        return try reader.int(name)
    }

    mutating func takeFloat(_ name: String) throws(ModelError) -> Float? {
        var reader = reader
        attributes[name] = nil
        return try reader.float(name)
    }

    mutating func takeString(_ name: String) throws(ModelError) -> String? {
        var reader = reader
        attributes[name] = nil
        return try reader.string(name)
    }

    mutating func takeInts(_ name: String) throws(ModelError) -> [Int]? {
        var reader = reader
        attributes[name] = nil
        return try reader.ints(name)
    }

    mutating func takeFloats(_ name: String) throws(ModelError) -> [Float]? {
        var reader = reader
        attributes[name] = nil
        return try reader.floats(name)
    }

    mutating func takeStrings(_ name: String) throws(ModelError) -> [String]? {
        var reader = reader
        attributes[name] = nil
        return try reader.strings(name)
    }

    mutating func takeTensor(_ name: String) throws(ModelError) -> Tensor? {
        var reader = reader
        attributes[name] = nil
        return try reader.tensor(name)
    }

    mutating func takeGraph(_ name: String) throws(ModelError) -> Graph? {
        var reader = reader
        attributes[name] = nil
        return try reader.graph(name)
    }
}

extension GraphBuilder {
    /// Adds the node in its newest form.
    @discardableResult
    mutating func append(_ form: NodeForm) throws(ModelError) -> [Graph.ValueID] {
        try append(form.op, form.attributes, name: form.name, form.inputs, outputs: form.outputs)
    }

    /// Adds a node under the name of a form's first output.
    mutating func finish(
        _ form: NodeForm, _ op: String, _ inputs: [Graph.ValueID?], _ attributes: [String: Attribute] = [:]
    ) throws(ModelError) {
        try append(op, attributes, name: form.name, inputs, outputs: [form.outputs.first ?? nil])
    }
}
