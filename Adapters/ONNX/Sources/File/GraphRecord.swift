import SeptumTensor

/// Nodes between named values, as in `GraphProto`.
package struct GraphRecord: Sendable {
    package var name = ""
    package var nodes: [NodeRecord] = []
    package var inputs: [ValueInfoRecord] = []
    package var outputs: [ValueInfoRecord] = []
    package var valueInfos: [ValueInfoRecord] = []
    package var initializers: [TensorRecord] = []
    package var sparseInitializers: [SparseTensorRecord] = []

    package init() {}

    static func read(_ message: WireMessage) throws(ModelError) -> GraphRecord {
        var record = GraphRecord()
        record.name = message.string(Field.name) ?? ""
        record.nodes = try message.children(Field.nodes, NodeRecord.read)
        record.inputs = try message.children(Field.inputs, ValueInfoRecord.read)
        record.outputs = try message.children(Field.outputs, ValueInfoRecord.read)
        record.valueInfos = try message.children(Field.valueInfos, ValueInfoRecord.read)
        record.initializers = try message.children(Field.initializers, TensorRecord.read)
        record.sparseInitializers = try message.children(Field.sparseInitializers, SparseTensorRecord.read)
        return record
    }

    func write(_ message: WireMessage) throws(ModelError) {
        for node in nodes { try message.add(Field.nodes, node.write) }
        try message.add(Field.name, name)
        for tensor in initializers { try message.add(Field.initializers, tensor.write) }
        for tensor in sparseInitializers { try message.add(Field.sparseInitializers, tensor.write) }
        for info in inputs { try message.add(Field.inputs, info.write) }
        for info in outputs { try message.add(Field.outputs, info.write) }
        for info in valueInfos { try message.add(Field.valueInfos, info.write) }
    }

    private enum Field {
        static let nodes: Int32 = 1
        static let name: Int32 = 2
        static let initializers: Int32 = 5
        static let inputs: Int32 = 11
        static let outputs: Int32 = 12
        static let valueInfos: Int32 = 13
        static let sparseInitializers: Int32 = 15
    }
}

/// A value's name and type.
package struct ValueInfoRecord: Sendable, Hashable {
    package var name: String
    package var type: TypeRecord

    package init(name: String, type: TypeRecord) {
        self.name = name
        self.type = type
    }

    static func read(_ message: WireMessage) throws(ModelError) -> ValueInfoRecord {
        var type = TypeRecord.unset
        if let child = message.child(2) { type = try TypeRecord.read(child) }
        return ValueInfoRecord(name: message.string(1) ?? "", type: type)
    }

    func write(_ message: WireMessage) throws(ModelError) {
        try message.add(1, name)
        if type != .unset { try message.add(2, type.write) }
    }
}

/// One application of an operator or function; empty names stand for omitted inputs and outputs.
package struct NodeRecord: Sendable {
    package var name = ""
    package var operatorName = ""
    package var domain = ""
    package var overload = ""
    package var inputs: [String] = []
    package var outputs: [String] = []
    package var attributes: [AttributeRecord] = []

    package init() {}

    package init(
        _ operatorName: String, domain: String = "", name: String = "", inputs: [String], outputs: [String],
        attributes: [AttributeRecord] = []
    ) {
        self.name = name
        self.operatorName = operatorName
        self.domain = domain
        self.inputs = inputs
        self.outputs = outputs
        self.attributes = attributes
    }

    static func read(_ message: WireMessage) throws(ModelError) -> NodeRecord {
        var record = NodeRecord()
        record.inputs = message.strings(Field.inputs)
        record.outputs = message.strings(Field.outputs)
        record.name = message.string(Field.name) ?? ""
        record.operatorName = message.string(Field.operatorName) ?? ""
        record.domain = message.string(Field.domain) ?? ""
        record.overload = message.string(Field.overload) ?? ""
        do throws(ModelError) {
            record.attributes = try message.children(Field.attributes, AttributeRecord.read)
        } catch {
            throw error.atNode(record.name, operator: record.operatorName)
        }
        return record
    }

    func write(_ message: WireMessage) throws(ModelError) {
        try message.add(Field.inputs, inputs)
        try message.add(Field.outputs, outputs)
        try message.add(Field.name, unlessEmpty: name)
        try message.add(Field.operatorName, operatorName)
        for attribute in attributes { try message.add(Field.attributes, attribute.write) }
        try message.add(Field.domain, unlessEmpty: domain)
        try message.add(Field.overload, unlessEmpty: overload)
    }

    private enum Field {
        static let inputs: Int32 = 1
        static let outputs: Int32 = 2
        static let name: Int32 = 3
        static let operatorName: Int32 = 4
        static let attributes: Int32 = 5
        static let domain: Int32 = 7
        static let overload: Int32 = 8
    }
}
