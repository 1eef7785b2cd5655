import SeptumTensor

/// The lines of a table that are not empty.
struct CSVLines {
    private let bytes: UnsafeRawBufferPointer
    /// Where the search for the next line starts.
    private(set) var offset: Int
    /// The number of the line that was found last, counted from the start of the search.
    private(set) var number = 0

    init(_ bytes: UnsafeRawBufferPointer, from offset: Int = 0) {
        self.bytes = bytes
        self.offset = offset
    }

    mutating func next() -> UnsafeRawBufferPointer? {
        while offset < bytes.count {
            let start = offset
            while offset < bytes.count, bytes[offset] != 0x0a, bytes[offset] != 0x0d { offset += 1 }
            let end = offset
            let isPair = offset + 1 < bytes.count && bytes[offset] == 0x0d && bytes[offset + 1] == 0x0a
            offset = min(bytes.count, offset + (isPair ? 2 : 1))
            number += 1
            if end > start { return UnsafeRawBufferPointer(rebasing: bytes[start..<end]) }
        }
        return nil
    }
}

/// The cells of one line; a cell in double quotes may hold commas.
struct CSVCells {
    /// One cell without the space around it.
    struct Cell {
        let bytes: UnsafeRawBufferPointer
        let hasQuotes: Bool

        /// The cell's characters without quotes.
        var text: String {
            get throws(ModelError) {
                guard let text = String(validating: bytes, as: UTF8.self) else {
                    throw ModelError(.malformed, "is no UTF-8 text")
                }
                return hasQuotes ? text.replacing("\"", with: "") : text
            }
        }

        /// Whether the cell has characters beyond ASCII.
        var isText: Bool { bytes.contains { $0 >= 0x80 } }

        /// NaN when empty, nil when it is no number.
        var number: Double? {
            if bytes.isEmpty { return .nan }
            if let plain = Cell.decimal(bytes) { return plain }
            let text = String(decoding: bytes, as: UTF8.self)
            guard hasQuotes else { return Double(text) }
            let inner = text.replacing("\"", with: "")
            return inner.isEmpty ? .nan : Double(inner)
        }

        /// The powers of ten that float64 holds.
        private static let powers: [Double] = [
            1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
            1e21,
            1e22,
        ]

        /// A number without exponent whose digits and power of ten float64 holds, so that one division rounds it rightly.
        private static func decimal(_ bytes: UnsafeRawBufferPointer) -> Double? {
            var (digits, count, fraction) = (0, 0, -1)
            let isNegative = bytes[0] == UInt8(ascii: "-")
            for byte in bytes.dropFirst(isNegative ? 1 : 0) {
                if byte == UInt8(ascii: "."), fraction < 0 {
                    fraction = 0
                } else if (0x30...0x39).contains(byte), count < 15 {
                    digits = digits * 10 + Int(byte - 0x30)
                    count += 1
                    if fraction >= 0 { fraction += 1 }
                } else {
                    return nil
                }
            }
            guard count > 0, fraction != 0 else { return nil }
            let value = Double(digits) / powers[max(0, fraction)]
            return isNegative ? -value : value
        }
    }

    private let bytes: UnsafeRawBufferPointer
    private var offset: Int? = 0

    init(_ line: UnsafeRawBufferPointer) { bytes = line }

    mutating func next() -> Cell? {
        guard var end = offset else { return nil }
        var start = end
        var (isQuoted, hasQuotes) = (false, false)
        while end < bytes.count, isQuoted || bytes[end] != UInt8(ascii: ",") {
            if bytes[end] == UInt8(ascii: "\"") { (isQuoted, hasQuotes) = (!isQuoted, true) }
            end += 1
        }
        offset = end < bytes.count ? end + 1 : nil
        while start < end, isSpace(bytes[start]) { start += 1 }
        while end > start, isSpace(bytes[end - 1]) { end -= 1 }
        return Cell(bytes: UnsafeRawBufferPointer(rebasing: bytes[start..<end]), hasQuotes: hasQuotes)
    }

    private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
