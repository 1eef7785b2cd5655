package import SeptumIR
package import SeptumTensor

/// A floating-point format of at most eight bits, as a table of the values of its codes.
///
/// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/docsgen/source/technical/float8.md
package struct Minifloat: Sendable {
    /// The value of each code.
    package let values: [Double]
    /// The codes from zero (or the smallest value) to the largest value, whose values ascend.
    private let largest: Int
    private let signBit: UInt8
    private let nan: UInt8?
    private let infinity: UInt8?
    private let isExponentOnly: Bool
    private let hasNegativeZero: Bool

    package static let e4m3fn = Minifloat(exponentBits: 4, mantissaBits: 3, bias: 7, largest: 0x7e, nan: 0x7f)
    package static let e4m3fnuz = Minifloat(exponentBits: 4, mantissaBits: 3, bias: 8, largest: 0x7f, nan: 0x80)
    package static let e5m2 = Minifloat(exponentBits: 5, mantissaBits: 2, bias: 15, largest: 0x7b, nan: 0x7e, infinity: 0x7c)
    package static let e5m2fnuz = Minifloat(exponentBits: 5, mantissaBits: 2, bias: 16, largest: 0x7f, nan: 0x80)
    package static let e2m1 = Minifloat(exponentBits: 2, mantissaBits: 1, bias: 1, largest: 7, nan: nil)
    package static let e8m0 = Minifloat()

    /// The format of an element type, nil for types that are none.
    package init?(_ type: ElementType) {
        switch type {
        case .float8e4m3fn: self = .e4m3fn
        case .float8e4m3fnuz: self = .e4m3fnuz
        case .float8e5m2: self = .e5m2
        case .float8e5m2fnuz: self = .e5m2fnuz
        case .float4e2m1: self = .e2m1
        case .float8e8m0: self = .e8m0
        default: return nil
        }
    }

    private init(exponentBits: Int, mantissaBits: Int, bias: Int, largest: Int, nan: UInt8?, infinity: UInt8? = nil) {
        let sign = 1 << (exponentBits + mantissaBits)
        var values = [Double](repeating: .nan, count: 256)
        for code in 0...largest {
            let (exponent, mantissa) = (code >> mantissaBits, code & ((1 << mantissaBits) - 1))
            let significand = exponent == 0 ? mantissa : mantissa + (1 << mantissaBits)
            let value = Double(sign: .plus, exponent: max(exponent, 1) - bias - mantissaBits, significand: Double(significand))
            values[code] = value
            if UInt8(code | sign) != nan { values[code | sign] = -value }
        }
        if let infinity {
            values[Int(infinity)] = .infinity
            values[Int(infinity) | sign] = -.infinity
        }
        self.values = values
        self.largest = largest
        self.nan = nan
        self.infinity = infinity
        signBit = UInt8(sign)
        isExponentOnly = false
        hasNegativeZero = nan != 0x80
    }

    private init() {
        values = (0..<255).map { Double(sign: .plus, exponent: $0 - 127, significand: 1) } + [.nan]
        largest = 254
        nan = 0xff
        infinity = nil
        signBit = 0
        isExponentOnly = true
        hasNegativeZero = false
    }

    /// The code of a value: out of range it is the largest one, or without `saturate` infinity or NaN.
    package func code(_ x: Double, saturate: Bool, rounding: Op.Cast.Conversion.Rounding) -> UInt8 {
        let sign = x.sign == .minus ? signBit : 0
        if x.isNaN || (isExponentOnly && x < 0) { return nan.map { $0 | sign } ?? signBit }
        let overflow = saturate || nan == nil ? UInt8(largest) | sign : (infinity ?? nan ?? 0) | sign
        let magnitude = x.magnitude
        if magnitude == .infinity { return overflow }
        if isExponentOnly, magnitude < values[0] { return saturate ? 0 : nan ?? 0 }

        var (lower, upper) = (0, largest + 1)
        while upper - lower > 1 {
            let middle = (lower + upper) / 2
            if values[middle] <= magnitude { lower = middle } else { upper = middle }
        }
        let below = values[lower]
        let above = lower < largest ? values[upper] : isExponentOnly ? 2 * below : 2 * below - values[lower - 1]
        let code =
            isExponentOnly
            ? (rounding == .up && magnitude > below || rounding == .nearest && magnitude - below >= above - magnitude
                ? upper : lower)
            : magnitude - below > above - magnitude || (magnitude - below == above - magnitude && lower & 1 == 1) ? upper : lower
        if code > largest { return overflow }
        return code == 0 && !hasNegativeZero ? 0 : UInt8(code) | sign
    }
}
