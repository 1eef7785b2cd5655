package import SeptumTensor

/// Data without behaviour: all that crosses between Swift and Python.
package indirect enum PlainValue: Sendable {
    case none
    case bool(Bool)
    case int(Int64)
    case float(Double)
    case string(String)
    case bytes([UInt8])
    case list([PlainValue])
    /// In the order of the Python dictionary.
    case dictionary([(key: String, value: PlainValue)])
    /// A numpy array; arrays of strings are of `object` on the Python side.
    case array(Tensor)
}

extension PlainValue {
    /// The value of the first entry with this key, nil when there is none or this is no dictionary.
    package subscript(key: String) -> PlainValue? {
        guard case .dictionary(let entries) = self else { return nil }
        return entries.first { $0.key == key }?.value
    }

    package var isNone: Bool { if case .none = self { true } else { false } }
    package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    package var int: Int? { if case .int(let value) = self { Int(exactly: value) } else { nil } }
    package var string: String? { if case .string(let value) = self { value } else { nil } }
    package var bytes: [UInt8]? { if case .bytes(let value) = self { value } else { nil } }
    package var list: [PlainValue]? { if case .list(let value) = self { value } else { nil } }
    package var tensor: Tensor? { if case .array(let value) = self { value } else { nil } }

    /// The number, also when it is an integer.
    package var float: Double? {
        switch self {
        case .float(let value): value
        case .int(let value): Double(value)
        default: nil
        }
    }

    /// The strings of a list of strings or of an array of strings of rank one.
    package var strings: [String]? {
        if case .array(let tensor) = self { return tensor.elementType == .string ? tensor.strings : nil }
        guard case .list(let items) = self else { return nil }
        let strings = items.compactMap(\.string)
        return strings.count == items.count ? strings : nil
    }

    /// What to call the value in an error message.
    package var kind: String {
        switch self {
        case .none: "None"
        case .bool(let value): value ? "True" : "False"
        case .int(let value): "\(value)"
        case .float(let value): "\(value)"
        case .string(let value): "'\(value.prefix(80))'"
        case .bytes(let value): "\(value.count) bytes"
        case .list(let items): "a list of \(items.count)"
        case .dictionary(let entries): "a dictionary of \(entries.count)"
        case .array(let tensor): "an array of \(tensor.elementType) \(tensor.shape)"
        }
    }
}
