public import SeptumTensor

/// Operators by name: how a stored graph finds their types.
public struct OperatorRegistry: Sendable {
    private var types: [any Operator.Type] = []
    private var places = NameTable()

    public init(_ types: [any Operator.Type] = []) {
        self.types.reserveCapacity(types.count)
        places = NameTable(capacity: types.count)
        for type in types { register(type) }
    }

    /// Adds an operator; one of the same name is replaced.
    public mutating func register(_ type: any Operator.Type) {
        if let place = places[type.name] {
            types[place] = type
        } else {
            places.insert(type.name, types.count)
            types.append(type)
        }
    }

    /// All names in alphabetical order.
    public var names: [String] { types.map { $0.name }.sorted() }

    /// The type of an operator, nil when the name is not known.
    public subscript(name: String) -> (any Operator.Type)? { places[name].map { types[$0] } }

    /// Makes an operator from its name and attributes; every attribute must be known to it.
    ///
    /// - Throws: `unsupported` when there is no such operator or attribute.
    public func make(_ name: String, _ attributes: Attributes) throws(ModelError) -> any Operator {
        guard let type = self[name] else {
            throw ModelError(.unsupported, "there is no operator '\(name)'", remedy: "register a plugin that provides it")
        }
        return try OperatorRegistry.make(type, attributes)
    }

    /// Makes an operator of a known type; every attribute must be known to it.
    ///
    /// - Throws: `unsupported` when an attribute is not.
    public static func make(_ type: any Operator.Type, _ attributes: Attributes) throws(ModelError) -> any Operator {
        var reader = AttributeReader(attributes)
        let op = try type.init(&reader)
        try reader.finish()
        return op
    }
}
