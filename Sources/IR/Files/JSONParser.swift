public import SeptumTensor

extension JSON {
    /// Parses JSON text; also takes NaN, Infinity and -Infinity, which several ML libraries write.
    ///
    /// - Throws: `malformed` with the byte offset.
    public init(parsing bytes: UnsafeRawBufferPointer) throws(ModelError) {
        var parser = JSONParser(bytes: bytes)
        self = try parser.document()
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
private struct JSONParser {
    let bytes: UnsafeRawBufferPointer
    var position = 0
    static let depthLimit = 200

    init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func document() throws(ModelError) -> JSON {
        let value = try value(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw error("text after the end of the document") }
        return value
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

    private mutating func value(depth: Int) throws(ModelError) -> JSON {
        guard depth < JSONParser.depthLimit else { throw error("nested deeper than \(JSONParser.depthLimit)") }
        skipSpace()
        switch current {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case let digit? where (0x30...0x39).contains(digit): return try number()
        case nil: throw error("unexpected end")
        default: break
        }
        if takeWord("true") { return .bool(true) }
        if takeWord("false") { return .bool(false) }
        if takeWord("null") { return .null }
        if takeWord("NaN") { return .number("nan") }
        if takeWord("Infinity") { return .number("inf") }
        if takeWord("-Infinity") { return .number("-inf") }
        return try number()
    }

    private mutating func object(depth: Int) throws(ModelError) -> JSON {
        position += 1
        var members: [JSON.Member] = []
        if take("}") { return .object(members) }
        members.reserveCapacity(4)
        repeat {
            skipSpace()
            guard current == UInt8(ascii: "\"") else { throw error("expected a member's name") }
            let name = try string()
            guard take(":") else { throw error("expected ':'") }
            members.append(JSON.Member(name, try value(depth: depth + 1)))
        } while take(",")
        guard take("}") else { throw error("expected ',' or '}'") }
        return .object(members)
    }

    private mutating func array(depth: Int) throws(ModelError) -> JSON {
        position += 1
        var values: [JSON] = []
        if take("]") { return .array(values) }
        repeat { values.append(try value(depth: depth + 1)) } while take(",")
        guard take("]") else { throw error("expected ',' or ']'") }
        return .array(values)
    }

    private mutating func number() throws(ModelError) -> JSON {
        let start = position
        while let byte = current, isNumberByte(byte) { position += 1 }
        let text = UnsafeRawBufferPointer(rebasing: bytes[start..<position])
        guard JSONParser.isNumber(text) else {
            position = start
            throw error("expected a value")
        }
        return .number(String(decoding: text, as: UTF8.self))
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

    private mutating func string() throws(ModelError) -> String {
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
        if isEscaped { return try unescaped(until: end) }
        position = end + 1
        return try text(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), isASCII: ored < 0x80)
    }

    private func text(_ bytes: UnsafeRawBufferPointer, isASCII: Bool) throws(ModelError) -> String {
        if isASCII {
            return String(unsafeUninitializedCapacity: bytes.count) { room in
                UnsafeMutableRawBufferPointer(room).copyMemory(from: bytes)
                return bytes.count
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw error("a string is not UTF-8") }
        return text
    }

    /// A string with escapes, each of which is at least as long as what it stands for.
    private mutating func unescaped(until end: Int) throws(ModelError) -> String {
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: end - position, alignment: 1)
        defer { room.deallocate() }
        var (count, ored): (Int, UInt8) = (0, 0)
        while position < end {
            let byte = bytes[position]
            position += 1
            if byte == UInt8(ascii: "\\") {
                for unit in Unicode.UTF8.encode(try escape()) ?? Unicode.UTF8.encodedReplacementCharacter {
                    room[count] = unit
                    ored |= unit
                    count += 1
                }
            } else {
                room[count] = byte
                ored |= byte
                count += 1
            }
        }
        position = end + 1
        return try text(UnsafeRawBufferPointer(rebasing: room[..<count]), isASCII: ored < 0x80)
    }

    private mutating func escape() throws(ModelError) -> Unicode.Scalar {
        guard let byte = current else { throw error("a string without an end") }
        position += 1
        switch byte {
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "u"):
            var code = try hexadecimal()
            if (0xd800..<0xdc00).contains(code), takeWord("\\u") {
                let low = try hexadecimal()
                guard (0xdc00..<0xe000).contains(low) else { throw error("half a surrogate pair") }
                code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw error("half a surrogate pair") }
            return scalar
        default: throw error("an unknown escape")
        }
    }

    private mutating func hexadecimal() throws(ModelError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = current.flatMap({ Character(Unicode.Scalar($0)).hexDigitValue }) else {
                throw error("expected four hexadecimal digits")
            }
            code = code << 4 | UInt32(digit)
            position += 1
        }
        return code
    }
}
