/// One array in numpy's `.npy` format, versions 1.0 to 3.0.
///
/// Element types: float16 to float64, complex, integers, bool; `U` and `S` arrays become string tensors.
/// Big-endian arrays are converted; structured arrays and those of Python objects are refused.
///
/// Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
public enum NpyFile {
    /// A string takes at least 16 bytes in memory, but none in the file when it is empty.
    private static let stringLimit = 1 << 24

    /// Reads a file.
    ///
    /// - Throws: `file`, `malformed`, `unsupported` or `limit`, naming the file.
    public static func read(path: String) throws(ModelError) -> Tensor {
        do throws(ModelError) {
            let storage = try Storage(contentsOf: path)
            return try decode(storage, 0..<storage.bytes.count)
        } catch {
            throw error.inFile(path)
        }
    }

    /// Decodes the content of a file.
    ///
    /// - Throws: `malformed`, `unsupported` or `limit`.
    public static func decode(_ bytes: UnsafeRawBufferPointer) throws(ModelError) -> Tensor {
        let storage = try Storage(byteCount: bytes.count)
        storage.bytes.copyMemory(from: bytes)
        return try decode(storage, 0..<bytes.count)
    }

    /// Writes a file; it appears under its name only when it is complete.
    ///
    /// - Throws: `unsupported` when numpy has no such element type, `file` when the path cannot be written.
    public static func write(_ tensor: Tensor, path: String) throws(ModelError) {
        let (header, payload) = try parts(tensor)
        try PartFile.write(path) { output throws(ModelError) in
            header.withUnsafeBytes { output.write($0) }
            withExtendedLifetime(payload) { output.write(payload.bytes) }
        }
    }

    /// The header and the elements as numpy stores them.
    static func parts(_ tensor: Tensor) throws(ModelError) -> (header: [UInt8], payload: Tensor) {
        let header = try NpyHeader(tensor)
        guard case .unicode(let length) = header.layout else { return (header.encoded, tensor) }
        let units = try Tensor(zeros: .uint32, [tensor.count, length])
        let target = units.storage.bytes.assumingMemoryBound(to: UInt32.self)
        for (index, string) in tensor.strings.enumerated() {
            guard string.unicodeScalars.last != "\0" else {
                throw ModelError(.unsupported, "string \(index) ends with a zero character, which .npy cannot hold")
            }
            for (offset, scalar) in string.unicodeScalars.enumerated() {
                target[index * length + offset] = scalar.value.littleEndian
            }
        }
        return (header.encoded, units)
    }

    /// Decodes the part of a block that holds one array; elements stay in place where order and alignment allow it.
    static func decode(_ storage: Storage, _ range: Range<Int>) throws(ModelError) -> Tensor {
        let bytes = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(storage.bytes)[range])
        let (header, dataStart) = try NpyHeader.parse(bytes)
        return try tensor(header, storage, range.lowerBound + dataStart..<range.upperBound)
    }

    /// The array of a header whose elements fill a part of a block.
    static func tensor(_ header: NpyHeader, _ storage: Storage, _ range: Range<Int>) throws(ModelError) -> Tensor {
        let count = try Tensor.elementCount(header.shape)
        let (byteCount, overflow) = count.multipliedReportingOverflow(by: header.itemSize)
        guard !overflow, byteCount == range.count else {
            throw ModelError(
                .malformed,
                "shape \(header.shape) of \(header.itemSize) bytes an element was announced,"
                    + " \(range.count) bytes are there")
        }
        let data = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(storage.bytes)[range])
        switch header.layout {
        case .scalar(let type):
            guard header.isBigEndian || header.isFortranOrder && header.shape.count > 1 else {
                return try Tensor(type, header.shape, storage: storage, byteOffset: range.lowerBound)
            }
            let copy = try Storage(byteCount: byteCount)
            copy.bytes.copyMemory(from: data)
            if header.isBigEndian { reverse(copy.bytes, unit: header.unitSize) }
            if header.isFortranOrder {
                let transposed = try Storage(byteCount: byteCount)
                forEachFortranIndex(header.shape) { target, source in
                    let width = type.byteWidth
                    for byte in 0..<width {
                        transposed.bytes[target * width + byte] = copy.bytes[source * width + byte]
                    }
                }
                return try Tensor(type, header.shape, storage: transposed)
            }
            return try Tensor(type, header.shape, storage: copy)
        case .unicode, .byteString:
            return try strings(header, data, count: count)
        }
    }

    private static func strings(
        _ header: NpyHeader, _ data: UnsafeRawBufferPointer, count: Int
    ) throws(ModelError) -> Tensor {
        guard count <= stringLimit else {
            throw ModelError(.limit, "found \(count) strings, at most \(stringLimit) are allowed")
        }
        var strings: [String] = []
        strings.reserveCapacity(count)
        for index in 0..<count {
            let item = UnsafeRawBufferPointer(rebasing: data[index * header.itemSize..<(index + 1) * header.itemSize])
            let text = if case .unicode = header.layout { unicode(item, header.isBigEndian) } else { utf8(item) }
            guard let text else { throw ModelError(.malformed, "string \(index) is no valid Unicode text") }
            strings.append(text)
        }
        guard header.isFortranOrder, header.shape.count > 1 else { return try Tensor(header.shape, strings: strings) }
        var ordered = strings
        forEachFortranIndex(header.shape) { target, source in ordered[target] = strings[source] }
        return try Tensor(header.shape, strings: ordered)
    }

    private static func unicode(_ item: UnsafeRawBufferPointer, _ isBigEndian: Bool) -> String? {
        var scalars = String.UnicodeScalarView()
        for offset in stride(from: 0, to: item.count, by: 4) {
            let unit = item.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
            guard let scalar = Unicode.Scalar(isBigEndian ? unit.bigEndian : unit.littleEndian) else { return nil }
            scalars.append(scalar)
        }
        while scalars.last == "\0" { scalars.removeLast() }
        return String(scalars)
    }

    private static func utf8(_ item: UnsafeRawBufferPointer) -> String? {
        let end = item.lastIndex { $0 != 0 }.map { $0 + 1 } ?? 0
        return String(validating: item[..<end], as: UTF8.self)
    }

    private static func reverse(_ bytes: UnsafeMutableRawBufferPointer, unit: Int) {
        for start in stride(from: 0, to: bytes.count, by: unit) { bytes[start..<start + unit].reverse() }
    }

    /// Visits the elements in row-major order with the place of each in column-major order.
    private static func forEachFortranIndex(_ shape: [Int], _ body: (_ target: Int, _ source: Int) -> Void) {
        guard !shape.contains(0) else { return }
        var strides = [Int](repeating: 1, count: shape.count)
        for axis in shape.indices.dropFirst() { strides[axis] = strides[axis - 1] * shape[axis - 1] }
        var index = [Int](repeating: 0, count: shape.count)
        var source = 0
        for target in 0..<shape.reduce(1, *) {
            body(target, source)
            for axis in shape.indices.reversed() {
                index[axis] += 1
                source += strides[axis]
                if index[axis] < shape[axis] { break }
                source -= strides[axis] * shape[axis]
                index[axis] = 0
            }
        }
    }
}
