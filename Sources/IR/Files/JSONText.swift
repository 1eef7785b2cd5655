#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import SeptumTensor

/// A value in JSON text: what it holds is read from the text when somebody asks. Valid within `read` alone.
struct JSONText {
    enum Kind: UInt8 {
        case null, `true`, `false`, nan, infinity, minusInfinity, number, asciiString, string, escapedString, array, object
    }

    /// Where a value is in the text, and the place of the value after it and all that it contains.
    struct Entry {
        /// Where the content begins, and the kind in the four lowest bits.
        private let head: Int
        /// Where the content ends; of arrays and objects the place of the value after all that they contain.
        var tail: Int

        init(_ kind: Kind, start: Int, tail: Int) {
            head = start << 4 | Int(kind.rawValue)
            self.tail = tail
        }

        var kind: Kind { Kind(rawValue: UInt8(truncatingIfNeeded: head & 15)) ?? .null }
        var start: Int { head >> 4 }
    }

    private let bytes: UnsafeRawBufferPointer
    private let entries: UnsafeBufferPointer<Entry>
    private let place: Int

    /// Parses text.
    ///
    /// - Throws: `malformed` with the byte offset; what `body` throws.
    static func read<T>(
        _ bytes: UnsafeRawBufferPointer, _ body: (JSONText) throws(ModelError) -> T
    ) throws(ModelError) -> T {
        let entries = try JSONParser.entries(bytes)
        return try entries.withUnsafeBufferPointer { entries throws(ModelError) in
            try body(JSONText(bytes: bytes, entries: entries, place: 0))
        }
    }

