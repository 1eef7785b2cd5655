#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import SeptumTensor

/// Collects tensors and writes them as one safetensors file.
struct SafetensorsWriter {
    private var entries: [(name: String, kind: String, shape: [Int], bytes: UnsafeRawBufferPointer, owner: Tensor?)] = []
    private var size = 0

    /// The format leaves no holes, so that padding is a tensor of its own.
    mutating func add(_ name: String, _ tensor: Tensor) throws(ModelError) {
        let padding = (64 - size % 64) % 64
        if padding > 0 {
            let zeros = try Tensor(zeros: .uint8, [padding])
            append("padding.\(entries.count)", "U8", [padding], zeros.bytes, zeros)
        }
        if tensor.elementType == .string {
            let text = Array(JSON.array(tensor.strings.map(JSON.string)).description.utf8)
            let encoded = try Tensor([text.count], text)
            append(name, "U8", [text.count], encoded.bytes, encoded)
        } else if let kind = SafetensorsWriter.kinds[tensor.elementType] {
            append(name, kind, tensor.shape, tensor.bytes, tensor)
        } else {
            append(name, "U8", [tensor.byteCount], tensor.bytes, tensor)
        }
    }

    private mutating func append(
        _ name: String, _ kind: String, _ shape: [Int], _ bytes: UnsafeRawBufferPointer, _ owner: Tensor?
    ) {
        entries.append((name, kind, shape, bytes, owner))
        size += bytes.count
    }

    /// Element types that safetensors has; others are stored as bytes.
    static let kinds: [ElementType: String] = [
        .bool: "BOOL", .uint8: "U8", .int8: "I8", .uint16: "U16", .int16: "I16", .uint32: "U32", .int32: "I32",
        .uint64: "U64", .int64: "I64", .float16: "F16", .bfloat16: "BF16", .float32: "F32", .float64: "F64",
        .float8e4m3fn: "F8_E4M3", .float8e5m2: "F8_E5M2",
    ]

    func write(to path: String, metadata: [(String, String)]) throws(ModelError) {
        var members: [JSON.Member] = [.init("__metadata__", .object(metadata.map { .init($0.0, .string($0.1)) }))]
        var offset = 0
        for entry in entries {
            members.append(
                .init(
                    entry.name,
                    .object([
                        "dtype": .string(entry.kind), "shape": .array(entry.shape.map(JSON.int)),
                        "data_offsets": .array([.int(offset), .int(offset + entry.bytes.count)]),
                    ])))
            offset += entry.bytes.count
        }
        var header = Array(JSON.object(members).description.utf8)
        header += [UInt8](repeating: 0x20, count: (64 - (header.count + 8) % 64) % 64)
        let length = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) }

        let temporary = path + ".part\(getpid())"
        guard let file = fopen(temporary, "wb") else {
            throw ModelError(.file, "cannot be written: \(String(cString: strerror(errno)))")
        }
        var isWritten = (length + header).withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, file) == $0.count }
        for entry in entries where isWritten {
            isWritten = withExtendedLifetime(entry.owner) {
                fwrite(entry.bytes.baseAddress, 1, entry.bytes.count, file) == entry.bytes.count
            }
        }
        let isClosed = fclose(file) == 0
        guard isWritten, isClosed, rename(temporary, path) == 0 else {
            let reason = String(cString: strerror(errno))
            unlink(temporary)
            throw ModelError(.file, "cannot be written: \(reason)")
        }
    }
}

/// Finds tensors in a mapped safetensors file.
struct SafetensorsReader {
    private let source: ModelSource
    private let dataStart: Int
    private var ranges: [String: Range<Int>] = [:]
    private(set) var metadata: [String: String] = [:]

    static func headerLength(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard bytes.count >= 8 else { return nil }
        return Int(exactly: UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self)))
    }

    init(_ source: ModelSource) throws(ModelError) {
        self.source = source
        let bytes = source.bytes
        guard let length = SafetensorsReader.headerLength(bytes), length <= bytes.count - 8 else {
            throw ModelError(
                .malformed, "the header is longer than the file of \(bytes.count) bytes: it is truncated or no .septum file")
        }
        dataStart = 8 + length
        let header = try JSON(parsing: UnsafeRawBufferPointer(rebasing: bytes[8..<dataStart]))
        guard let members = header.members else { throw ModelError(.malformed, "the header is no JSON object") }
        var used = 0
        for member in members {
            if member.name == "__metadata__" {
                for entry in member.value.members ?? [] { metadata[entry.name] = entry.value.string }
                continue
            }
            let offsets = member.value["data_offsets"]?.array?.compactMap(\.int) ?? []
            guard offsets.count == 2, 0 <= offsets[0], offsets[0] <= offsets[1], offsets[1] <= bytes.count - dataStart else {
                throw ModelError(.malformed, "tensor '\(member.name)' lies outside the file: it is truncated")
            }
            used += offsets[1] - offsets[0]
            guard used <= bytes.count - dataStart else {
                throw ModelError(.malformed, "tensor '\(member.name)' overlaps with another one")
            }
            ranges[member.name] = offsets[0]..<offsets[1]
        }
    }

    func tensor(_ name: String, _ type: JSON) throws(ModelError) -> Tensor {
        guard let range = ranges[name] else { throw ModelError(.malformed, "tensor '\(name)' is missing") }
        let dimensions = type["shape"]?.array
        let shape = dimensions?.compactMap(\.int) ?? []
        guard let element = type["element"]?.string.flatMap(ElementType.init(name:)), shape.count == dimensions?.count else {
            throw ModelError(.malformed, "tensor '\(name)' has no valid type")
        }
        let place = dataStart + range.lowerBound..<dataStart + range.upperBound
        guard element == .string else {
            let tensor = try source.tensor(element, shape, at: place)
            guard tensor.byteCount == range.count else {
                throw ModelError(
                    .malformed, "tensor '\(name)' has \(range.count) bytes, shape \(shape) needs \(tensor.byteCount)")
            }
            return tensor
        }
        let texts = try JSON(parsing: UnsafeRawBufferPointer(rebasing: source.bytes[place])).array ?? []
        guard texts.allSatisfy({ $0.string != nil }) else { throw ModelError(.malformed, "tensor '\(name)' holds no strings") }
        return try Tensor(shape, strings: texts.compactMap(\.string))
    }
}
