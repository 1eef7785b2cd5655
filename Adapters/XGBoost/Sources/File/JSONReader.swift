import SeptumIR
import SeptumTensor

/// Reads JSON text, leaving lists of numbers unread; also takes NaN and Infinity, which XGBoost writes.
struct JSONReader {
    let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func document() throws(ModelError) -> Record {
        let record = try record(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw error("text after the end of the document") }
        return record
    }

    private func error(_ message: String) -> ModelError { ModelError(.malformed, "JSON: \(message) at byte \(position)") }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while position < bytes.count, bytes[position] <= 0x20 { position += 1 }
    }

    private mutating func take(_ character: UInt8) -> Bool {
        skipSpace()
        guard current == character else { return false }
        position += 1
        return true
    }

    private mutating func takeWord(_ word: String) -> Bool {
        guard bytes[position...].prefix(word.utf8.count).elementsEqual(word.utf8) else { return false }
        position += word.utf8.count
        return true
    }

    private mutating func record(depth: Int) throws(ModelError) -> Record {
        guard depth < RecordFile.depthLimit else { throw error("too many nested values") }
        skipSpace()
        switch current {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try list(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case nil: throw error("the text ends early")
        default: break
        }
        if takeWord("true") { return .bool(true) }
        if takeWord("false") { return .bool(false) }
        if takeWord("null") { return .null }
        let start = position
        while let byte = current, JSONReader.isNumberByte(byte), byte != UInt8(ascii: ","), byte > 0x20 { position += 1 }
        guard position > start else { throw error("expected a value") }
        return .number(Numbers(place: start..<position, count: 1, encoding: .text))
    }

    private mutating func object(depth: Int) throws(ModelError) -> Record {
        position += 1
        var members: [String: Record] = [:]
        if take(UInt8(ascii: "}")) { return .object(members) }
        // A tree has about twenty.
        members.reserveCapacity(24)
        repeat {
            skipSpace()
            guard current == UInt8(ascii: "\"") else { throw error("expected a member's name") }
            let name = try string()
            guard take(UInt8(ascii: ":")) else { throw error("expected ':'") }
            guard members.updateValue(try record(depth: depth + 1), forKey: name) == nil else {
                throw error("the member '\(name)' is given twice")
            }
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw error("expected ',' or '}'") }
        return .object(members)
    }

    private mutating func list(depth: Int) throws(ModelError) -> Record {
        position += 1
        if take(UInt8(ascii: "]")) { return .list([]) }
        if let numbers = numberList() { return .numbers(numbers) }
        var records: [Record] = []
        repeat { records.append(try record(depth: depth + 1)) } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw error("expected ',' or ']'") }
        return .list(records)
    }

    /// Steps over a list that holds bytes of numbers only; nil, and nothing read, for other lists.
    private mutating func numberList() -> Numbers? {
        var end = position
        var count = 1
        while end < bytes.count {
            if end <= bytes.count - 8,
                let commas = JSONReader.commas(among: bytes.loadUnaligned(fromByteOffset: end, as: UInt64.self))
            {
                count += commas
                end += 8
                continue
            }
            let next = min(end + 8, bytes.count)
            while end < next, JSONReader.isNumberByte(bytes[end]) {
                if bytes[end] == UInt8(ascii: ",") { count += 1 }
                end += 1
            }
            if end < next { break }
        }
        guard end < bytes.count, bytes[end] == UInt8(ascii: "]") else { return nil }
        defer { position = end + 1 }
        return Numbers(place: position..<end, count: count, encoding: .text)
    }

    /// How many of eight bytes are commas; nil unless all are digits, signs, points, exponents, commas and blanks.
    private static func commas(among word: UInt64) -> Int? {
        let (ones, highest): (UInt64, UInt64) = (0x0101_0101_0101_0101, 0x8080_8080_8080_8080)
        guard word & highest == 0 else { return nil }
        // The highest bit of each byte tells whether the byte is at least, or is, what is asked for.
        func isAtLeast(_ byte: UInt64) -> UInt64 { word &+ ones &* (0x80 - byte) }
        func isNot(_ byte: UInt64, _ word: UInt64) -> UInt64 { (word ^ ones &* byte) &+ ones &* 0x7f }
        let isDigitOrSign = isAtLeast(0x2b) & ~isAtLeast(0x3a) & isNot(0x2f, word)
        let isExponentOrBlank = ~(isNot(0x65, word | ones &* 0x20) & isNot(0x20, word))
        guard (isDigitOrSign | isExponentOrBlank) & highest == highest else { return nil }
        return (~isNot(0x2c, word) & highest).nonzeroBitCount
    }

    private static func isNumberByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "E"), UInt8(ascii: "e"): true
        case UInt8(ascii: ","), 0x20, 0x09, 0x0a, 0x0d: true
        // NaN, nan, Infinity, inf
        case UInt8(ascii: "N"), UInt8(ascii: "a"), UInt8(ascii: "n"), UInt8(ascii: "I"), UInt8(ascii: "f"): true
        case UInt8(ascii: "i"), UInt8(ascii: "t"), UInt8(ascii: "y"): true
        default: false
        }
    }

    private mutating func string() throws(ModelError) -> String {
        let start = position
        position += 1
        var isPlain = true
        var all: UInt8 = 0
        while let byte = current, byte != UInt8(ascii: "\"") {
            all |= byte
            if byte == UInt8(ascii: "\\") {
                isPlain = false
                position += 1
            }
            position += 1
        }
        guard position < bytes.count else { throw error("a string without an end") }
        position += 1
        let quoted = UnsafeRawBufferPointer(rebasing: bytes[start..<position])
        if isPlain && all < 0x80 {
            return String(decoding: UnsafeRawBufferPointer(rebasing: quoted.dropFirst().dropLast()), as: UTF8.self)
        }
        if isPlain {
            guard let text = String(validating: quoted.dropFirst().dropLast(), as: UTF8.self) else {
                throw error("a string that is not UTF-8")
            }
            return text
        }
        guard let text = try JSON(parsing: quoted).string else { throw error("expected a string") }
        return text
    }
}
