import SeptumTensor

/// Writes plain values in the form that `bridge.py` reads.
struct WireWriter {
    private(set) var head: [UInt8] = []
    private(set) var arrays: [Tensor] = []

    /// A request to call a function of an embedded module.
    init(_ source: PythonSource, _ function: String, _ arguments: [PlainValue]) {
        append(.list([.string(source.name), .string(source.text), .string(function), .list(arguments)]))
    }

    mutating func append(_ value: PlainValue) {
        switch value {
        case .none: tag("N")
        case .bool(let value): tag(value ? "T" : "F")
        case .int(let value):
            tag("i")
            append(value)
        case .float(let value):
            tag("f")
            append(Int64(bitPattern: value.bitPattern))
        case .string(let value):
            tag("s")
            append(Array(value.utf8))
        case .bytes(let value):
            tag("b")
            append(value)
        case .list(let items):
            tag("l")
            append(Int64(items.count))
            for item in items { append(item) }
        case .dictionary(let entries):
            tag("d")
            append(Int64(entries.count))
            for entry in entries {
                append(Array(entry.key.utf8))
                append(entry.value)
            }
        case .array(let tensor): append(tensor)
        }
    }

    private mutating func append(_ tensor: Tensor) {
        let dimensions = [Int64(tensor.shape.count)] + tensor.shape.map(Int64.init)
        if tensor.elementType == .string {
            tag("z")
            for dimension in dimensions { append(dimension) }
            for string in tensor.strings { append(Array(string.utf8)) }
        } else {
            tag("a")
            head.append(UInt8(truncatingIfNeeded: tensor.elementType.rawValue))
            for dimension in dimensions { append(dimension) }
            append(Int64(arrays.count))
            arrays.append(tensor)
        }
    }

    private mutating func tag(_ character: Unicode.Scalar) { head.append(UInt8(ascii: character)) }

    private mutating func append(_ number: Int64) {
        withUnsafeBytes(of: number.littleEndian) { head.append(contentsOf: $0) }
    }

    private mutating func append(_ bytes: [UInt8]) {
        append(Int64(bytes.count))
        head.append(contentsOf: bytes)
    }
}

/// Reads the plain values that `bridge.py` writes; every count is checked against what is there.
struct WireReader {
    let parts: [UnsafeRawBufferPointer]
    private var at = 0
    private static let depthLimit = 70

    init(_ parts: [UnsafeRawBufferPointer]) { self.parts = parts }

    mutating func value(depth: Int = 0) throws(ModelError) -> PlainValue {
        guard depth < WireReader.depthLimit else { throw broken("nested too deep") }
        switch try byte() {
        case UInt8(ascii: "N"): return .none
        case UInt8(ascii: "T"): return .bool(true)
        case UInt8(ascii: "F"): return .bool(false)
        case UInt8(ascii: "i"): return .int(try number())
        case UInt8(ascii: "f"): return .float(Double(bitPattern: UInt64(bitPattern: try number())))
        case UInt8(ascii: "s"): return .string(try string())
        case UInt8(ascii: "b"): return .bytes(Array(try bytes(count())))
        case UInt8(ascii: "l"):
            var items: [PlainValue] = []
            for _ in 0..<(try count()) { items.append(try value(depth: depth + 1)) }
            return .list(items)
        case UInt8(ascii: "d"):
            var entries: [(key: String, value: PlainValue)] = []
            for _ in 0..<(try count()) { entries.append((try string(), try value(depth: depth + 1))) }
            return .dictionary(entries)
        case UInt8(ascii: "a"):
            let code = Int32(try byte())
            let shape = try dimensions()
            return .array(try array(code, shape, part: try number()))
        case UInt8(ascii: "z"):
            let shape = try dimensions()
            var strings: [String] = []
            for _ in 0..<(try Tensor.elementCount(shape)) { strings.append(try string()) }
            return .array(try Tensor(shape, strings: strings))
        case let tag: throw broken("unknown tag \(tag)")
        }
    }

    private func array(_ code: Int32, _ shape: [Int], part: Int64) throws(ModelError) -> Tensor {
        guard let type = ElementType(rawValue: code), type != .string, part >= 0, part < parts.count - 1 else {
            throw broken("unknown array")
        }
        let source = parts[Int(part) + 1]
        let tensor = try Tensor(zeros: type, shape)
        guard tensor.byteCount == source.count else { throw broken("array of \(source.count) bytes for shape \(shape)") }
        tensor.storage.bytes.copyMemory(from: source)
        return tensor
    }

    private mutating func bytes(_ count: Int) throws(ModelError) -> Slice<UnsafeRawBufferPointer> {
        guard count >= 0, count <= parts[0].count - at else { throw broken("cut short") }
        defer { at += count }
        return Slice(base: parts[0], bounds: at..<at + count)
    }

    private mutating func byte() throws(ModelError) -> UInt8 {
        guard let byte = try bytes(1).first else { throw broken("cut short") }
        return byte
    }

    private mutating func number() throws(ModelError) -> Int64 {
        let slice = try bytes(8)
        return Int64(littleEndian: UnsafeRawBufferPointer(rebasing: slice).loadUnaligned(as: Int64.self))
    }

    /// A count of things that take at least one byte each.
    private mutating func count() throws(ModelError) -> Int {
        let value = try number()
        guard value >= 0, value <= parts[0].count - at else { throw broken("count \(value) beyond the end") }
        return Int(value)
    }

    private mutating func string() throws(ModelError) -> String {
        String(decoding: try bytes(count()), as: UTF8.self)
    }

    private mutating func dimensions() throws(ModelError) -> [Int] {
        var shape: [Int] = []
        for _ in 0..<(try count()) {
            guard let dimension = Int(exactly: try number()) else { throw broken("dimension too large") }
            shape.append(dimension)
        }
        return shape
    }

    private func broken(_ what: String) -> ModelError {
        ModelError(.malformed, "Python's reply cannot be read: \(what)")
    }
}
