import SeptumTensor

/// Takes numbers separated by white space, one after another.
struct TokenReader {
    private let bytes: UnsafeRawBufferPointer
    private var place = 0
    private var count = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }

    private mutating func next(_ what: String) throws(ModelError) -> UnsafeRawBufferPointer {
        while place < bytes.count, TokenReader.isSpace(bytes[place]) { place += 1 }
        let start = place
        while place < bytes.count, place - start <= 64, !TokenReader.isSpace(bytes[place]) { place += 1 }
        count += 1
        guard place > start else {
            throw ModelError(
                .malformed, "word \(count): the file ends before \(what)", remedy: "check that it was copied whole")
        }
        guard place - start <= 64 else { throw ModelError(.malformed, "word \(count): found no number as \(what)") }
        return UnsafeRawBufferPointer(rebasing: bytes[start..<place])
    }

    private func error(_ word: UnsafeRawBufferPointer, _ what: String, _ expected: String) -> ModelError {
        ModelError(
            .malformed, "word \(count): found '\(String(decoding: word, as: UTF8.self))' as \(what), expected \(expected)")
    }

    /// - Throws: `malformed` when there is anything but white space left.
    mutating func expectEnd() throws(ModelError) {
        while place < bytes.count, TokenReader.isSpace(bytes[place]) { place += 1 }
        guard place == bytes.count else { throw ModelError(.malformed, "word \(count + 1): the file goes on after its forest") }
    }

    mutating func skip(_ words: Int, _ what: String) throws(ModelError) {
        for _ in 0..<words { _ = try next(what) }
    }

    mutating func integer(_ what: String) throws(ModelError) -> Int {
        let word = try next(what)
        guard let value = Int(String(decoding: word, as: UTF8.self)), value >= 0 else {
            throw error(word, what, "an integer from 0")
        }
        return value
    }

    mutating func flag(_ what: String) throws(ModelError) -> Bool {
        let word = try next(what)
        guard word.count == 1, word[0] == UInt8(ascii: "0") || word[0] == UInt8(ascii: "1") else {
            throw error(word, what, "0 or 1")
        }
        return word[0] == UInt8(ascii: "1")
    }

    /// A number as `std::stof` reads it, `inf` and `nan` among them.
    mutating func number<T: LosslessStringConvertible & BinaryFloatingPoint>(
        _ what: String, _ type: T.Type = T.self
    ) throws(ModelError) -> T {
        let word = try next(what)
        let text = String(decoding: word, as: UTF8.self)
        switch text {
        case "inf": return .infinity
        case "-inf": return -.infinity
        case "nan", "-nan": return .nan
        default:
            let isDecimal = word.allSatisfy { byte in
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || ".-+eE".utf8.contains(byte)
            }
            guard isDecimal, let value = T(text), value.isFinite else { throw error(word, what, "a number") }
            return value
        }
    }

    /// A number of things, each at least one word and its space long.
    mutating func size(_ what: String) throws(ModelError) -> Int {
        let value = try integer("the number of \(what)")
        guard value <= (bytes.count - place + 1) / 2 else {
            throw ModelError(
                .malformed, "word \(count): there are \(value) \(what), more than the file holds",
                remedy: "check that it was copied whole")
        }
        return value
    }
}
