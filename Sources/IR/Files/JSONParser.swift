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
        let bytes = Array(text.utf8)
        let parsed = bytes.withUnsafeBytes { (buffer) -> Result<JSON, ModelError> in
            do throws(ModelError) { return .success(try JSON(parsing: buffer)) } catch { return .failure(error) }
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
        var scalars: [UInt8] = []
        var end = position
        while end < bytes.count, bytes[end] >= 0x20, bytes[end] != UInt8(ascii: "\""), bytes[end] != UInt8(ascii: "\\") {
            end += 1
        }
        let plain = UnsafeRawBufferPointer(rebasing: bytes[position..<end])
        position = end
        if current == UInt8(ascii: "\"") {
            position += 1
            guard let text = String(validating: plain, as: UTF8.self) else { throw error("a string is not UTF-8") }
            return text
        }
        scalars.append(contentsOf: plain)
        while let byte = current {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: scalars, as: UTF8.self) else { throw error("a string is not UTF-8") }
                return text
            case UInt8(ascii: "\\"): try escape(&scalars)
            case 0..<0x20: throw error("a control character in a string")
            default: scalars.append(byte)
            }
        }
        throw error("a string without an end")
    }

    private mutating func escape(_ scalars: inout [UInt8]) throws(ModelError) {
        guard let byte = current else { throw error("a string without an end") }
        position += 1
        switch byte {
        case UInt8(ascii: "n"): scalars.append(0x0a)
        case UInt8(ascii: "t"): scalars.append(0x09)
        case UInt8(ascii: "r"): scalars.append(0x0d)
        case UInt8(ascii: "b"): scalars.append(0x08)
        case UInt8(ascii: "f"): scalars.append(0x0c)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): scalars.append(byte)
        case UInt8(ascii: "u"):
            var code = try hexadecimal()
            if (0xd800..<0xdc00).contains(code), takeWord("\\u") {
                let low = try hexadecimal()
                guard (0xdc00..<0xe000).contains(low) else { throw error("half a surrogate pair") }
                code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw error("half a surrogate pair") }
            scalars.append(contentsOf: Array(String(Character(scalar)).utf8))
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
