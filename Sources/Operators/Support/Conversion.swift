package import SeptumIR
package import SeptumTensor

extension Tensor {
    /// The elements as the values of another type, by the rules of the Cast operator.
    ///
    /// Floats become integers by dropping the fraction, out of range the nearest integer there is, NaN zero; integers keep
    /// their low bits. Types narrower than a byte keep the low bits of either.
    ///
    /// - Throws: `invalidInput` for complex numbers and for strings that are no numbers.
    package func converted(
        to type: ElementType, saturate: Bool = true, rounding: Op.Cast.Conversion.Rounding = .up
    ) throws(ModelError) -> Tensor {
        if type == elementType { return self }
        if type == .string { return try Tensor(shape, strings: try texts()) }
        let wide = elementType == .string ? try parsed(as: type) : try widestForm()
        switch type {
        case .float32: return try wide.map({ Float($0) }, { Float($0) }, { Float($0) })
        case .float64: return try wide.map({ $0 }, { Double($0) }, { Double($0) })
        case .float16: return try wide.map({ Float16($0) }, { Float16(Double($0)) }, { Float16(Double($0)) })
        case .bfloat16: return try wide.map({ BFloat16(Float($0)) }, { BFloat16(Float($0)) }, { BFloat16(Float($0)) })
        case .bool: return try wide.map({ Bool8($0 != 0) }, { Bool8($0 != 0) }, { Bool8($0 != 0) })
        case .int8: return try wide.mapToIntegers(Int8.self)
        case .int16: return try wide.mapToIntegers(Int16.self)
        case .int32: return try wide.mapToIntegers(Int32.self)
        case .int64: return try wide.mapToIntegers(Int64.self)
        case .uint8: return try wide.mapToIntegers(UInt8.self)
        case .uint16: return try wide.mapToIntegers(UInt16.self)
        case .uint32: return try wide.mapToIntegers(UInt32.self)
        case .uint64: return try wide.mapToIntegers(UInt64.self)
        case .int4: return try wide.lowBits { UInt8(bitPattern: Int8(bitPattern: $0 << 4) >> 4) }.relabelled(type)
        case .int2: return try wide.lowBits { UInt8(bitPattern: Int8(bitPattern: $0 << 6) >> 6) }.relabelled(type)
        case .uint4: return try wide.lowBits { $0 & 15 }.relabelled(type)
        case .uint2: return try wide.lowBits { $0 & 3 }.relabelled(type)
        default:
            guard let format = Minifloat(type) else {
                throw ModelError(.invalidInput, "elements of type \(elementType) cannot be converted to \(type)")
            }
            func code(_ x: Double) -> UInt8 { format.code(x, saturate: saturate, rounding: rounding) }
            return try wide.map(code, { code(Double($0)) }, { code(Double($0)) }).relabelled(type)
        }
    }

    /// Real numbers as float64, integers and booleans as int64, uint64 as it is.
    private func widestForm() throws(ModelError) -> Tensor {
        switch elementType {
        case .int4, .int2: return try relabelled(.int8).widestForm()
        case .uint4, .uint2: return try relabelled(.uint8).widestForm()
        default:
            guard let format = Minifloat(elementType) else { return try elementType.dispatch(WideVisitor(x: self)) }
            return try mapElements(try relabelled(.uint8)) { (code: UInt8) in format.values[Int(code)] }
        }
    }

    /// The same bytes under another element type of the same width.
    private func relabelled(_ type: ElementType) throws(ModelError) -> Tensor {
        try Tensor(type, shape, storage: storage, byteOffset: byteOffset)
    }

    private func map<T: Scalar>(
        _ real: (Double) -> T, _ signed: (Int64) -> T, _ unsigned: (UInt64) -> T
    ) throws(ModelError) -> Tensor {
        switch elementType {
        case .float64: try mapElements(self, real)
        case .int64: try mapElements(self, signed)
        default: try mapElements(self, unsigned)
        }
    }

    private func mapToIntegers<T: Scalar & FixedWidthInteger>(_: T.Type) throws(ModelError) -> Tensor {
        try map({ T(saturating: $0) }, { T(truncatingIfNeeded: $0) }, { T(truncatingIfNeeded: $0) })
    }

    private func lowBits(_ mask: (UInt8) -> UInt8) throws(ModelError) -> Tensor {
        try map(
            { mask(UInt8(truncatingIfNeeded: Int64(saturating: $0))) }, { mask(UInt8(truncatingIfNeeded: $0)) },
            { mask(UInt8(truncatingIfNeeded: $0)) })
    }
}

extension FixedWidthInteger {
    /// The value without its fraction; the nearest there is when out of range, zero for NaN.
    package init(saturating value: Double) {
        if value.isNaN {
            self = 0
        } else if value <= Double(Self.min) {
            self = .min
        } else if value >= Double(Self.max) {
            self = .max
        } else {
            self.init(value)
        }
    }
}

private struct WideVisitor: ElementVisitor {
    let x: Tensor

    func real<T: Element>(_: T.Type) throws(ModelError) -> Tensor where T.Wide == Double {
        try mapElements(x) { (x: T) in x.wide }
    }

    func signed<T: Element>(_: T.Type) throws(ModelError) -> Tensor where T.Wide == Int64 {
        try mapElements(x) { (x: T) in x.wide }
    }

    func unsigned<T: Element>(_: T.Type) throws(ModelError) -> Tensor where T.Wide == UInt64 { x }
}

// MARK: Strings

extension Tensor {
    /// Each element as the shortest text that reads back.
    private func texts() throws(ModelError) -> [String] {
        switch elementType {
        case .float32: return try array(of: Float.self).map(Tensor.text)
        case .float16: return try array(of: Float16.self).map(Tensor.text)
        case .bfloat16: return try array(of: BFloat16.self).map { Tensor.text($0.float) }
        default:
            let wide = try widestForm()
            switch wide.elementType {
            case .float64: return try wide.array(of: Double.self).map(Tensor.text)
            case .int64: return try wide.array(of: Int64.self).map(\.description)
            default: return try wide.array(of: UInt64.self).map(\.description)
            }
        }
    }

    private static func text<T: BinaryFloatingPoint & CustomStringConvertible>(_ value: T) -> String {
        value.isNaN ? "NaN" : value.isInfinite ? (value < 0 ? "-INF" : "INF") : value.description
    }

    /// The strings as float64, or where all are integers and `type` is one, as int64.
    private func parsed(as type: ElementType) throws(ModelError) -> Tensor {
        let words = strings
        if !type.isFloatingPoint, type != .bool {
            let integers = words.compactMap { Int64($0) }
            if integers.count == words.count { return try Tensor(shape, integers) }
        }
        var numbers: [Double] = []
        for word in words {
            guard let number = Double(word) else { throw ModelError(.invalidInput, "the string '\(word)' is not a number") }
            numbers.append(number)
        }
        return try Tensor(shape, numbers)
    }
}
