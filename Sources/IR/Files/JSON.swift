/// A JSON value that keeps numbers as they are written, so that each reader rounds once, to its own type.
public enum JSON: Sendable, Equatable {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([JSON])
    case object([Member])

    /// One member of an object, in the order of the text.
    public struct Member: Sendable, Equatable {
        public var name: String
        public var value: JSON
        public init(_ name: String, _ value: JSON) {
            self.name = name
            self.value = value
        }
    }

    /// The value of an object's member, nil when it is absent or this is no object.
    public subscript(name: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    public var string: String? { if case .string(let text) = self { text } else { nil } }
    public var array: [JSON]? { if case .array(let values) = self { values } else { nil } }
    public var members: [Member]? { if case .object(let members) = self { members } else { nil } }
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    /// The number as an integer, nil when it is none.
    public var int: Int? { if case .number(let text) = self { Int(text) } else { nil } }
    /// The number rounded once to float32.
    public var float: Float? { if case .number(let text) = self { Float(text) } else { nil } }
    /// The number rounded once to float64.
    public var double: Double? { if case .number(let text) = self { Double(text) } else { nil } }

    /// An object from its members.
    public static func object(_ members: KeyValuePairs<String, JSON>) -> JSON {
        .object(members.map { Member($0.key, $0.value) })
    }

    public static func int(_ value: Int) -> JSON { .number("\(value)") }
}

extension JSON: CustomStringConvertible {
    /// Compact JSON text.
    public var description: String {
        var text = ""
        write(to: &text)
        return text
    }

    /// JSON text with one member or element a line.
    public var indented: String {
        var text = ""
        write(to: &text, indent: 0)
        return text
    }

    private func write(to text: inout String, indent: Int? = nil) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .number("nan"): text += "NaN"
        case .number("inf"): text += "Infinity"
        case .number("-inf"): text += "-Infinity"
        case .number(let number): text += number
        case .string(let string): JSON.quote(string, &text)
        case .array(let values):
            JSON.list("[", "]", values, &text, indent) { $0.write(to: &$1, indent: $2) }
        case .object(let members):
            JSON.list("{", "}", members, &text, indent) { member, text, indent in
                JSON.quote(member.name, &text)
                text += indent == nil ? ":" : ": "
                member.value.write(to: &text, indent: indent)
            }
        }
    }

    private static func list<T>(
        _ open: String, _ close: String, _ items: [T], _ text: inout String, _ indent: Int?,
        _ write: (T, inout String, Int?) -> Void
    ) {
        text += open
        for (index, item) in items.enumerated() {
            if index > 0 { text += "," }
            if let indent { text += "\n" + String(repeating: "  ", count: indent + 1) }
            write(item, &text, indent.map { $0 + 1 })
        }
        if let indent, !items.isEmpty { text += "\n" + String(repeating: "  ", count: indent) }
        text += close
    }

    private static func quote(_ string: String, _ text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
