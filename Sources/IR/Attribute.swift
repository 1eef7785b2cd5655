public import SeptumTensor

/// The value of one operator attribute, as printed and as stored in files.
public enum Attribute: Sendable {
    case int(Int)
    case float(Float)
    case string(String)
    case ints([Int])
    case floats([Float])
    case strings([String])
    case tensor(Tensor)
    case graph(Graph)
    case type(ValueType)
}

/// Attributes in the order in which they are printed and stored.
public typealias Attributes = [(name: String, value: Attribute)]

/// Hands the attributes of a node to an operator, checks their kinds and notices those that nobody asked for.
public struct AttributeReader: Sendable {
    private var unread: Attributes

    public init(_ attributes: Attributes) {
        unread = attributes
    }

    /// The attribute itself, nil when absent; of several of that name the first.
    public mutating func take(_ name: String) -> Attribute? {
        guard let value = unread.first(where: { $0.name == name })?.value else { return nil }
        unread.removeAll { $0.name == name }
        return value
    }

    public mutating func int(_ name: String) throws(ModelError) -> Int? {
        switch take(name) {
        case nil: nil
        case .int(let value): value
        case let other?: throw AttributeReader.wrongKind(name, "an integer", other)
        }
    }

    public mutating func float(_ name: String) throws(ModelError) -> Float? {
        switch take(name) {
        case nil: nil
        case .float(let value): value
        case let other?: throw AttributeReader.wrongKind(name, "a float", other)
        }
    }

    public mutating func string(_ name: String) throws(ModelError) -> String? {
        switch take(name) {
        case nil: nil
        case .string(let value): value
        case let other?: throw AttributeReader.wrongKind(name, "a string", other)
        }
    }

    /// An integer that stands for a truth value.
    public mutating func bool(_ name: String) throws(ModelError) -> Bool? {
        guard let value = try int(name) else { return nil }
        guard value == 0 || value == 1 else {
            throw ModelError(.invalidModel, "found \(value), expected 0 or 1", attribute: name)
        }
        return value == 1
    }

    public mutating func ints(_ name: String) throws(ModelError) -> [Int]? {
        switch take(name) {
        case nil: nil
        case .ints(let values): values
        case let other?: throw AttributeReader.wrongKind(name, "a list of integers", other)
        }
    }

    public mutating func floats(_ name: String) throws(ModelError) -> [Float]? {
        switch take(name) {
        case nil: nil
        case .floats(let values): values
        case .ints(let values) where values.isEmpty: []
        case let other?: throw AttributeReader.wrongKind(name, "a list of floats", other)
        }
    }

    public mutating func strings(_ name: String) throws(ModelError) -> [String]? {
        switch take(name) {
        case nil: nil
        case .strings(let values): values
        case .ints(let values) where values.isEmpty: []
        case let other?: throw AttributeReader.wrongKind(name, "a list of strings", other)
        }
    }

    public mutating func tensor(_ name: String) throws(ModelError) -> Tensor? {
        switch take(name) {
        case nil: nil
        case .tensor(let value): value
        case let other?: throw AttributeReader.wrongKind(name, "a tensor", other)
        }
    }

    public mutating func graph(_ name: String) throws(ModelError) -> Graph? {
        switch take(name) {
        case nil: nil
        case .graph(let value): value
        case let other?: throw AttributeReader.wrongKind(name, "a graph", other)
        }
    }

    public mutating func type(_ name: String) throws(ModelError) -> ValueType? {
        switch take(name) {
        case nil: nil
        case .type(let value): value
        case let other?: throw AttributeReader.wrongKind(name, "a type", other)
        }
    }

    /// One of the cases of a string enumeration.
    public mutating func choice<T: RawRepresentable & CaseIterable>(
        _ name: String, _ type: T.Type = T.self
    ) throws(ModelError) -> T? where T.RawValue == String {
        guard let text = try string(name) else { return nil }
        guard let value = T(rawValue: text) else {
            let known = T.allCases.map(\.rawValue).joined(separator: ", ")
            throw ModelError(.invalidModel, "found '\(text)', expected one of \(known)", attribute: name)
        }
        return value
    }

    /// An element type written as its ONNX code.
    public mutating func elementType(_ name: String) throws(ModelError) -> ElementType? {
        guard let code = try int(name) else { return nil }
        guard let raw = Int32(exactly: code), let type = ElementType(rawValue: raw) else {
            throw ModelError(.invalidModel, "found \(code), expected the code of an element type", attribute: name)
        }
        return type
    }

    /// Throws unless every attribute has been asked for.
    public func finish() throws(ModelError) {
        guard let name = unread.map(\.name).min() else { return }
        throw ModelError(.unsupported, "the operator has no such attribute", attribute: name)
    }

    /// The value, or an error that names the missing attribute.
    public static func require<T>(_ value: T?, _ name: String) throws(ModelError) -> T {
        guard let value else { throw ModelError(.invalidModel, "a required attribute is missing", attribute: name) }
        return value
    }

    private static func wrongKind(_ name: String, _ expected: String, _ found: Attribute) -> ModelError {
        ModelError(.invalidModel, "found \(found.kind), expected \(expected)", attribute: name)
    }
}

extension Attribute {
    /// The kind of the attribute in words.
    public var kind: String {
        switch self {
        case .int: "an integer"
        case .float: "a float"
        case .string: "a string"
        case .ints: "a list of integers"
        case .floats: "a list of floats"
        case .strings: "a list of strings"
        case .tensor: "a tensor"
        case .graph: "a graph"
        case .type: "a type"
        }
    }
}
