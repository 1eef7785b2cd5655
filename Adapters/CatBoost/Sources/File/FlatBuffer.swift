import SeptumTensor

/// The bytes of a FlatBuffer, each place checked before it is read.
///
/// Source: https://flatbuffers.dev/internals/ (Format Details)
struct FlatBuffer {
    /// What may still be read: tables may share parts, but no honest file multiplies its size by that.
    final class Budget {
        private var bytes: Int

        init(fileSize: Int) { bytes = fileSize.multipliedReportingOverflow(by: 16).partialValue &+ 1 << 16 }

        func spend(_ count: Int) throws(ModelError) {
            bytes -= count
            guard bytes >= 0 else { throw ModelError(.limit, "parts of the FlatBuffer are referred to too often") }
        }
    }

    let bytes: UnsafeRawBufferPointer
    let name: String
    let budget: Budget

    /// - Throws: `malformed` when the place is outside.
    func load<T: FixedWidthInteger & BitwiseCopyable>(_ place: Int, as type: T.Type) throws(ModelError) -> T {
        let width = MemoryLayout<T>.size
        guard place >= 0, place <= bytes.count - width else {
            throw ModelError(.malformed, "\(name): place \(place) is outside its \(bytes.count) bytes")
        }
        return T(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: T.self))
    }

    /// Where an offset leads that is stored at a place.
    func target(_ place: Int) throws(ModelError) -> Int { place + Int(try load(place, as: UInt32.self)) }

    func root() throws(ModelError) -> FlatTable { try FlatTable(self, try target(0), path: "") }
}

/// A table; fields count from zero, those that are not stored are nil.
struct FlatTable {
    let buffer: FlatBuffer
    /// What the table is, for errors.
    let path: String
    private let position: Int
    private let directory: Int
    private let fieldCount: Int
    private let size: Int

    init(_ buffer: FlatBuffer, _ position: Int, path: String) throws(ModelError) {
        let directory = position - Int(try buffer.load(position, as: Int32.self))
        let length = Int(try buffer.load(directory, as: UInt16.self))
        size = Int(try buffer.load(directory + 2, as: UInt16.self))
        guard length >= 4, length % 2 == 0, directory <= buffer.bytes.count - length, size >= 4,
            position <= buffer.bytes.count - size
        else {
            throw ModelError(
                .malformed, "\(buffer.name): found a table of \(size) bytes with a directory of \(length)", attribute: path)
        }
        (self.buffer, self.position, self.directory, self.path) = (buffer, position, directory, path)
        fieldCount = (length - 4) / 2
        try buffer.budget.spend(size + length)
    }

    /// - Throws: `unsupported` when a field from `count` on is there, whose meaning is not known.
    func expectFields(below count: Int) throws(ModelError) {
        for field in count..<max(count, fieldCount) where try place(field, width: 1) != nil {
            throw ModelError(.unsupported, "\(buffer.name): found field \(field), expected \(count) at most", attribute: path)
        }
    }

    private func place(_ field: Int, width: Int) throws(ModelError) -> Int? {
        guard field < fieldCount else { return nil }
        let offset = Int(try buffer.load(directory + 4 + 2 * field, as: UInt16.self))
        guard offset != 0 else { return nil }
        guard offset >= 4, offset + width <= size else {
            throw ModelError(
                .malformed, "\(buffer.name): field \(field) is at \(offset) of a table of \(size) bytes", attribute: path)
        }
        return position + offset
    }

    func integer<T: FixedWidthInteger & BitwiseCopyable>(_ field: Int, _ type: T.Type, default value: T) throws(ModelError) -> Int
    {
        guard let place = try place(field, width: MemoryLayout<T>.size) else { return Int(clamping: value) }
        return Int(clamping: try buffer.load(place, as: T.self))
    }

    func bool(_ field: Int, default value: Bool) throws(ModelError) -> Bool {
        try integer(field, UInt8.self, default: value ? 1 : 0) != 0
    }

