import CSeptumONNX
package import SeptumIR
package import SeptumTensor

/// What an ONNX file says, as it says it.
package struct ModelRecord: Sendable {
    package var irVersion = 0
    package var opsets: [OpsetRecord] = []
    package var producerName = ""
    package var producerVersion = ""
    package var domain = ""
    package var modelVersion = 0
    package var documentation = ""
    package var graph = GraphRecord()
    package var metadata: [Entry] = []
    package var functions: [FunctionRecord] = []

    package init() {}

    /// Reads the bytes of a file; large raw tensor data is left in them.
    ///
    /// - Throws: `malformed` when they are no ONNX model.
    package init(parsing source: ModelSource) throws(ModelError) {
        let message = try WireDocument(parsing: source, as: SeptumONNXModel).root
        guard let graph = message.child(Field.graph) else {
            throw ModelError(.malformed, "the file holds no graph", remedy: "check that it is a complete ONNX model")
        }
        irVersion = message.int(Field.irVersion) ?? 0
        opsets = try message.children(Field.opsets, OpsetRecord.read)
        producerName = message.string(Field.producerName) ?? ""
        producerVersion = message.string(Field.producerVersion) ?? ""
        domain = message.string(Field.domain) ?? ""
        modelVersion = message.int(Field.modelVersion) ?? 0
        documentation = message.string(Field.documentation) ?? ""
        metadata = try message.entries(Field.metadata)
        self.graph = try GraphRecord.read(graph)
        functions = try message.children(Field.functions, FunctionRecord.read)
    }

    /// The message that a file holds.
    ///
    /// - Throws: `limit` when a value does not fit the format.
    func document() throws(ModelError) -> WireDocument {
        let document = try WireDocument(creating: SeptumONNXModel)
        let message = document.root
        try message.add(Field.irVersion, irVersion)
        for opset in opsets { try message.add(Field.opsets, opset.write) }
        try message.add(Field.producerName, unlessEmpty: producerName)
        try message.add(Field.producerVersion, unlessEmpty: producerVersion)
        try message.add(Field.domain, unlessEmpty: domain)
        if modelVersion != 0 { try message.add(Field.modelVersion, modelVersion) }
        try message.add(Field.documentation, unlessEmpty: documentation)
        try message.add(Field.graph, graph.write)
        try message.add(Field.metadata, metadata)
        for function in functions { try message.add(Field.functions, function.write) }
        return document
    }

    /// The bytes of a file.
    ///
    /// - Throws: `limit` beyond 2 GiB.
    package func serialized() throws(ModelError) -> [UInt8] { try document().serialized() }

    private enum Field {
        static let irVersion: Int32 = 1
        static let producerName: Int32 = 2
        static let producerVersion: Int32 = 3
        static let domain: Int32 = 4
        static let modelVersion: Int32 = 5
        static let documentation: Int32 = 6
        static let graph: Int32 = 7
        static let opsets: Int32 = 8
        static let metadata: Int32 = 14
        static let functions: Int32 = 25
    }
}

/// Which version of which set of operators a model or function is written in.
package struct OpsetRecord: Sendable, Hashable {
    package var domain: String
    package var version: Int

    package init(domain: String, version: Int) {
        self.domain = domain
        self.version = version
    }

    static func read(_ message: WireMessage) throws(ModelError) -> OpsetRecord {
        OpsetRecord(domain: message.string(1) ?? "", version: message.int(2) ?? 0)
    }

    func write(_ message: WireMessage) throws(ModelError) {
        try message.add(1, domain)
        try message.add(2, version)
    }
}

/// A function of the model's own: nodes that stand for one.
package struct FunctionRecord: Sendable {
    package var name = ""
    package var domain = ""
    package var overload = ""
    package var inputs: [String] = []
    package var outputs: [String] = []
    /// Attributes that a call may give and that have no default.
    package var attributes: [String] = []
    /// Attributes that a call may give, with their defaults.
    package var defaults: [AttributeRecord] = []
    package var nodes: [NodeRecord] = []
    package var opsets: [OpsetRecord] = []

    package init() {}

    static func read(_ message: WireMessage) throws(ModelError) -> FunctionRecord {
        var record = FunctionRecord()
        record.name = message.string(Field.name) ?? ""
        record.domain = message.string(Field.domain) ?? ""
        record.overload = message.string(Field.overload) ?? ""
        record.inputs = message.strings(Field.inputs)
        record.outputs = message.strings(Field.outputs)
        record.attributes = message.strings(Field.attributes)
        record.defaults = try message.children(Field.defaults, as: SeptumONNXAttribute, AttributeRecord.read)
        record.nodes = try message.children(Field.nodes, NodeRecord.read)
        record.opsets = try message.children(Field.opsets, OpsetRecord.read)
        return record
    }

    func write(_ message: WireMessage) throws(ModelError) {
        try message.add(Field.name, name)
        try message.add(Field.domain, unlessEmpty: domain)
        try message.add(Field.overload, unlessEmpty: overload)
        try message.add(Field.inputs, inputs)
        try message.add(Field.outputs, outputs)
        try message.add(Field.attributes, attributes)
        for attribute in defaults { try message.add(Field.defaults, as: SeptumONNXAttribute, attribute.write) }
        for node in nodes { try message.add(Field.nodes, node.write) }
        for opset in opsets { try message.add(Field.opsets, opset.write) }
    }

    private enum Field {
        static let name: Int32 = 1
        static let inputs: Int32 = 4
        static let outputs: Int32 = 5
        static let attributes: Int32 = 6
        static let nodes: Int32 = 7
        static let opsets: Int32 = 9
        static let domain: Int32 = 10
        static let defaults: Int32 = 11
        static let overload: Int32 = 13
    }
}
