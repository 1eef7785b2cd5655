extension Elementary {
    package static func log(_ x: Double) -> Double {
        special(x) ?? logarithm(x).value
    }

    package static func log10(_ x: Double) -> Double {
        special(x) ?? (logarithm(x) * Pair(0x1.bcb7b1526e50ep-2, 0x1.95355baaafad3p-57)).value
    }

    /// log(1 + x), exact to the last place near zero too.
    package static func log1p(_ x: Double) -> Double {
        guard abs(x) >= 0x1p-54 else { return x }
        return special(1 + x) ?? logarithm1p(Pair(x)).value
    }

    package static func asinh(_ x: Double) -> Double {
        let a = abs(x)
        guard a >= 0x1p-27, a < .infinity else { return x }
        let result: Pair
        if a > 0x1p40 {
            result = logarithm(a) + ln2
        } else {
            let square = Pair(product: a, a)
            result = logarithm1p(Pair(a) + square / (Pair(1) + (square + Pair(1)).squareRoot()))
        }
        return x < 0 ? -result.value : result.value
    }

    package static func acosh(_ x: Double) -> Double {
        guard x >= 1, x < .infinity else { return x < 1 ? .nan : x }
        if x > 0x1p40 { return (logarithm(x) + ln2).value }
        let excess = Pair(sum: x, -1)
        return logarithm1p(excess + (excess * Pair(sum: x, 1)).squareRoot()).value
    }

    package static func atanh(_ x: Double) -> Double {
        let a = abs(x)
        guard a >= 0x1p-27 else { return x }
        guard a < 1 else { return a > 1 ? .nan : x / 0 }
        let result = 0.5 * logarithm1p(Pair(2 * a) / Pair(sum: 1, -a)).value
        return x < 0 ? -result : result
    }

    private static let ln2 = Pair(0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56)

    /// The logarithm where it is not that of a positive finite number; nil elsewhere.
    private static func special(_ x: Double) -> Double? {
        if x > 0, x < .infinity { return nil }
        return x == 0 ? -.infinity : x < 0 ? .nan : x
    }

    /// log(1 + x) for 1 + x > 0.
    private static func logarithm1p(_ x: Pair) -> Pair {
        let sum = Pair(1) + x
        let whole = logarithm(sum.high)
        return whole + Pair(sum.low / sum.high)
    }

    /// log(x) for a positive finite x with about 66 bits.
    ///
    /// x = 2^k z with z about 1; 1 + r = z / c for a c from a table whose inverse has nine bits; Taylor's series for log(1 + r).
    static func logarithm(_ x: Double) -> Pair {
        let isSubnormal = x < 0x1p-1022
        let bits = Int64(bitPattern: (isSubnormal ? x * 0x1p54 : x).bitPattern)
        // The bits of the root of 1/2, from which z starts.
        let k = (bits &- 0x3fe6_a09e_667f_3bcd) &>> 52
        let z = Double(bitPattern: UInt64(bitPattern: bits &- k &<< 52))
        let exponent = Double(isSubnormal ? k &- 54 : k)

        let (inverse, high, low) = logarithms[Int(z * 64 + 0.5) &- 45]
        let product = Pair(product: z, inverse)
        let r = Pair(sum: product.high - 1, product.low)
        let square = Pair(product: r.high, r.high)
        let tail = polynomial(r.high, series)

        // The first part of ln 2 has 42 bits, so that its product is exact.
        let a = Pair(sum: exponent * 0x1.62e42fefa38p-1, high)
        let b = Pair(sum: a.high, r.high)
        let c = Pair(sum: b.high, -0.5 * square.high)
        let small = (r.low - 0.5 * square.low - r.high * r.low) + (low + exponent * 0x1.ef35793c7673p-45)
        return Pair(sum: c.high, (a.low + b.low + c.low + small) + r.high * square.high * tail)
    }
}

private let series: [Double] = [-1 / 10, 1 / 9, -1 / 8, 1 / 7, -1 / 6, 1 / 5, -1 / 4, 1 / 3]

