/// What flows along an edge of a graph at run time.
public indirect enum Value: Sendable {
    case tensor(Tensor)
    case sequence([Value], of: ValueType)
    case optional(Value?, of: ValueType)
    /// Keys are an int64 or string tensor of rank one, values have one entry a key.
    case map(keys: Tensor, values: [Value], of: ValueType)
}

extension Value {
    /// The tensor, nil for other kinds of values.
    public var tensor: Tensor? {
        if case .tensor(let tensor) = self { tensor } else { nil }
    }

    /// The concrete type of the value.
    public var type: ValueType {
        switch self {
        case .tensor(let tensor): .tensor(TensorType(tensor.elementType, tensor.shape.map(Dimension.fixed)))
        case .sequence(_, let element): .sequence(element)
        case .optional(_, let wrapped): .optional(wrapped)
        case .map(let keys, _, let value): .map(key: keys.elementType, value: value)
        }
    }
}
