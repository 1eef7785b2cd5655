/// The element type and symbolic shape of a tensor; a nil shape means that not even the rank is known.
public struct TensorType: Sendable, Hashable {
    public var elementType: ElementType
    public var shape: [Dimension]?

    public init(_ elementType: ElementType, _ shape: [Dimension]?) {
        self.elementType = elementType
        self.shape = shape
    }

    /// The shape when every dimension is a number.
    public var concreteShape: [Int]? {
        guard let shape else { return nil }
        let numbers = shape.compactMap(\.number)
        return numbers.count == shape.count ? numbers : nil
    }
}

/// The type of a value in a graph.
public enum ValueType: Sendable, Hashable {
    case tensor(TensorType)
    indirect case sequence(ValueType)
    indirect case optional(ValueType)
    indirect case map(key: ElementType, value: ValueType)

    /// A tensor type.
    public static func tensor(_ elementType: ElementType, _ shape: [Dimension]?) -> ValueType {
        .tensor(TensorType(elementType, shape))
    }

    /// The tensor type, nil for other kinds of types.
    public var tensor: TensorType? {
        if case .tensor(let type) = self { type } else { nil }
    }
}

extension TensorType: CustomStringConvertible {
    public var description: String {
        guard let shape else { return "\(elementType)[...]" }
        return "\(elementType)[\(shape.map(\.description).joined(separator: ", "))]"
    }
}

extension ValueType: CustomStringConvertible {
    public var description: String {
        switch self {
        case .tensor(let type): type.description
        case .sequence(let element): "sequence<\(element)>"
        case .optional(let wrapped): "optional<\(wrapped)>"
        case .map(let key, let value): "map<\(key), \(value)>"
        }
    }
}