/// 1 / c, and log(c) in two parts, for c about 45/64, 46/64, ..., 91/64.
private let logarithms: [(Double, Double, Double)] = [
    (0x1.6cp0, -0x1.686c81e9b14afp-2, 0x1.ddea0f7f58e3dp-57), (0x1.64p0, -0x1.51aad872df82dp-2, -0x1.3927ac19f55e3p-59),
    (0x1.5dp0, -0x1.3d54fa5c1f71p-2, 0x1.e3265c6a1c98dp-56), (0x1.55p0, -0x1.2596010df763ap-2, 0x1.0f76c57075e9ep-58),
    (0x1.4ep0, -0x1.1058bf9ae4ad5p-2, -0x1.89fa0ab4cb31dp-58), (0x1.48p0, -0x1.fb9186d5e3e2bp-3, 0x1.caaae64f21acbp-57),
    (0x1.41p0, -0x1.cf6354e09c5dcp-3, -0x1.239a07d55b695p-57), (0x1.3bp0, -0x1.a8becfc882f19p-3, 0x1.e8c37918c39ebp-58),
    (0x1.35p0, -0x1.815c0a14357ebp-3, 0x1.4be48073a0564p-58), (0x1.2fp0, -0x1.59338d9982086p-3, 0x1.65d22aa8ad7cfp-58),
    (0x1.2ap0, -0x1.371fc201e8f74p-3, -0x1.de6cb62af18ap-58), (0x1.25p0, -0x1.14785846742acp-3, -0x1.a28813e3a7f07p-57),
    (0x1.1fp0, -0x1.d4313d66cb35dp-4, -0x1.790dd951d90fap-58), (0x1.1ap0, -0x1.8c345d6319b21p-4, 0x1.4a697ab3424a9p-61),
    (0x1.16p0, -0x1.51b073f06183fp-4, -0x1.a49e39a1a8be4p-58), (0x1.11p0, -0x1.075983598e471p-4, -0x1.80da5333c45b8p-59),
    (0x1.0dp0, -0x1.95c830ec8e3ebp-5, -0x1.f5a0e80520bf2p-59), (0x1.08p0, -0x1.f829b0e7833p-6, -0x1.33e3f04f1ef23p-60),
    (0x1.04p0, -0x1.fc0a8b0fc03e4p-7, 0x1.83092c59642a1p-62), (0x1.0p0, 0x0.0p0, 0x0.0p0),
    (0x1.f8p-1, 0x1.0205658935847p-6, 0x1.27c8e8416e71fp-60), (0x1.fp-1, 0x1.0415d89e74444p-5, 0x1.c05cf1d753622p-59),
    (0x1.e9p-1, 0x1.788595a3577bap-5, 0x1.e5ef898b67923p-59), (0x1.e2p-1, 0x1.eea31c006b87cp-5, -0x1.3e4fc93b7b66cp-59),
    (0x1.dbp-1, 0x1.333d7f8183f4bp-4, 0x1.a92afc8ef70b1p-58), (0x1.d4p-1, 0x1.700d30aeac0e1p-4, -0x1.72566212cdd05p-61),
    (0x1.cep-1, 0x1.a4e7640b1bc38p-4, -0x1.5b5ca203e4259p-58), (0x1.c7p-1, 0x1.e3707ee30487bp-4, 0x1.09ccecd579d99p-58),
    (0x1.c1p-1, 0x1.0ce7ecdccc28dp-3, -0x1.692a0055dc959p-57), (0x1.bbp-1, 0x1.28753bc11aba5p-3, -0x1.6394d9fa33311p-57),
    (0x1.b5p-1, 0x1.4462b9dc9b3dcp-3, -0x1.629c46c186385p-58), (0x1.afp-1, 0x1.60b3100b09476p-3, -0x1.5b2623e05016bp-58),
    (0x1.aap-1, 0x1.7898d85444c73p-3, 0x1.ef8f6ebcfb201p-58), (0x1.a4p-1, 0x1.95a5adcf7017fp-3, 0x1.142c507fb7a3dp-58),
    (0x1.9fp-1, 0x1.ae2ca6f672bd4p-3, 0x1.ab5ca9eaa088ap-57), (0x1.9ap-1, 0x1.c6ffbc6f00f71p-3, -0x1.8e58b2c57a4a5p-57),
    (0x1.95p-1, 0x1.e020cc6235ab5p-3, 0x1.fea48dd7b81d1p-58), (0x1.9p-1, 0x1.f991c6cb3b379p-3, 0x1.f665066f980a2p-57),
    (0x1.8bp-1, 0x1.09aa572e6c6d4p-2, 0x1.43c2e68684d53p-57), (0x1.86p-1, 0x1.16b5ccbacfb73p-2, 0x1.66fbd28b40935p-56),
    (0x1.82p-1, 0x1.214456d0eb8d4p-2, 0x1.f7ae91aeba60ap-57), (0x1.7dp-1, 0x1.2e9e2bce12286p-2, 0x1.8251a3b83d97ap-62),
    (0x1.79p-1, 0x1.396ce359bbf54p-2, -0x1.ce2b31b31e8bp-58), (0x1.74p-1, 0x1.4718dc271c41bp-2, 0x1.8fb4c14c56eefp-60),
    (0x1.7p-1, 0x1.522ae0738a3d8p-2, -0x1.8f7e9b38a6979p-57), (0x1.6cp-1, 0x1.5d5bddf595f3p-2, -0x1.6541148cbb8a2p-56),
    (0x1.68p-1, 0x1.68ac83e9c6a14p-2, 0x1.a64eadd740178p-58),
]