    func float(_ field: Int, default value: Float) throws(ModelError) -> Float {
        guard let place = try place(field, width: 4) else { return value }
        return Float(bitPattern: try buffer.load(place, as: UInt32.self))
    }

    func double(_ field: Int, default value: Double) throws(ModelError) -> Double {
        guard let place = try place(field, width: 8) else { return value }
        return Double(bitPattern: try buffer.load(place, as: UInt64.self))
    }

    func table(_ field: Int, _ name: String) throws(ModelError) -> FlatTable? {
        guard let place = try place(field, width: 4) else { return nil }
        return try FlatTable(buffer, try buffer.target(place), path: path.isEmpty ? name : "\(path).\(name)")
    }

    /// Where the elements of a vector lie, each of `width` bytes; none when the field is not stored.
    func vector(_ field: Int, width: Int) throws(ModelError) -> (start: Int, count: Int) {
        guard let place = try place(field, width: 4) else { return (0, 0) }
        return try vector(at: try buffer.target(place), width: width, "field \(field)")
    }

    private func vector(at start: Int, width: Int, _ what: String) throws(ModelError) -> (start: Int, count: Int) {
        let count = Int(try buffer.load(start, as: UInt32.self))
        guard count <= (buffer.bytes.count - start - 4) / width else {
            throw ModelError(
                .malformed, "\(buffer.name): \(what) has \(count) elements, which do not end within it", attribute: path)
        }
        try buffer.budget.spend(count * width)
        return (start + 4, count)
    }

    /// The integers of a vector; of a vector of pairs, one after another.
    func integers<T: FixedWidthInteger & BitwiseCopyable>(
        _ field: Int, _ type: T.Type, pairs: Bool = false
    ) throws(ModelError) -> [Int] {
        let width = MemoryLayout<T>.size
        var (start, count) = try vector(field, width: pairs ? 2 * width : width)
        if pairs { count *= 2 }
        var result: [Int] = []
        result.reserveCapacity(count)
        for index in 0..<count { result.append(Int(clamping: try buffer.load(start + index * width, as: T.self))) }
        return result
    }

    func floats(_ field: Int) throws(ModelError) -> [Float] {
        try integers(field, UInt32.self).map { Float(bitPattern: UInt32(truncatingIfNeeded: $0)) }
    }

    func doubles(_ field: Int) throws(ModelError) -> [Double] {
        let (start, count) = try vector(field, width: 8)
        var result: [Double] = []
        result.reserveCapacity(count)
        for index in 0..<count { result.append(Double(bitPattern: try buffer.load(start + index * 8, as: UInt64.self))) }
        return result
    }

    func tables(_ field: Int, _ name: String) throws(ModelError) -> [FlatTable] {
        let (start, count) = try vector(field, width: 4)
        var result: [FlatTable] = []
        for index in 0..<count {
            result.append(
                try FlatTable(
                    buffer, try buffer.target(start + 4 * index), path: "\(path.isEmpty ? "" : path + ".")\(name)[\(index)]"))
        }
        return result
    }

    func text(_ field: Int) throws(ModelError) -> String? {
        guard let place = try place(field, width: 4) else { return nil }
        return try text(at: try buffer.target(place))
    }

    func texts(_ field: Int) throws(ModelError) -> [String] {
        let (start, count) = try vector(field, width: 4)
        var result: [String] = []
        for index in 0..<count { result.append(try text(at: try buffer.target(start + 4 * index))) }
        return result
    }

    private func text(at place: Int) throws(ModelError) -> String {
        let (start, count) = try vector(at: place, width: 1, "a text")
        let content = UnsafeRawBufferPointer(rebasing: buffer.bytes[start..<start + count])
        guard let text = String(validating: content, as: UTF8.self) else {
            throw ModelError(.malformed, "\(buffer.name): found a text that is not UTF-8", attribute: path)
        }
        return text
    }
}
