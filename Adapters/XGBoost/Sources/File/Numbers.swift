import SeptumTensor

/// Numbers where they stand in the file.
struct Numbers {
    enum Encoding {
        /// Decimal text, separated by commas and white space.
        case text
        case int8, uint8, int16, int32, int64, float32, float64

        /// Bytes of one number, big-endian; nil for text.
        var width: Int? {
            switch self {
            case .text: nil
            case .int8, .uint8: 1
            case .int16: 2
            case .int32, .float32: 4
            case .int64, .float64: 8
            }
        }
    }

    let place: Range<Int>
    let count: Int
    let encoding: Encoding

    func floats(_ bytes: UnsafeRawBufferPointer, _ field: Field) throws(ModelError) -> [Float] {
        var values: [Float] = []
        values.reserveCapacity(count)
        switch encoding {
        case .text:
            try forEachNumber(bytes, field, "numbers", NumberText.scanFloat, NumberText.float) { values.append($0) }
        case .float32: each(bytes) { values.append(Float(bitPattern: UInt32(bigEndian: $0))) }
        case .float64: each(bytes) { values.append(Float(Double(bitPattern: UInt64(bigEndian: $0)))) }
        case .int8, .uint8, .int16, .int32, .int64: values = try integers(bytes, field).map { Float($0) }
        }
        return values
    }

    func integers(_ bytes: UnsafeRawBufferPointer, _ field: Field) throws(ModelError) -> [Int] {
        var values: [Int] = []
        values.reserveCapacity(count)
        switch encoding {
        case .text:
            try forEachNumber(bytes, field, "integers", NumberText.scanInteger, NumberText.integer) { values.append($0) }
        case .int8: each(bytes) { values.append(Int(Int8(bigEndian: $0))) }
        case .uint8: each(bytes) { values.append(Int(UInt8(bigEndian: $0))) }
        case .int16: each(bytes) { values.append(Int(Int16(bigEndian: $0))) }
        case .int32: each(bytes) { values.append(Int(Int32(bigEndian: $0))) }
        case .int64: each(bytes) { values.append(Int(Int64(bigEndian: $0))) }
        case .float32, .float64: throw field.error("integers")
        }
        return values
    }

    private func each<T: FixedWidthInteger & BitwiseCopyable>(_ bytes: UnsafeRawBufferPointer, _ body: (T) -> Void) {
        for index in 0..<count {
            body(bytes.loadUnaligned(fromByteOffset: place.lowerBound + index * MemoryLayout<T>.size, as: T.self))
        }
    }

    /// The numbers between commas: scanned where nothing but a number of the usual kind stands there, or else cut out, without
    /// white space around them, and read with all care.
    @inline(__always) private func forEachNumber<Value>(
        _ bytes: UnsafeRawBufferPointer, _ field: Field, _ expected: String,
        _ scan: (UnsafeRawBufferPointer, inout Int, Int) -> Value?, _ read: (UnsafeRawBufferPointer) -> Value?,
        _ body: (Value) -> Void
    ) throws(ModelError) {
        var start = place.lowerBound
        for _ in 0..<count {
            while start < place.upperBound, bytes[start] <= 0x20 { start += 1 }
            var end = start
            if let value = scan(bytes, &end, place.upperBound), end == place.upperBound || bytes[end] == UInt8(ascii: ",") {
                body(value)
                start = end + 1
                continue
            }
            end = start
            while end < place.upperBound, bytes[end] != UInt8(ascii: ",") { end += 1 }
            var (first, last) = (start, end)
            while last > first, bytes[last - 1] <= 0x20 { last -= 1 }
            while first < last, bytes[first] <= 0x20 { first += 1 }
            guard let value = read(UnsafeRawBufferPointer(rebasing: bytes[first..<last])) else { throw field.error(expected) }
            body(value)
            start = end + 1
        }
    }
}

