/// The header of a `.npy` file: element type, memory order and shape.
///
/// Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
struct NpyHeader: Equatable {
    /// How the bytes of one element are laid out.
    enum Layout: Equatable {
        case scalar(ElementType)
        /// UCS-4 code units, padded with zeros.
        case unicode(length: Int)
        /// Bytes, padded with zeros.
        case byteString(length: Int)
    }

    var layout: Layout
    var isBigEndian = false
    var isFortranOrder = false
    var shape: [Int]

    static let magic: [UInt8] = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]
    static let lengthLimit = 1 << 16
    static let rankLimit = 64

    /// Kinds and widths as numpy writes them, without the byte order.
    static let elementTypes: [(code: String, type: ElementType)] = [
        ("f4", .float32), ("f8", .float64), ("f2", .float16), ("b1", .bool), ("c8", .complex64), ("c16", .complex128),
        ("i1", .int8), ("i2", .int16), ("i4", .int32), ("i8", .int64),
        ("u1", .uint8), ("u2", .uint16), ("u4", .uint32), ("u8", .uint64),
    ]

    /// Bytes of one element.
    var itemSize: Int {
        switch layout {
        case .scalar(let type): type.byteWidth
        case .unicode(let length): length * 4
        case .byteString(let length): length
        }
    }

    /// Bytes that have to be reversed together when the byte order is foreign.
    var unitSize: Int {
        switch layout {
        case .scalar(.complex64): 4
        case .scalar(.complex128): 8
        case .scalar(let type): type.byteWidth
        case .unicode: 4
        case .byteString: 1
        }
    }
}

// MARK: Reading

extension NpyHeader {
    /// Reads the header and finds where the elements start.
    static func parse(_ bytes: UnsafeRawBufferPointer) throws(ModelError) -> (header: NpyHeader, dataStart: Int) {
        guard bytes.count >= 10, bytes.prefix(6).elementsEqual(magic) else {
            throw ModelError(.malformed, "no .npy array: the file does not start with \\x93NUMPY")
        }
        let version = (major: bytes[6], minor: bytes[7])
        guard (1...3).contains(version.major), version.minor == 0 else {
            throw ModelError(.unsupported, "found .npy version \(version.major).\(version.minor), expected 1.0, 2.0 or 3.0")
        }
        let start = version.major == 1 ? 10 : 12
        guard bytes.count >= start else { throw ModelError(.malformed, "the .npy header is truncated") }
        let length =
            version.major == 1
            ? Int(bytes.loadUnaligned(fromByteOffset: 8, as: UInt16.self).littleEndian)
            : Int(bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self).littleEndian)
        guard length <= lengthLimit else {
            throw ModelError(.limit, "the .npy header has \(length) bytes, at most \(lengthLimit) are allowed")
        }
        guard length <= bytes.count - start else { throw ModelError(.malformed, "the .npy header is truncated") }
        let text = UnsafeRawBufferPointer(rebasing: bytes[start..<start + length])
        var parser = NpyHeaderParser(text: Array(text))
        return (try parser.header(), start + length)
    }

    /// Reads a type such as `<f4`, `|b1` or `<U12`.
    mutating func setType(_ descriptor: String) throws(ModelError) {
        let order = descriptor.utf8.first ?? 0
        let code = String(decoding: descriptor.utf8.dropFirst(), as: UTF8.self)
        let digits = code.dropFirst()
        let length = digits.utf8.count < 9 && digits.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(digits) : nil
        if let found = NpyHeader.elementTypes.first(where: { $0.code == code }) {
            layout = .scalar(found.type)
        } else if code.first == "U", let length {
            layout = .unicode(length: length)
        } else if code.first == "S" || code.first == "a", let length {
            layout = .byteString(length: length)
        } else {
            throw ModelError(
                .unsupported,
                "the .npy element type '\(descriptor)' is not supported"
                    + (code.first == "O" ? ": it holds pickled Python objects" : ""),
                remedy: "save the array as float32, float64, float16, bool, an integer, complex or string type")
        }
        switch order {
        case UInt8(ascii: "<"), UInt8(ascii: "="): isBigEndian = false
        case UInt8(ascii: ">"): isBigEndian = unitSize > 1
        case UInt8(ascii: "|") where unitSize == 1: isBigEndian = false
        default: throw ModelError(.malformed, "the .npy element type '\(descriptor)' has no valid byte order")
        }
    }
}

/// Reads the Python dictionary literal of a header; nothing else that Python would take is accepted.
private struct NpyHeaderParser {
    let text: [UInt8]
    var position = 0

    init(text: [UInt8]) { self.text = text }

