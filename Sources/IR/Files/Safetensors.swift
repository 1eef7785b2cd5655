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
    private let metadata: JSONText?
    private var ranges: OrderedMembers<Range<Int>>
    /// By the places of `ranges`; names that are repeated share what was read.
    private var tensors: [Tensor?]

    static func headerLength(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard bytes.count >= 8 else { return nil }
        return Int(exactly: UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self)))
    }

    /// Reads the header; the reader is valid within `body`.
    ///
    /// - Throws: `malformed` when there is none, or tensors lie outside the file; what `body` throws.
    static func read<T>(
        _ source: ModelSource, _ body: (SafetensorsReader) throws(ModelError) -> T
    ) throws(ModelError) -> T {
        let bytes = source.bytes
        guard let length = headerLength(bytes), length <= bytes.count - 8 else {
            throw ModelError(
                .malformed, "the header is longer than the file of \(bytes.count) bytes: it is truncated or no .septum file")
        }
        return try JSONText.read(UnsafeRawBufferPointer(rebasing: bytes[8..<8 + length])) { header throws(ModelError) in
            try body(try SafetensorsReader(source, header, dataStart: 8 + length))
        }
    }

    private init(_ source: ModelSource, _ header: JSONText, dataStart: Int) throws(ModelError) {
        self.source = source
        self.dataStart = dataStart
        guard let members = header.members else { throw ModelError(.malformed, "the header is no JSON object") }
        let size = source.bytes.count - dataStart
        var (metadata, used): (JSONText?, Int) = (nil, 0)
        ranges = OrderedMembers()
        for (name, value) in members {
            if name.isString("__metadata__") {
                metadata = value
                continue
            }
            guard var offsets = value["data_offsets"]?.elements, let start = offsets.next()?.int, let end = offsets.next()?.int,
                offsets.next() == nil, 0 <= start, start <= end, end <= size
            else {
                throw ModelError(.malformed, "tensor '\(name.string ?? "")' lies outside the file: it is truncated")
            }
            used += end - start
            guard used <= size else {
                throw ModelError(.malformed, "tensor '\(name.string ?? "")' overlaps with another one")
            }
            ranges.append(name, start..<end)
        }
        self.metadata = metadata
        tensors = Array(repeating: nil, count: ranges.count)
    }

    /// A text of the metadata, as bytes; nil when there is none.
    ///
    /// - Throws: `malformed` when the text is not well-formed; what `body` throws.
    func withMetadata<T>(
        _ name: StaticString, _ body: (UnsafeRawBufferPointer) throws(ModelError) -> T
    ) throws(ModelError) -> T? {
        guard let text = metadata?[name], text.isString else { return nil }
        return try text.withUnescapedBytes(body)
    }

    /// The tensor of a name, which is quickest to find after the one before it in the file.
    ///
    /// - Throws: `malformed` when it is missing or does not fit its type.
    mutating func tensor(_ key: JSONText, _ type: JSONText?) throws(ModelError) -> Tensor {
        guard let place = ranges.place(of: key) else {
            throw ModelError(.malformed, "tensor '\(key.string ?? "")' is missing")
        }
        if let known = tensors[place] { return known }
        let tensor = try tensor(key, type, ranges[place])
        tensors[place] = tensor
        return tensor
    }

    private func tensor(_ key: JSONText, _ type: JSONText?, _ range: Range<Int>) throws(ModelError) -> Tensor {
        func name() -> String { key.string ?? "" }
        var (shape, isShape) = ([Int](), false)
        if let dimensions = type?["shape"]?.elements {
            isShape = true
            for dimension in dimensions {
                guard let number = dimension.int else { isShape = false; break }
                shape.append(number)
            }
        }
        guard let element = type?["element"]?.elementType, isShape else {
            throw ModelError(.malformed, "tensor '\(name())' has no valid type")
        }
        let place = dataStart + range.lowerBound..<dataStart + range.upperBound
        guard element == .string else {
            let tensor = try source.tensor(element, shape, at: place)
            guard tensor.byteCount == range.count else {
                throw ModelError(
                    .malformed, "tensor '\(name())' has \(range.count) bytes, shape \(shape) needs \(tensor.byteCount)")
            }
            return tensor
        }
        let texts = try JSON(parsing: UnsafeRawBufferPointer(rebasing: source.bytes[place])).array ?? []
        guard texts.allSatisfy({ $0.string != nil }) else { throw ModelError(.malformed, "tensor '\(name())' holds no strings") }
        return try Tensor(shape, strings: texts.compactMap(\.string))
    }
}

/// Values by name, for readers that ask for them in their order, or nearly so.
struct OrderedMembers<Value> {
    private var members: [(name: JSONText, value: Value)] = []
    private var next = 0
    private var places: [String: Int] = [:]

    var count: Int { members.count }
    subscript(place: Int) -> Value { members[place].value }

    mutating func append(_ name: JSONText, _ value: Value) { members.append((name, value)) }

    /// The value of a name; of several the first one that has not been found yet.
    mutating func find(_ key: JSONText) -> Value? { place(of: key).map { members[$0].value } }

    /// Where the value of a name is; of several the first one that has not been found yet.
    mutating func place(of key: JSONText) -> Int? {
        while members.indices.contains(next), members[next].name.hasPrefix("padding.") { next += 1 }
        if members.indices.contains(next), members[next].name.isString(key) {
            next += 1
            return next - 1
        }
        if places.isEmpty {
            for (place, member) in members.enumerated() {
                if let name = member.name.string, places[name] == nil { places[name] = place }
            }
        }
        guard let place = key.string.flatMap({ places[$0] }) else { return nil }
        next = place + 1
        return place
    }
}
