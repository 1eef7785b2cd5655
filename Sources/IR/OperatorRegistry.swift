public import SeptumTensor

/// Operators by name: how a stored graph finds their types.
public struct OperatorRegistry: Sendable {
    private var types: [String: any Operator.Type] = [:]

    public init(_ types: [any Operator.Type] = []) {
        self.types.reserveCapacity(types.count)
        for type in types { register(type) }
    }

    /// Adds an operator; one of the same name is replaced.
    public mutating func register(_ type: any Operator.Type) { types[type.name] = type }

    /// All names in alphabetical order.
    public var names: [String] { types.keys.sorted() }

    /// The type of an operator, nil when the name is not known.
    public subscript(name: String) -> (any Operator.Type)? { types[name] }

    /// Makes an operator from its name and attributes; every attribute must be known to it.
    ///
    /// - Throws: `unsupported` when there is no such operator or attribute.
    public func make(_ name: String, _ attributes: Attributes) throws(ModelError) -> any Operator {
        guard let type = types[name] else {
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