    mutating func header() throws(ModelError) -> NpyHeader {
        var header = NpyHeader(layout: .scalar(.float32), shape: [])
        var seen: Set<String> = []
        try expect("{")
        while !take("}") {
            let key = try string()
            guard seen.insert(key).inserted else { throw error("the key '\(key)' twice") }
            try expect(":")
            switch key {
            case "descr":
                guard !isNext("[") else {
                    throw ModelError(.unsupported, "the .npy array is structured", remedy: "save each field as its own array")
                }
                try header.setType(try string())
            case "fortran_order": header.isFortranOrder = try bool()
            case "shape": header.shape = try shape()
            default: throw error("the unknown key '\(key)'")
            }
            if !take(",") {
                try expect("}")
                break
            }
        }
        skipSpace()
        guard position == text.count else { throw error("text after the dictionary") }
        guard seen.count == 3 else { throw error("only the keys \(seen.sorted())") }
        return header
    }

    private func error(_ found: String) -> ModelError {
        ModelError(.malformed, "the .npy header holds \(found); expected a dictionary of descr, fortran_order and shape")
    }

    private mutating func skipSpace() {
        while position < text.count, text[position] == 0x20 || text[position] == 0x0a { position += 1 }
    }

    private mutating func isNext(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        return position < text.count && UInt32(text[position]) == character.value
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard isNext(character) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(ModelError) {
        guard take(character) else { throw error("no '\(character)' at byte \(position)") }
    }

    private mutating func string() throws(ModelError) -> String {
        let quote: Unicode.Scalar = isNext("\"") ? "\"" : "'"
        try expect(quote)
        let start = position
        while position < text.count, UInt32(text[position]) != quote.value {
            guard (0x20..<0x7f).contains(text[position]), text[position] != UInt8(ascii: "\\") else {
                throw error("an escape or a control character in a string")
            }
            position += 1
        }
        let value = String(decoding: text[start..<position], as: UTF8.self)
        try expect(quote)
        return value
    }

    private mutating func bool() throws(ModelError) -> Bool {
        skipSpace()
        for (word, value) in [("True", true), ("False", false)] where text[position...].starts(with: word.utf8) {
            position += word.utf8.count
            return value
        }
        throw error("no truth value for fortran_order")
    }

    private mutating func shape() throws(ModelError) -> [Int] {
        var shape: [Int] = []
        try expect("(")
        while !take(")") {
            skipSpace()
            let start = position
            while position < text.count, (0x30...0x39).contains(text[position]) { position += 1 }
            guard let number = Int(String(decoding: text[start..<position], as: UTF8.self)) else {
                throw error("no valid dimension at byte \(start)")
            }
            guard shape.count < NpyHeader.rankLimit else { throw error("more than \(NpyHeader.rankLimit) dimensions") }
            shape.append(number)
            if !take(",") {
                guard shape.count > 1 else { throw error("a shape that is no tuple") }
                try expect(")")
                break
            }
        }
        return shape
    }
}

// MARK: Writing

extension NpyHeader {
    /// The header of a tensor as numpy would write it.
    ///
    /// - Throws: `unsupported` when numpy has no such element type.
    init(_ tensor: Tensor) throws(ModelError) {
        if tensor.elementType == .string {
            layout = .unicode(length: max(1, tensor.strings.map(\.unicodeScalars.count).max() ?? 1))
        } else if NpyHeader.elementTypes.contains(where: { $0.type == tensor.elementType }) {
            layout = .scalar(tensor.elementType)
        } else {
            throw ModelError(
                .unsupported, "numpy has no element type \(tensor.elementType)", remedy: "convert the tensor to float32 first")
        }
        shape = tensor.shape
        guard shape.count <= NpyHeader.rankLimit else {
            throw ModelError(.unsupported, "a tensor of rank \(shape.count) cannot be written, at most \(NpyHeader.rankLimit)")
        }
    }

    /// The bytes in front of the elements, a multiple of 64.
    var encoded: [UInt8] {
        let code =
            switch layout {
            case .scalar(let type): NpyHeader.elementTypes.first { $0.type == type }?.code ?? ""
            case .unicode(let length): "U\(length)"
            case .byteString(let length): "S\(length)"
            }
        let dimensions = shape.map { "\($0)," }.joined(separator: " ")
        let tuple = shape.count > 1 ? String(dimensions.dropLast()) : dimensions
        let order = unitSize == 1 ? "|" : "<"
        let dictionary = Array("{'descr': '\(order)\(code)', 'fortran_order': False, 'shape': (\(tuple)), }".utf8)
        let padding = (64 - (10 + dictionary.count + 1) % 64) % 64
        let text = dictionary + [UInt8](repeating: 0x20, count: padding) + [0x0a]
        return NpyHeader.magic + [1, 0, UInt8(text.count & 0xff), UInt8(text.count >> 8)] + text
    }
}
