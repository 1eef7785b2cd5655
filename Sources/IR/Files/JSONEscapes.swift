import SeptumTensor

/// The escapes of JSON strings.
///
/// Source: https://www.rfc-editor.org/rfc/rfc8259#section-7
struct JSONEscapes {
    private let bytes: UnsafeRawBufferPointer
    private var position: Int
    private let end: Int

    static func error(_ message: String, at position: Int) -> ModelError {
        ModelError(.malformed, "JSON: \(message) at byte \(position)")
    }

    /// Writes what a part of the text stands for into `room`, which has as many bytes; returns how many it is.
    ///
    /// - Throws: `malformed` with the byte offset.
    static func unescape(
        _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ room: UnsafeMutableRawBufferPointer
    ) throws(ModelError) -> Int {
        var reader = JSONEscapes(bytes: bytes, position: range.lowerBound, end: range.upperBound)
        return try reader.unescape(room)
    }

    /// Checks a string that may never be read.
    ///
    /// - Throws: `malformed` with the byte offset when an escape is not well-formed or the text is not UTF-8.
    static func check(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) throws(ModelError) {
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: range.count, alignment: 1)
        defer { room.deallocate() }
        let count = try unescape(bytes, range, room)
        let text = UnsafeRawBufferPointer(rebasing: room[..<count])
        guard text.allSatisfy({ $0 < 0x80 }) || String(validating: text, as: UTF8.self) != nil else {
            throw error("a string is not UTF-8", at: range.upperBound + 1)
        }
    }

    private mutating func unescape(_ room: UnsafeMutableRawBufferPointer) throws(ModelError) -> Int {
        var count = 0
        while position < end {
            let byte = bytes[position]
            position += 1
            if byte != UInt8(ascii: "\\") {
                room[count] = byte
                count += 1
                continue
            }
            let scalar = try escape()
            if scalar.isASCII {
                room[count] = UInt8(truncatingIfNeeded: scalar.value)
                count += 1
            } else {
                for unit in Unicode.UTF8.encode(scalar) ?? Unicode.UTF8.encodedReplacementCharacter {
                    room[count] = unit
                    count += 1
                }
            }
        }
        return count
    }

    private func error(_ message: String) -> ModelError { JSONEscapes.error(message, at: position) }

    private mutating func escape() throws(ModelError) -> Unicode.Scalar {
        guard position < end else { throw error("a string without an end") }
        let byte = bytes[position]
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
            if (0xd800..<0xdc00).contains(code), end - position >= 2, bytes[position] == UInt8(ascii: "\\"),
                bytes[position + 1] == UInt8(ascii: "u")
            {
                position += 2
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
            guard position < end, let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else {
                throw error("expected four hexadecimal digits")
            }
            code = code << 4 | UInt32(digit)
            position += 1
        }
        return code
    }
}