/// Numbers as JSON and XGBoost's parameters write them.
enum NumberText {
    static func integer(_ text: UnsafeRawBufferPointer) -> Int? {
        let isNegative = text.count > 0 && text[0] == UInt8(ascii: "-")
        var value = 0
        guard text.count > (isNegative ? 1 : 0) else { return nil }
        for position in (isNegative ? 1 : 0)..<text.count {
            let byte = text[position]
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            let (tenfold, overflow) = value.multipliedReportingOverflow(by: 10)
            let (next, carry) = tenfold.subtractingReportingOverflow(Int(byte - 0x30))
            guard !overflow, !carry else { return nil }
            value = next
        }
        return isNegative ? value : value == .min ? nil : -value
    }

    /// Powers of ten that float64 holds exactly.
    private static let powers: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
        1e21, 1e22,
    ]

    /// An integer of at most 18 digits from a position on, which moves behind it; nil where there is none.
    @inline(__always) static func scanInteger(_ bytes: UnsafeRawBufferPointer, _ position: inout Int, _ end: Int) -> Int? {
        var isNegative = false
        if position < end, bytes[position] == UInt8(ascii: "-") {
            isNegative = true
            position += 1
        }
        let start = position
        var value = 0
        while position < end, position - start < 19, bytes[position] >= 0x30, bytes[position] <= 0x39 {
            value = value &* 10 &+ Int(bytes[position] - 0x30)
            position += 1
        }
        guard (1...18).contains(position - start) else { return nil }
        return isNegative ? -value : value
    }

    /// The float32 nearest to a decimal number.
    static func float(_ text: UnsafeRawBufferPointer) -> Float? {
        var position = 0
        if let value = scanFloat(text, &position, text.count), position == text.count { return value }
        return slow(text)
    }

    /// The float32 nearest to a decimal number from a position on, which moves behind it; nil where that is not easily told.
    ///
    /// Up to 15 digits and 22 powers of ten, one float64 operation is correctly rounded, and rounding its result again is
    /// right unless it lies half-way between two float32 numbers; what is left goes to the standard library.
    @inline(__always) static func scanFloat(_ text: UnsafeRawBufferPointer, _ position: inout Int, _ end: Int) -> Float? {
        var digits: UInt64 = 0
        var (digitCount, exponent) = (0, 0)
        var (isNegative, isAfterPoint) = (false, false)
        if position < end, text[position] == UInt8(ascii: "-") {
            isNegative = true
            position += 1
        }
        while position < end, digitCount < 16 {
            let byte = text[position]
            if byte >= 0x30, byte <= 0x39 {
                digits = digits &* 10 &+ UInt64(byte - 0x30)
                digitCount += 1
                if isAfterPoint { exponent -= 1 }
            } else if byte == UInt8(ascii: "."), !isAfterPoint, digitCount > 0 {
                isAfterPoint = true
            } else {
                break
            }
            position += 1
        }
        if position < end, digitCount > 0, text[position] == UInt8(ascii: "E") || text[position] == UInt8(ascii: "e") {
            position += 1
            guard let stated = scanInteger(text, &position, end), stated > -64, stated < 64 else { return nil }
            exponent += stated
        }
        guard (1...15).contains(digitCount), abs(exponent) <= 22 else { return nil }
        let magnitude = exponent < 0 ? Double(digits) / powers[-exponent] : Double(digits) * powers[exponent]
        let isHalfWay = magnitude.bitPattern & 0x1fff_ffff == 0x1000_0000
        guard !isHalfWay, magnitude == 0 || (0x1p-126...0x1p127).contains(magnitude) else { return nil }
        return isNegative ? -Float(magnitude) : Float(magnitude)
    }

    private static func slow(_ text: UnsafeRawBufferPointer) -> Float? {
        let string = String(decoding: text, as: UTF8.self)
        switch string {
        case "NaN", "nan", "-nan": return .nan
        case "Infinity", "inf": return .infinity
        case "-Infinity", "-inf": return -.infinity
        default: break
        }
        let allowed: Set<UInt8> = Set("0123456789+-.eE".utf8)
        guard string.utf8.allSatisfy(allowed.contains), let last = string.utf8.last, (0x30...0x39).contains(last) else {
            return nil
        }
        return Float(string)
    }
}
