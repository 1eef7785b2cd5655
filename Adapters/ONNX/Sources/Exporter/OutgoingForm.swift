import SeptumIR
import SeptumOperators
import SeptumTensor

/// A node between the graph and the file; edits bring it from the newest form to the one that the operator set has.
struct OutgoingForm {
    struct Value {
        var name: String
        var fact: Fact
    }

    let name: String
    var op: String
    var attributes: Attributes
    var inputs: [Value?]
    var outputs: [Value?]
    /// Names that the subgraphs see from outside.
    var captures: [String] = []
    /// The version of the operator set that is written.
    let opset: Int
    /// The version whose form the node has left.
    var newer = 0

    func input(_ index: Int) -> Value? { inputs.indices.contains(index) ? inputs[index] : nil }

    /// An input that must be there.
    ///
    /// - Throws: `invalidModel` when it is not.
    func requiredInput(_ index: Int) throws(ModelError) -> Value {
        guard let value = input(index) else { throw ModelError(.invalidModel, "input \(index) is required") }
        return value
    }

    func shape(_ index: Int) -> [Dimension]? { input(index)?.fact.type.tensor?.shape }

    /// The integers of an input, nil when they are not known.
    func integers(_ index: Int) -> [Int]? { Facts([input(index)?.fact]).integers(0) }

    /// Takes an input off the end of the list.
    mutating func dropInputs(from index: Int) { inputs.removeLast(max(0, inputs.count - index)) }

    mutating func take(_ name: String) -> Attribute? {
        guard let index = attributes.firstIndex(where: { $0.name == name }) else { return nil }
        return attributes.remove(at: index).value
    }

    /// Becomes the last of the nodes that do the work.
    mutating func become(_ op: String, _ attributes: Attributes = [], _ inputs: Value?...) {
        (self.op, self.attributes, self.inputs) = (op, attributes, inputs)
    }

    /// What to say of something that only the newer form can hold.
    func refusal(_ what: String) -> ModelError { OpsetNeed(version: newer, reason: what).refusal(opset) }
}

extension GraphExporter {
    /// Writes a node in the form that the operator set has.
    ///
    /// - Throws: `unsupported` when it has none.
    mutating func write(_ newest: OutgoingForm) throws(ModelError) {
        var form = newest
        form.newer = .max
        while let edit = ONNX.row("", form.op)?.edits.filter({ $0.before > form.opset && $0.before < form.newer })
            .max(by: { $0.before < $1.before })
        {
            let op = form.op
            form.newer = edit.before
            guard let back = edit.back else { throw form.refusal("the form of operator '\(op)'") }
            try back(&form, &self)
            if form.op != op { form.newer = .max }
        }
        let need = try OpsetNeed.of(form.op, form.attributes, form.inputs.map(\.?.fact), form.outputs.map(\.?.fact))
        guard need.version <= form.opset else { throw need.refusal(form.opset) }
        let later = ONNX.row("", form.op)?.laterAttributes ?? [:]
        form.attributes.removeAll { (later[$0.name]?.since ?? 0) > form.opset }
        try append(form)
    }

    /// Writes a node that does part of a form's work; operators and attributes are given in their newest form.
    mutating func apply(
        _ op: String, _ attributes: Attributes = [], for form: OutgoingForm, _ inputs: OutgoingForm.Value?...
    ) throws(ModelError) -> OutgoingForm.Value {
        let made = try OperatorRegistry.standard.make(op, attributes)
        guard let fact = try Graph.infer(made, inputs.map(\.?.fact), outputCount: 1).first else {
            throw ModelError(.invalidModel, "the operator gave no output")
        }
        let stem = form.outputs.first??.name ?? form.op
        let result = OutgoingForm.Value(name: session.unique("\(stem)_\(op)"), fact: fact)
        try write(
            OutgoingForm(
                name: form.name.isEmpty ? "" : "\(form.name)_\(op)", op: op, attributes: attributes, inputs: inputs,
                outputs: [result], opset: form.opset))
        return result
    }

    // MARK: Constants

    mutating func constant(_ tensor: Tensor) -> OutgoingForm.Value {
        OutgoingForm.Value(name: addConstant(tensor, "constant"), fact: Fact(constant: tensor))
    }

    mutating func constant(_ values: [Int]) throws(ModelError) -> OutgoingForm.Value {
        constant(try Tensor([values.count], values.map(Int64.init)))
    }

    /// A number of the element type that another value has.
    ///
    /// - Throws: `unsupported` when that type is not one of real numbers.
    mutating func constant(_ value: Double, like other: OutgoingForm.Value) throws(ModelError) -> OutgoingForm.Value {
        switch other.fact.type.tensor?.elementType {
        case .float32: return constant(try Tensor([], [Float(value)]))
        case .float64: return constant(try Tensor([], [value]))
        case .float16: return constant(try Tensor([], [Float16(value)]))
        case .bfloat16: return constant(try Tensor([], [BFloat16(Float(value))]))
        default: throw ModelError(.unsupported, "found \(other.fact.type), expected a tensor of real numbers")
        }
    }
}
