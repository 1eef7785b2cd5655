extension Elementary {
    package static func exp(_ x: Double) -> Double {
        guard abs(x) < 746 else { return x.isNaN ? x : x > 0 ? .infinity : 0 }
        return exponential(Pair(x)).value
    }

    /// exp(x) - 1, exact to the last place near zero too.
    package static func expm1(_ x: Double) -> Double {
        guard abs(x) >= 0x1p-54 else { return x }
        guard x > -40 else { return x.isNaN ? x : -1 }
        guard x < 710 else { return .infinity }
        let power = exponential(Pair(x))
        // Where the whole power is 1, the rest is the answer.
        if power.exponent == 0, power.base.high == 1 { return power.base.low }
        guard power.exponent < 60 else { return power.value }
        return (Pair(power.base.high * power.scale, power.base.low * power.scale) - Pair(1)).value
    }

    package static func sinh(_ x: Double) -> Double {
        let a = abs(x)
        guard a >= 0x1p-26 else { return x }
        let result: Double
        if a < 0.25 {
            result = smallSinh(a).value
        } else if a < 40 {
            let power = exponential(Pair(a)).pair
            result = 0.5 * (power - Pair(1) / power).value
        } else {
            result = half(a)
        }
        return x < 0 ? -result : result
    }

    package static func cosh(_ x: Double) -> Double {
        let a = abs(x)
        guard a < 40 else { return half(a) }
        let power = exponential(Pair(a)).pair
        return 0.5 * (power + Pair(1) / power).value
    }

    package static func tanh(_ x: Double) -> Double {
        let a = abs(x)
        guard a >= 0x1p-28 else { return x }
        guard a < 22 else { return x.isNaN ? x : x > 0 ? 1 : -1 }
        let result: Double
        if a < 0.125 {
            let square = a * a
            let cosine = Pair(sum: 1, square * polynomial(square, coshSeries))
            result = (smallSinh(a) / cosine).value
        } else {
            let power = exponential(Pair(2 * a)).pair
            result = ((power - Pair(1)) / (power + Pair(1))).value
        }
        return x < 0 ? -result : result
    }

    /// Taylor's series for 0 <= a < 1/4.
    private static func smallSinh(_ a: Double) -> Pair {
        let square = a * a
        let series = polynomial(square, sinhSeries)
        return Pair(sum: a, a * square * series)
    }

    /// exp(a) / 2 for a >= 40, where it may be finite though exp(a) is not.
    private static func half(_ a: Double) -> Double {
        guard a < 711 else { return a * .infinity }
        var power = exponential(Pair(a))
        power.exponent -= 1
        return power.value
    }

    /// A power of two times a number in about 1..<2, whose low part is up to a hundredth of the high one.
    struct Power {
        var base: Pair
        var exponent: Int

        /// Two to the exponent, which is that of a normal number.
        var scale: Double { Double(bitPattern: UInt64(truncatingIfNeeded: 1023 &+ exponent) &<< 52) }
        var pair: Pair { Pair(sum: base.high * scale, base.low * scale) }

        /// In two steps, the first of which is exact.
        var value: Double {
            let first = Power(base: base, exponent: exponent &>> 1)
            return (base.high + base.low) * first.scale * Power(base: base, exponent: exponent &- exponent &>> 1).scale
        }
    }

    /// exp(x) for |x| < 1100 with about 59 bits: n / 32 ln 2 + r = x, a table for the first and Taylor's series for exp(r) - 1.
    static func exponential(_ x: Pair) -> Power {
        let shift = 0x1.8p52
        let n = (x.high * 46.16624130844683 + shift) - shift
        // The first part of ln 2 / 32 has 36 bits, so that its product is exact.
        let r = (x.high - n * 0x1.62e42fefap-6) + (x.low - n * 0x1.cf79abc9e3b3ap-45)
        let series = r + r * r * polynomial(r, exponentialSeries)
        let index = Int(n)
        let (high, low) = powers[index & 31]
        return Power(base: Pair(high, low + high * series), exponent: index &>> 5)
    }
}

private let exponentialSeries: [Double] = [1 / 5040, 1 / 720, 1 / 120, 1 / 24, 1 / 6, 1 / 2]
private let sinhSeries: [Double] = [1 / 6_227_020_800, 1 / 39_916_800, 1 / 362_880, 1 / 5040, 1 / 120, 1 / 6]
private let coshSeries: [Double] = [1 / 3_628_800, 1 / 40_320, 1 / 720, 1 / 24, 1 / 2]

/// 2^(j / 32).
private let powers: [(Double, Double)] = [
    (0x1.0p0, 0x0.0p0), (0x1.059b0d3158574p0, 0x1.d73e2a475b465p-55),
    (0x1.0b5586cf9890fp0, 0x1.8a62e4adc610bp-54), (0x1.11301d0125b51p0, -0x1.6c51039449b3ap-54),
    (0x1.172b83c7d517bp0, -0x1.19041b9d78a76p-55), (0x1.1d4873168b9aap0, 0x1.e016e00a2643cp-54),
    (0x1.2387a6e756238p0, 0x1.9b07eb6c70573p-54), (0x1.29e9df51fdee1p0, 0x1.612e8afad1255p-55),
    (0x1.306fe0a31b715p0, 0x1.6f46ad23182e4p-55), (0x1.371a7373aa9cbp0, -0x1.63aeabf42eae2p-54),
    (0x1.3dea64c123422p0, 0x1.ada0911f09ebcp-55), (0x1.44e086061892dp0, 0x1.89b7a04ef80dp-59),
    (0x1.4bfdad5362a27p0, 0x1.d4397afec42e2p-56), (0x1.5342b569d4f82p0, -0x1.07abe1db13cadp-55),
    (0x1.5ab07dd485429p0, 0x1.6324c054647adp-54), (0x1.6247eb03a5585p0, -0x1.383c17e40b497p-54),
    (0x1.6a09e667f3bcdp0, -0x1.bdd3413b26456p-54), (0x1.71f75e8ec5f74p0, -0x1.16e4786887a99p-55),
    (0x1.7a11473eb0187p0, -0x1.41577ee04992fp-55), (0x1.82589994cce13p0, -0x1.d4c1dd41532d8p-54),
    (0x1.8ace5422aa0dbp0, 0x1.6e9f156864b27p-54), (0x1.93737b0cdc5e5p0, -0x1.75fc781b57ebcp-57),
    (0x1.9c49182a3f09p0, 0x1.c7c46b071f2bep-56), (0x1.a5503b23e255dp0, -0x1.d2f6edb8d41e1p-54),
    (0x1.ae89f995ad3adp0, 0x1.7a1cd345dcc81p-54), (0x1.b7f76f2fb5e47p0, -0x1.5584f7e54ac3bp-56),
    (0x1.c199bdd85529cp0, 0x1.11065895048ddp-55), (0x1.cb720dcef9069p0, 0x1.503cbd1e949dbp-56),
    (0x1.d5818dcfba487p0, 0x1.2ed02d75b3707p-55), (0x1.dfc97337b9b5fp0, -0x1.1a5cd4f184b5cp-54),
    (0x1.ea4afa2a490dap0, -0x1.e9c23179c2893p-54), (0x1.f50765b6e454p0, 0x1.9d3e12dd8a18bp-54),
]
