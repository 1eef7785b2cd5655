import SeptumTensor

/// Reads the part of UBJSON that XGBoost writes, leaving typed lists unread; lengths are checked before anything is made.
///
/// Source: https://ubjson.org/type-reference/, https://github.com/dmlc/xgboost/blob/v3.2.0/src/common/json.cc#L715-L880
struct UBJSONReader {
    let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func document() throws(ModelError) -> Record {
        let record = try record(try next(), depth: 0)
        guard position == bytes.count else { throw error("bytes after the end of the document") }
        return record
    }

    private func error(_ message: String) -> ModelError { ModelError(.malformed, "UBJSON: \(message) at byte \(position)") }

    private mutating func next() throws(ModelError) -> UInt8 {
        guard position < bytes.count else { throw error("the file ends early") }
        defer { position += 1 }
        return bytes[position]
    }

    private func isNext(_ marker: UInt8) -> Bool { position < bytes.count && bytes[position] == marker }

    private static func encoding(_ marker: UInt8) -> Numbers.Encoding? {
        switch marker {
        case UInt8(ascii: "i"): .int8
        case UInt8(ascii: "U"): .uint8
        case UInt8(ascii: "I"): .int16
        case UInt8(ascii: "l"): .int32
        case UInt8(ascii: "L"): .int64
        case UInt8(ascii: "d"): .float32
        case UInt8(ascii: "D"): .float64
        default: nil
        }
    }

    private mutating func record(_ marker: UInt8, depth: Int) throws(ModelError) -> Record {
        guard depth < RecordFile.depthLimit else { throw error("too many nested values") }
        if let encoding = UBJSONReader.encoding(marker) { return .number(try numbers(encoding, count: 1)) }
        switch marker {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try list(depth: depth)
        case UInt8(ascii: "S"): return .string(try string())
        case UInt8(ascii: "Z"): return .null
        case UInt8(ascii: "T"): return .bool(true)
        case UInt8(ascii: "F"): return .bool(false)
        default: throw error("the unknown marker \(marker)")
        }
    }

    private mutating func numbers(_ encoding: Numbers.Encoding, count: Int) throws(ModelError) -> Numbers {
        let size = count.multipliedReportingOverflow(by: encoding.width ?? 1)
        guard !size.overflow, size.partialValue <= bytes.count - position else {
            throw error("\(count) numbers are announced, the file ends before")
        }
        defer { position += size.partialValue }
        return Numbers(place: position..<position + size.partialValue, count: count, encoding: encoding)
    }

    /// A length: an integer of any width that is not beyond the rest of the file.
    private mutating func length() throws(ModelError) -> Int {
        let marker = try next()
        guard let encoding = UBJSONReader.encoding(marker), encoding != .float32, encoding != .float64 else {
            throw error("expected a length, found the marker \(marker)")
        }
        let number = try numbers(encoding, count: 1)
        let value = try number.integers(bytes, Field(record: .number(number), path: "", bytes: bytes))[0]
        guard value >= 0, value <= bytes.count - position else {
            throw error("a length of \(value) is announced, the file has \(bytes.count - position) more bytes")
        }
        return value
    }

    private mutating func string() throws(ModelError) -> String {
        let length = try length()
        let content = bytes[position..<position + length]
        guard let text = String(validating: content, as: UTF8.self) else { throw error("a string that is not UTF-8") }
        position += length
        return text
    }

    private mutating func object(depth: Int) throws(ModelError) -> Record {
        var members: [String: Record] = [:]
        guard !isNext(UInt8(ascii: "$")), !isNext(UInt8(ascii: "#")) else { throw error("an object with a length") }
        while !isNext(UInt8(ascii: "}")) {
            let name = try string()
            guard members.updateValue(try record(try next(), depth: depth + 1), forKey: name) == nil else {
                throw error("the member '\(name)' is given twice")
            }
        }
        position += 1
        return .object(members)
    }

    private mutating func list(depth: Int) throws(ModelError) -> Record {
        if isNext(UInt8(ascii: "$")) {
            position += 1
            let marker = try next()
            guard let encoding = UBJSONReader.encoding(marker) else { throw error("a list of the type \(marker)") }
            guard try next() == UInt8(ascii: "#") else { throw error("a typed list without a length") }
            return .numbers(try numbers(encoding, count: try length()))
        }
        var records: [Record] = []
        if isNext(UInt8(ascii: "#")) {
            position += 1
            for _ in 0..<(try length()) { records.append(try record(try next(), depth: depth + 1)) }
        } else {
            while !isNext(UInt8(ascii: "]")) { records.append(try record(try next(), depth: depth + 1)) }
            position += 1
        }
        return .list(records)
    }
}
