import SeptumTensor

/// The type of a value, as in `TypeProto`; element types are the codes of `TensorProto.DataType`.
package indirect enum TypeRecord: Sendable, Hashable {
    case unset
    case tensor(element: Int, shape: [DimensionRecord]?)
    case sparseTensor(element: Int, shape: [DimensionRecord]?)
    case sequence(TypeRecord)
    case optional(TypeRecord)
    case map(key: Int, value: TypeRecord)
    case opaque

    package enum DimensionRecord: Sendable, Hashable {
        case unset
        case value(Int)
        case name(String)
    }
}

extension TypeRecord {
    static func read(_ message: WireMessage) throws(ModelError) -> TypeRecord {
        if let child = message.child(Field.tensor) { return .tensor(element: child.int(1) ?? 0, shape: try shape(child)) }
        if let child = message.child(Field.sparseTensor) {
            return .sparseTensor(element: child.int(1) ?? 0, shape: try shape(child))
        }
        if let child = message.child(Field.sequence) { return .sequence(try read(child, 1)) }
        if let child = message.child(Field.optional) { return .optional(try read(child, 1)) }
        if let child = message.child(Field.map) { return .map(key: child.int(1) ?? 0, value: try read(child, 2)) }
        return message.child(Field.opaque) == nil ? .unset : .opaque
    }

    private static func read(_ parent: WireMessage, _ field: Int32) throws(ModelError) -> TypeRecord {
        guard let child = parent.child(field) else { return .unset }
        return try read(child)
    }

    private static func shape(_ message: WireMessage) throws(ModelError) -> [DimensionRecord]? {
        guard let shape = message.child(2) else { return nil }
        return try shape.children(1) { dimension throws(ModelError) in
            if let value = dimension.int(1) { return .value(value) }
            guard let name = dimension.string(2), !name.isEmpty else { return .unset }
            return .name(name)
        }
    }

    func write(_ message: WireMessage) throws(ModelError) {
        switch self {
        case .unset: return
        case .opaque: try message.add(Field.opaque) { _ in }
        case .tensor(let element, let shape):
            try message.add(Field.tensor) { child throws(ModelError) in try TypeRecord.write(element, shape, child) }
        case .sparseTensor(let element, let shape):
            try message.add(Field.sparseTensor) { child throws(ModelError) in try TypeRecord.write(element, shape, child) }
        case .sequence(let element):
            try message.add(Field.sequence) { child throws(ModelError) in try child.add(1, element.write) }
        case .optional(let wrapped):
            try message.add(Field.optional) { child throws(ModelError) in try child.add(1, wrapped.write) }
        case .map(let key, let value):
            try message.add(Field.map) { child throws(ModelError) in
                try child.add(1, key)
                try child.add(2, value.write)
            }
        }
    }

    private static func write(_ element: Int, _ shape: [DimensionRecord]?, _ message: WireMessage) throws(ModelError) {
        try message.add(1, element)
        guard let shape else { return }
        try message.add(2) { child throws(ModelError) in
            for dimension in shape {
                try child.add(1) { entry throws(ModelError) in
                    switch dimension {
                    case .unset: return
                    case .value(let value): try entry.add(1, value)
                    case .name(let name): try entry.add(2, name)
                    }
                }
            }
        }
    }

    private enum Field {
        static let tensor: Int32 = 1
        static let sequence: Int32 = 4
        static let map: Int32 = 5
        static let opaque: Int32 = 7
        static let sparseTensor: Int32 = 8
        static let optional: Int32 = 9
    }
}
