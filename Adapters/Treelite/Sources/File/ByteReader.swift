import SeptumTensor

/// Takes little-endian numbers and counted arrays from a file, one after another.
struct ByteReader {
    let bytes: UnsafeRawBufferPointer
    private(set) var place = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isAtEnd: Bool { place == bytes.count }

    /// - Throws: `malformed` when the file ends before.
    mutating func take(_ count: Int, _ what: String) throws(ModelError) -> UnsafeRawBufferPointer {
        guard count >= 0, count <= bytes.count - place else {
            throw ModelError(
                .malformed, "byte \(place): the file ends within \(what)", remedy: "check that it was copied whole")
        }
        defer { place += count }
        return UnsafeRawBufferPointer(rebasing: bytes[place..<place + count])
    }

    mutating func integer<T: FixedWidthInteger>(_ what: String, _ type: T.Type = T.self) throws(ModelError) -> T {
        T(littleEndian: try take(MemoryLayout<T>.size, what).loadUnaligned(as: T.self))
    }

    mutating func float(_ what: String) throws(ModelError) -> Float { Float(bitPattern: try integer(what)) }

    mutating func flag(_ what: String) throws(ModelError) -> Bool {
        let value: UInt8 = try integer(what)
        guard value < 2 else { throw ModelError(.malformed, "byte \(place - 1): found \(value) as \(what), expected 0 or 1") }
        return value == 1
    }

    /// An array with its length before it.
    mutating func integers<T: FixedWidthInteger>(
        _ what: String, count expected: Int? = nil, _ type: T.Type = T.self
    ) throws(ModelError) -> [T] {
        let part = try array(what, MemoryLayout<T>.size, expected)
        return (0..<part.count / MemoryLayout<T>.size).map {
            T(littleEndian: part.loadUnaligned(fromByteOffset: $0 * MemoryLayout<T>.size, as: T.self))
        }
    }

    mutating func flags(_ what: String, count: Int? = nil) throws(ModelError) -> [Bool] {
        let values = try integers(what, count: count, UInt8.self)
        guard values.allSatisfy({ $0 < 2 }) else { throw ModelError(.malformed, "found other values than 0 and 1 in \(what)") }
        return values.map { $0 == 1 }
    }

    /// An array of float32 or float64, widened.
    mutating func numbers(_ what: String, isDouble: Bool, count: Int? = nil) throws(ModelError) -> [Double] {
        isDouble
            ? try integers(what, count: count, UInt64.self).map(Double.init(bitPattern:))
            : try integers(what, count: count, UInt32.self).map { Double(Float(bitPattern: $0)) }
    }

    mutating func string(_ what: String) throws(ModelError) -> String {
        String(decoding: try array(what, 1, nil), as: UTF8.self)
    }

    /// The bytes of an array with its length before it.
    mutating func array(_ what: String, _ size: Int, _ expected: Int?) throws(ModelError) -> UnsafeRawBufferPointer {
        let given: UInt64 = try integer("the length of \(what)")
        guard let count = Int(exactly: given), count <= (bytes.count - place) / size else {
            throw ModelError(
                .malformed, "byte \(place): \(what) is \(given) long, more than the file holds",
                remedy: "check that it was copied whole")
        }
        guard expected == nil || count == expected else {
            throw ModelError(.malformed, "byte \(place): \(what) is \(count) long, expected \(expected ?? 0)")
        }
        return try take(count * size, what)
    }
}
