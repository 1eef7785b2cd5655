#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A growing array of one axis, kept in a file without a name until it is written to an archive.
///
/// Strings are kept with their lengths before them, as how long the longest is shows at the end only.
package final class NpySpool {
    private let file: UnsafeMutablePointer<FILE>
    private let elementType: ElementType
    private let path: String
    private var count = 0
    /// Of the longest string.
    private var scalarCount = 1

    /// - Parameters:
    ///   - path: The archive, beside which the elements are kept.
    ///   - elementType: What `append` is given.
    /// - Throws: `file` when the folder does not take it.
    package init(beside path: String, _ elementType: ElementType) throws(ModelError) {
        self.path = path
        self.elementType = elementType
        var template = Array("\(path).partXXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0, let file = fdopen(descriptor, "w+b") else { throw PartFile.refusal(errno, path) }
        unlink(template)
        self.file = file
    }

    deinit { fclose(file) }

    /// - Throws: `invalidInput` for another element type, `file` when the disk does not take it.
    package func append(_ tensor: Tensor) throws(ModelError) {
        guard tensor.elementType == elementType else {
            throw ModelError(.invalidInput, "a column is \(elementType) first and \(tensor.elementType) later")
        }
        if elementType == .string {
            for string in tensor.strings {
                let bytes = Array(string.utf8)
                guard string.unicodeScalars.last != "\0", let length = UInt32(exactly: bytes.count) else {
                    throw ModelError(.unsupported, "a string that ends with a zero character cannot be written to .npy")
                }
                guard withUnsafeBytes(of: length, write), bytes.withUnsafeBytes(write) else { throw refusal }
                scalarCount = max(scalarCount, string.unicodeScalars.count)
            }
        } else {
            guard withExtendedLifetime(tensor, { write(tensor.bytes) }) else { throw refusal }
        }
        count += tensor.count
    }

    private func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.isEmpty || fwrite(bytes.baseAddress, 1, bytes.count, file) == bytes.count
    }

    private var refusal: ModelError { PartFile.refusal(errno == 0 ? EIO : errno, path) }

    /// The header of the array and the bytes of all its elements.
    func header() throws(ModelError) -> (bytes: [UInt8], payload: Int) {
        var header = try NpyHeader(try Tensor(zeros: elementType, [0]))
        header.shape = [count]
        if elementType == .string { header.layout = .unicode(length: scalarCount) }
        return (header.encoded, count * header.itemSize)
    }

    /// Gives the elements as numpy stores them, block by block.
    func forEachBlock(_ body: (UnsafeRawBufferPointer) -> Void) throws(ModelError) {
        guard fflush(file) == 0, fseek(file, 0, SEEK_SET) == 0 else { throw PartFile.refusal(errno, path) }
        var block = [UInt8](repeating: 0, count: 1 << 18)
        if elementType != .string {
            var left = count * elementType.byteWidth
            while left > 0 {
                let size = fread(&block, 1, min(left, block.count), file)
                guard size > 0 else { throw ModelError(.file, "what was written cannot be read again", file: path) }
                block.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[..<size])) }
                left -= size
            }
            return
        }
        for _ in 0..<count {
            var length: UInt32 = 0
            var isRead = fread(&length, 4, 1, file) == 1
            var bytes = [UInt8](repeating: 0, count: Int(length))
            isRead = isRead && fread(&bytes, 1, bytes.count, file) == bytes.count
            guard isRead else { throw ModelError(.file, "what was written cannot be read again", file: path) }
            var units = [UInt32](repeating: 0, count: scalarCount)
            for (index, scalar) in String(decoding: bytes, as: UTF8.self).unicodeScalars.enumerated() {
                units[index] = scalar.value.littleEndian
            }
            units.withUnsafeBytes(body)
        }
    }
}
