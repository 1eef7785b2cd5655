import SeptumTensor

/// A value of a model file, JSON or UBJSON. Numbers stay in the file until their type is known, to be rounded once.
enum Record {
    case null
    case bool(Bool)
    case number(Numbers)
    case string(String)
    /// A list in which there are other things than numbers, or none at all.
    case list([Record])
    /// A list of numbers.
    case numbers(Numbers)
    case object([String: Record])

    /// What the record is, in words.
    var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a truth value"
        case .number: "a number"
        case .string: "a string"
        case .list(let records): "a list of \(records.count)"
        case .numbers(let numbers): "a list of \(numbers.count) numbers"
        case .object: "an object"
        }
    }
}

/// The two encodings of a file.
enum RecordFile {
    /// A record nests at most this deep; models need about ten levels.
    static let depthLimit = 64

    /// An UBJSON object goes on with a type marker, a JSON object with a quote or space.
    ///
    /// Source: https://github.com/dmlc/xgboost/blob/v3.2.0/src/learner.cc#L979-L985
    static func isBinary(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.count > 1 && bytes[0] == UInt8(ascii: "{") && (0x41...0x7a).contains(bytes[1])
    }

    static func read(_ bytes: UnsafeRawBufferPointer) throws(ModelError) -> Field {
        var record: Record
        if isBinary(bytes) {
            var reader = UBJSONReader(bytes: bytes)
            record = try reader.document()
        } else {
            var reader = JSONReader(bytes: bytes)
            record = try reader.document()
        }
        // A pickled booster wraps the model together with its configuration.
        if case .object(let members) = record, members["learner"] == nil, let model = members["Model"] { record = model }
        return Field(record: record, path: "", bytes: bytes)
    }
}

/// A record with its place in the file; every question that it cannot answer is an error that names the place.
struct Field {
    let record: Record
    let path: String
    let bytes: UnsafeRawBufferPointer

    func error(_ expected: String) -> ModelError {
        ModelError(.malformed, "found \(record.kind), expected \(expected)", attribute: path)
    }

    /// A member of an object, nil when absent.
    func optional(_ name: String) throws(ModelError) -> Field? {
        guard case .object(let members) = record else { throw error("an object") }
        return members[name].map { Field(record: $0, path: path.isEmpty ? name : "\(path).\(name)", bytes: bytes) }
    }

    func member(_ name: String) throws(ModelError) -> Field {
        guard let field = try optional(name) else {
            throw ModelError(.malformed, "the member '\(name)' is missing", attribute: path.isEmpty ? nil : path)
        }
        return field
    }

    func string() throws(ModelError) -> String {
        guard case .string(let text) = record else { throw error("a string") }
        return text
    }

    /// An integer, which the parameters of a model hold as a string.
    func integer() throws(ModelError) -> Int {
        if case .string(let text) = record, let value = Int(text) { return value }
        if case .number(let number) = record { return try number.integers(bytes, self)[0] }
        throw error("an integer")
    }

    func elements() throws(ModelError) -> [Field] {
        switch record {
        case .list(let records):
            return records.enumerated().map { Field(record: $1, path: "\(path)[\($0)]", bytes: bytes) }
        case .numbers(let numbers) where numbers.count == 0: return []
        default: throw error("a list")
        }
    }

    /// The members of an object whose values are strings, in alphabetical order.
    func strings() throws(ModelError) -> [(name: String, value: String)] {
        guard case .object(let members) = record else { throw error("an object") }
        var result: [(name: String, value: String)] = []
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
            guard case .string(let text) = value else { throw error("an object of strings") }
            result.append((name, text))
        }
        return result
    }

    /// A list of integers or truth values.
    func integers(count: Int? = nil) throws(ModelError) -> [Int] {
        let expected = count.map { "\($0) integers" } ?? "a list of integers"
        var values: [Int] = []
        switch record {
        case .numbers(let numbers): values = try numbers.integers(bytes, self)
        case .list(let records):
            for record in records {
                switch record {
                case .bool(let value): values.append(value ? 1 : 0)
                case .number(let number): values += try number.integers(bytes, self)
                default: throw error(expected)
                }
            }
        default: throw error(expected)
        }
        guard count == nil || values.count == count else { throw error(expected) }
        return values
    }

    /// A list of numbers, each rounded once to float32.
    func floats(count: Int? = nil) throws(ModelError) -> [Float] {
        let expected = count.map { "\($0) numbers" } ?? "a list of numbers"
        var values: [Float] = []
        switch record {
        case .numbers(let numbers): values = try numbers.floats(bytes, self)
        case .list(let records):
            for record in records {
                guard case .number(let number) = record else { throw error(expected) }
                values += try number.floats(bytes, self)
            }
        default: throw error(expected)
        }
        guard count == nil || values.count == count else { throw error(expected) }
        return values
    }
}
