import SeptumTensor

/// A node's attribute, as in `AttributeProto`.
package struct AttributeRecord: Sendable {
    package indirect enum Value: Sendable {
        case float(Float)
        case int(Int)
        case string(String)
        case tensor(TensorRecord)
        case graph(GraphRecord)
        case floats([Float])
        case ints([Int])
        case strings([String])
        case tensors([TensorRecord])
        case graphs([GraphRecord])
        case sparseTensor(SparseTensorRecord)
        case sparseTensors([SparseTensorRecord])
        case type(TypeRecord)
        case types([TypeRecord])
        /// The value of an attribute of the function that holds the node.
        case reference(String)
    }

    package var name: String
    package var value: Value

    package init(_ name: String, _ value: Value) {
        self.name = name
        self.value = value
    }
}

extension AttributeRecord {
    static func read(_ message: WireMessage) throws(ModelError) -> AttributeRecord {
        let name = message.string(Field.name) ?? ""
        if let reference = message.string(Field.reference), !reference.isEmpty { return .init(name, .reference(reference)) }
        let code = message.int(Field.type) ?? 0
        do throws(ModelError) {
            return .init(name, try value(message, code == 0 ? guessedCode(message) : code))
        } catch {
            var named = error
            named.attribute = error.attribute ?? name
            throw named
        }
    }

    private static func value(_ message: WireMessage, _ code: Int) throws(ModelError) -> Value {
        switch code {
        case Code.float: return .float(message.float(Field.float) ?? 0)
        case Code.int: return .int(message.int(Field.int) ?? 0)
        case Code.string: return .string(message.string(Field.string) ?? "")
        case Code.tensor: return .tensor(try TensorRecord.read(try required(message, Field.tensor)))
        case Code.graph: return .graph(try GraphRecord.read(try required(message, Field.graph)))
        case Code.floats: return .floats(message.elements(Field.floats))
        case Code.ints: return .ints(message.elements(Field.ints, of: Int64.self).map(Int.init))
        case Code.strings: return .strings(message.strings(Field.strings))
        case Code.tensors: return .tensors(try message.children(Field.tensors, TensorRecord.read))
        case Code.graphs: return .graphs(try message.children(Field.graphs, GraphRecord.read))
        case Code.sparseTensor: return .sparseTensor(try SparseTensorRecord.read(try required(message, Field.sparseTensor)))
        case Code.sparseTensors: return .sparseTensors(try message.children(Field.sparseTensors, SparseTensorRecord.read))
        case Code.type: return .type(try TypeRecord.read(try required(message, Field.typeValue)))
        case Code.types: return .types(try message.children(Field.types, TypeRecord.read))
        default: throw ModelError(.malformed, "found attribute type \(code), expected 1 to 14")
        }
    }

    /// Files of IR version 1 leave the type out; the field that is set tells it.
    private static func guessedCode(_ message: WireMessage) -> Int {
        Code.fields.first { message.count($0.field) > 0 }?.code ?? 0
    }

    private static func required(_ message: WireMessage, _ field: Int32) throws(ModelError) -> WireMessage {
        guard let child = message.child(field) else { throw ModelError(.malformed, "the value is missing") }
        return child
    }

    func write(_ message: WireMessage) throws(ModelError) {
        try message.add(Field.name, name)
        func type(_ code: Int) throws(ModelError) { try message.add(Field.type, code) }
        switch value {
        case .float(let value):
            try type(Code.float)
            try message.add(Field.float, value)
        case .int(let value):
            try type(Code.int)
            try message.add(Field.int, value)
        case .string(let value):
            try type(Code.string)
            try message.add(Field.string, value)
        case .tensor(let value):
            try type(Code.tensor)
            try message.add(Field.tensor, value.write)
        case .graph(let value):
            try type(Code.graph)
            try message.add(Field.graph, value.write)
        case .floats(let values):
            try type(Code.floats)
            try message.add(Field.floats, elements: values)
        case .ints(let values):
            try type(Code.ints)
            try message.add(Field.ints, elements: values.map(Int64.init))
        case .strings(let values):
            try type(Code.strings)
            try message.add(Field.strings, values)
        case .tensors(let values):
            try type(Code.tensors)
            for value in values { try message.add(Field.tensors, value.write) }
        case .graphs(let values):
            try type(Code.graphs)
            for value in values { try message.add(Field.graphs, value.write) }
        case .sparseTensor(let value):
            try type(Code.sparseTensor)
            try message.add(Field.sparseTensor, value.write)
        case .sparseTensors(let values):
            try type(Code.sparseTensors)
            for value in values { try message.add(Field.sparseTensors, value.write) }
        case .type(let value):
            try type(Code.type)
            try message.add(Field.typeValue, value.write)
        case .types(let values):
            try type(Code.types)
            for value in values { try message.add(Field.types, value.write) }
        case .reference(let value): try message.add(Field.reference, value)
        }
    }

    private enum Field {
        static let name: Int32 = 1
        static let float: Int32 = 2
        static let int: Int32 = 3
        static let string: Int32 = 4
        static let tensor: Int32 = 5
        static let graph: Int32 = 6
        static let floats: Int32 = 7
        static let ints: Int32 = 8
        static let strings: Int32 = 9
        static let tensors: Int32 = 10
        static let graphs: Int32 = 11
        static let typeValue: Int32 = 14
        static let types: Int32 = 15
        static let type: Int32 = 20
        static let reference: Int32 = 21
        static let sparseTensor: Int32 = 22
        static let sparseTensors: Int32 = 23
    }

    /// `AttributeProto.AttributeType`.
    private enum Code {
        static let float = 1
        static let int = 2
        static let string = 3
        static let tensor = 4
        static let graph = 5
        static let floats = 6
        static let ints = 7
        static let strings = 8
        static let tensors = 9
        static let graphs = 10
        static let sparseTensor = 11
        static let sparseTensors = 12
        static let type = 13
        static let types = 14

        static let fields: [(field: Int32, code: Int)] = [
            (Field.float, float), (Field.int, int), (Field.string, string), (Field.tensor, tensor), (Field.graph, graph),
            (Field.floats, floats), (Field.ints, ints), (Field.strings, strings), (Field.tensors, tensors),
            (Field.graphs, graphs), (Field.sparseTensor, sparseTensor), (Field.typeValue, type),
        ]
    }
}
