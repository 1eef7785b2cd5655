import SeptumTensor

/// Steps through the little-endian binary form, in which nothing says where it stands: every field is read in its place, and no
/// count is believed before the rest of the file could hold what it counts.
struct BinaryReader {
    let bytes: UnsafeRawBufferPointer
    private(set) var position: Int

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        position = 0
    }

    var rest: Int { bytes.count - position }

    func error(_ message: String) -> ModelError { ModelError(.malformed, "binary form: \(message) at byte \(position)") }

    /// The next bytes, of which there are `count` records of `width` bytes.
    mutating func take(_ count: Int, of width: Int = 1, _ what: String) throws(ModelError) -> Slice<UnsafeRawBufferPointer> {
        let (size, overflow) = count.multipliedReportingOverflow(by: width)
        guard count >= 0, !overflow, size <= rest else {
            throw error("\(count) \(what) are announced, the file has \(rest) more bytes")
        }
        defer { position += size }
        return bytes[position..<position + size]
    }

    /// Steps over a text that may stand here.
    mutating func skip(_ text: String) -> Bool {
        guard bytes[position...].starts(with: text.utf8) else { return false }
        position += text.utf8.count
        return true
    }

    private mutating func number<T: BitwiseCopyable>(_ type: T.Type, _ what: String) throws(ModelError) -> T {
        let size = MemoryLayout<T>.size
        guard size <= rest else { throw error("the file ends before \(what)") }
        defer { position += size }
        return bytes.loadUnaligned(fromByteOffset: position, as: type)
    }

    mutating func int32(_ what: String) throws(ModelError) -> Int { Int(Int32(littleEndian: try number(Int32.self, what))) }

    mutating func uint32(_ what: String) throws(ModelError) -> Int { Int(UInt32(littleEndian: try number(UInt32.self, what))) }

    mutating func float(_ what: String) throws(ModelError) -> Float {
        Float(bitPattern: UInt32(littleEndian: try number(UInt32.self, what)))
    }

    /// A number of things that follow.
    mutating func count(_ what: String) throws(ModelError) -> Int {
        let count = UInt64(littleEndian: try number(UInt64.self, "the number of \(what)"))
        guard count <= UInt64(rest) else { throw error("\(count) \(what) are announced, the file has \(rest) more bytes") }
        return Int(count)
    }

    /// A length, then the text.
    mutating func string(_ what: String) throws(ModelError) -> String {
        let length = try count("bytes of \(what)")
        guard let text = String(validating: try take(length, "bytes of \(what)"), as: UTF8.self) else {
            throw error("\(what) is not UTF-8")
        }
        return text
    }

    /// A length, then the numbers.
    mutating func floats(_ what: String) throws(ModelError) -> [Float] {
        let length = try count(what)
        return BinaryReader.floats(try take(length, of: 4, what))
    }

    static func int32s(_ slice: Slice<UnsafeRawBufferPointer>) -> [Int] {
        stride(from: slice.startIndex, to: slice.endIndex, by: 4).map {
            Int(Int32(littleEndian: slice.base.loadUnaligned(fromByteOffset: $0, as: Int32.self)))
        }
    }

    static func floats(_ slice: Slice<UnsafeRawBufferPointer>) -> [Float] {
        stride(from: slice.startIndex, to: slice.endIndex, by: 4).map {
            Float(bitPattern: UInt32(littleEndian: slice.base.loadUnaligned(fromByteOffset: $0, as: UInt32.self)))
        }
    }
}