    private var entry: Entry { entries[place] }
    /// The text of a number, or what is between the quotes of a string.
    private var content: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[entry.start..<entry.tail]) }
    /// The place after the value and all that it contains.
    private var next: Int { entry.kind == .array || entry.kind == .object ? entry.tail : place + 1 }
    private func at(_ place: Int) -> JSONText { JSONText(bytes: bytes, entries: entries, place: place) }

    /// What a member's name stands for.
    private var value: JSONText { at(place + 1) }

    var isNull: Bool { entry.kind == .null }

    var isString: Bool {
        switch entry.kind {
        case .asciiString, .string, .escapedString: true
        default: false
        }
    }

    /// The element type of that name, nil when there is none.
    var elementType: ElementType? {
        guard isString else { return nil }
        return ElementType.allCases.first { isString($0) }
    }

    private func isString(_ type: ElementType) -> Bool {
        var name = type.name
        return name.withUTF8 { isString(UnsafeRawBufferPointer($0)) }
    }

    /// Whether a type is what this describes, as far as that can be told from its text alone.
    func isPlainly(_ type: ValueType) -> Bool {
        guard let type = type.tensor, let shape = type.shape, let element = self["element"], element.isString(type.elementType),
            var texts = self["shape"]?.elements
        else { return false }
        for dimension in shape {
            guard let text = texts.next() else { return false }
            if let number = dimension.number {
                guard text.entry.kind == .asciiString, text.content.count < 18, !text.content.isEmpty,
                    text.content.allSatisfy({ (0x30...0x39).contains($0) }),
                    text.content.reduce(0, { $0 * 10 + Int($1 - 0x30) }) == number
                else { return false }
            } else {
                guard var name = dimension.symbolName, text.entry.kind == .asciiString,
                    name.withUTF8({ text.isString(UnsafeRawBufferPointer($0)) })
                else { return false }
            }
        }
        return texts.next() == nil
    }

    /// The values of an array, nil when this is none.
    var elements: Elements? { entry.kind == .array ? Elements(text: self, step: 1) : nil }

    /// The members of an object, nil when this is none.
    var members: Members? { entry.kind == .object ? Members(places: Elements(text: self, step: 2)) : nil }

    /// The value of an object's member; nil when it is absent or this is no object.
    subscript(name: StaticString) -> JSONText? {
        guard entry.kind == .object else { return nil }
        for member in Elements(text: self, step: 2) {
            if member.isString(name) { return member.value }
        }
        return nil
    }

    /// Whether this is a string of the given bytes.
    func isString(_ bytes: UnsafeRawBufferPointer) -> Bool {
        switch entry.kind {
        case .asciiString, .string:
            let content = content
            guard content.count == bytes.count, let a = content.baseAddress, let b = bytes.baseAddress else {
                return content.count == bytes.count
            }
            return memcmp(a, b, bytes.count) == 0
        case .escapedString: return (try? withUnescapedBytes { $0.elementsEqual(bytes) }) ?? false
        default: return false
        }
    }

    /// Whether this is the given string.
    func isString(_ text: StaticString) -> Bool {
        isString(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Whether both are the same string.
    func isString(_ other: JSONText) -> Bool {
        (try? other.withUnescapedBytes { isString($0) }) ?? false
    }

    /// Whether this is a string that begins with ASCII text.
    func hasPrefix(_ prefix: StaticString) -> Bool {
        entry.kind == .asciiString
            && content.starts(with: UnsafeRawBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount))
    }

    /// The string; nil when this is none, or not well-formed.
    var string: String? {
        switch entry.kind {
        case .asciiString, .string, .escapedString: try? text
        default: nil
        }
    }

    /// The number as an integer, nil when it is none.
    var int: Int? {
        guard entry.kind == .number else { return nil }
        let digits = content
        guard digits.count < 18, digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return Int(String(decoding: digits, as: UTF8.self))
        }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }

    /// The number rounded once to float32.
    var float: Float? { (try? json)?.float }

    /// The value with all that it contains.
    ///
    /// - Throws: `malformed` when a string is not well-formed.
    var json: JSON {
        get throws(ModelError) {
            switch entry.kind {
            case .null: return .null
            case .true: return .bool(true)
            case .false: return .bool(false)
            case .nan: return .number("nan")
            case .infinity: return .number("inf")
            case .minusInfinity: return .number("-inf")
            case .number: return .number(String(decoding: content, as: UTF8.self))
            case .asciiString, .string, .escapedString: return .string(try text)
            case .array:
                var values: [JSON] = []
                for element in Elements(text: self, step: 1) { values.append(try element.json) }
                return .array(values)
            case .object:
                var members: [JSON.Member] = []
                members.reserveCapacity(4)
                for name in Elements(text: self, step: 2) { members.append(.init(try name.text, try name.value.json)) }
                return .object(members)
            }
        }
    }

    /// The string between the quotes.
    private var text: String {
        get throws(ModelError) {
            if entry.kind == .asciiString {
                let content = content
                return String(unsafeUninitializedCapacity: content.count) { room in
                    UnsafeMutableRawBufferPointer(room).copyMemory(from: content)
                    return content.count
                }
            }
            if entry.kind == .string {
                guard let text = String(validating: content, as: UTF8.self) else {
                    throw JSONEscapes.error("a string is not UTF-8", at: entry.tail + 1)
                }
                return text
            }
            return try withUnescapedBytes { bytes throws(ModelError) in
                guard let text = String(validating: bytes, as: UTF8.self) else {
                    throw JSONEscapes.error("a string is not UTF-8", at: entry.tail + 1)
                }
                return text
            }
        }
    }

    /// The bytes of a string without escapes, whether or not they are UTF-8.
    ///
    /// - Throws: `malformed` when this is no string or an escape is not well-formed; what `body` throws.
    func withUnescapedBytes<T>(_ body: (UnsafeRawBufferPointer) throws(ModelError) -> T) throws(ModelError) -> T {
        switch entry.kind {
        case .asciiString, .string: return try body(content)
        case .escapedString:
            // Each escape is at least as long as what it stands for.
            let room = UnsafeMutableRawBufferPointer.allocate(byteCount: entry.tail - entry.start, alignment: 1)
            defer { room.deallocate() }
            let count = try JSONEscapes.unescape(bytes, entry.start..<entry.tail, room)
            return try body(UnsafeRawBufferPointer(rebasing: room[..<count]))
        default: throw ModelError(.malformed, "JSON: expected a string at byte \(entry.start)")
        }
    }

    /// The values that an array contains, or the names of an object.
    struct Elements: Sequence, IteratorProtocol {
        private let text: JSONText
        private let step: Int
        private var place: Int

        fileprivate init(text: JSONText, step: Int) {
            (self.text, self.step, place) = (text, step, text.place + 1)
        }

        mutating func next() -> JSONText? {
            guard place < text.next else { return nil }
            let found = text.at(place)
            place = step == 1 ? found.next : text.at(place + 1).next
            return found
        }
    }

    /// The members of an object: what gives a name, and its value.
    struct Members: Sequence, IteratorProtocol {
        fileprivate var places: Elements

        mutating func next() -> (name: JSONText, value: JSONText)? {
            places.next().map { ($0, $0.value) }
        }
    }
}
