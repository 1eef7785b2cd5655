public import SeptumTensor

extension JSON {
    /// Parses JSON text; also takes NaN, Infinity and -Infinity, which several ML libraries write.
    ///
    /// - Throws: `malformed` with the byte offset.
    public init(parsing bytes: UnsafeRawBufferPointer) throws(ModelError) {
        self = try JSONText.read(bytes) { text throws(ModelError) in try text.json }
    }

    /// Parses JSON text.
    ///
    /// - Throws: `malformed` with the byte offset.
    public init(parsing text: String) throws(ModelError) {
        var text = text
        let parsed = text.withUTF8 { buffer -> Result<JSON, ModelError> in
            Result { () throws(ModelError) in try JSON(parsing: UnsafeRawBufferPointer(buffer)) }
        }
        self = try parsed.get()
    }
}

/// Recursive descent with bounded depth over untrusted bytes.
struct JSONParser {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    /// Members of an object are two values each: the name and what it stands for.
    private var entries: [JSONText.Entry] = []
    private static let depthLimit = 200

    private init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// The values of a text in its order.
    ///
    /// - Throws: `malformed` with the byte offset.
    static func entries(_ bytes: UnsafeRawBufferPointer) throws(ModelError) -> [JSONText.Entry] {
        var parser = JSONParser(bytes: bytes)
        parser.entries.reserveCapacity(bytes.count / 8 + 1)
        try parser.value(depth: 0)
        parser.skipSpace()
        guard parser.position == bytes.count else { throw parser.error("text after the end of the document") }
        return parser.entries
    }

    private mutating func add(_ kind: JSONText.Kind, _ range: Range<Int>) {
        entries.append(.init(kind, start: range.lowerBound, tail: range.upperBound))
    }

    /// Adds what contains the values that `body` adds.
    private mutating func add(
        _ kind: JSONText.Kind, _ body: (inout JSONParser) throws(ModelError) -> Void
    ) throws(ModelError) {
        let place = entries.count
        add(kind, position..<position)
        position += 1
        try body(&self)
        entries[place].tail = entries.count
    }

    private func error(_ message: String) -> ModelError { ModelError(.malformed, "JSON: \(message) at byte \(position)") }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0a, 0x0d, 0x09: position += 1
            default: return
            }
        }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard let byte = current, UInt32(byte) == character.value else { return false }
        position += 1
        return true
    }

    private mutating func takeWord(_ word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        guard count <= bytes.count - position else { return false }
        for index in 0..<count where bytes[position + index] != word.utf8Start[index] { return false }
        position += count
        return true
    }

    private mutating func value(depth: Int) throws(ModelError) {
        guard depth < JSONParser.depthLimit else { throw error("nested deeper than \(JSONParser.depthLimit)") }
        skipSpace()
        switch current {
        case UInt8(ascii: "{"): return try add(.object) { parser throws(ModelError) in try parser.object(depth: depth) }
        case UInt8(ascii: "["): return try add(.array) { parser throws(ModelError) in try parser.array(depth: depth) }
        case UInt8(ascii: "\""): return try string()
        case let digit? where (0x30...0x39).contains(digit): return try number()
        case nil: throw error("unexpected end")
        default: break
        }
        if takeWord("true") { return add(.true, position..<position) }
        if takeWord("false") { return add(.false, position..<position) }
        if takeWord("null") { return add(.null, position..<position) }
        if takeWord("NaN") { return add(.nan, position..<position) }
        if takeWord("Infinity") { return add(.infinity, position..<position) }
        if takeWord("-Infinity") { return add(.minusInfinity, position..<position) }
        try number()
    }

    private mutating func object(depth: Int) throws(ModelError) {
        if take("}") { return }
        repeat {
            skipSpace()
            guard current == UInt8(ascii: "\"") else { throw error("expected a member's name") }
            try string()
            guard take(":") else { throw error("expected ':'") }
            try value(depth: depth + 1)
        } while take(",")
        guard take("}") else { throw error("expected ',' or '}'") }
    }

    private mutating func array(depth: Int) throws(ModelError) {
        if take("]") { return }
        repeat { try value(depth: depth + 1) } while take(",")
        guard take("]") else { throw error("expected ',' or ']'") }
    }

    private mutating func number() throws(ModelError) {
        let start = position
        while let byte = current, isNumberByte(byte) { position += 1 }
        guard JSONParser.isNumber(UnsafeRawBufferPointer(rebasing: bytes[start..<position])) else {
            position = start
            throw error("expected a value")
        }
        add(.number, start..<position)
    }

    /// Source: https://www.rfc-editor.org/rfc/rfc8259#section-6
    private static func isNumber(_ text: UnsafeRawBufferPointer) -> Bool {
        var place = 0
        func take(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Bool {
            guard place < text.count, text[place] == UInt8(ascii: first) || text[place] == UInt8(ascii: second) else {
                return false
            }
            place += 1
            return true
        }
        func takeDigits() -> Bool {
            let start = place
            while place < text.count, (0x30...0x39).contains(text[place]) { place += 1 }
            return place > start
        }
        _ = take("-", "-")
        guard take("0", "0") || takeDigits() else { return false }
        if take(".", "."), !takeDigits() { return false }
        if take("e", "E") {
            _ = take("+", "-")
            guard takeDigits() else { return false }
        }
        return place == text.count
    }

    private func isNumberByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x2b, 0x2d, 0x2e, 0x45, 0x65: true
        default: false
        }
    }

    private mutating func string() throws(ModelError) {
        position += 1
        let start = position
        var (end, isEscaped, ored): (Int, Bool, UInt8) = (start, false, 0)
        scan: while end < bytes.count {
            let byte = bytes[end]
            switch byte {
            case UInt8(ascii: "\""): break scan
            case UInt8(ascii: "\\"):
                isEscaped = true
                end += 2
            case 0..<0x20:
                position = end + 1
                throw error("a control character in a string")
            default:
                ored |= byte
                end += 1
            }
        }
        guard end < bytes.count else {
            position = bytes.count
            throw error("a string without an end")
        }
        position = end + 1
        if isEscaped || ored >= 0x80 { try JSONEscapes.check(bytes, start..<end) }
        add(isEscaped ? .escapedString : ored < 0x80 ? .asciiString : .string, start..<end)
    }
}
