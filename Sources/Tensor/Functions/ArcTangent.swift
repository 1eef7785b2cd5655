extension Elementary {
    package static func atan(_ x: Double) -> Double {
        let a = abs(x)
        guard a >= 0x1p-27 else { return x }
        let result = a == .infinity ? .pi / 2 : angle(Pair(a), Pair(1)).value
        return x < 0 ? -result : result
    }

    package static func asin(_ x: Double) -> Double {
        let a = abs(x)
        guard a >= 0x1p-27 else { return x }
        guard a <= 1 else { return .nan }
        let result = angle(Pair(a), leg(a)).value
        return x < 0 ? -result : result
    }

    package static func acos(_ x: Double) -> Double {
        let a = abs(x)
        guard a <= 1 else { return .nan }
        guard a >= 0x1p-60 else { return .pi / 2 }
        let result = angle(leg(a), Pair(a))
        return x < 0 ? (Pair(0x1.921fb54442d18p1, 0x1.1a62633145c07p-53) - result).value : result.value
    }

    /// The root of 1 - a².
    private static func leg(_ a: Double) -> Pair { (Pair(sum: 1, -a) * Pair(sum: 1, a)).squareRoot() }

    /// The angle of the point (x, y) for x, y >= 0, not both zero: atan(j/32) from a table, and Taylor's series for the rest.
    private static func angle(_ y: Pair, _ x: Pair) -> Pair {
        let isSteep = y.high > x.high
        let (a, b) = isSteep ? (x, y) : (y, x)
        let index = Int(a.high / b.high * 32 + 0.5)
        let c = Pair(Double(index) / 32)
        let t = (a - c * b) / (b + c * a)
        let square = t.high * t.high
        let series = polynomial(square, tail)
        let (high, low) = angles[min(index, 32)]
        let result = Pair(high, low) + (t + Pair(t.high * square * series))
        return isSteep ? Pair(0x1.921fb54442d18p0, 0x1.1a62633145c07p-54) - result : result
    }
}

private let tail: [Double] = [-1 / 11, 1 / 9, -1 / 7, 1 / 5, -1 / 3]

/// atan(j / 32).
private let angles: [(Double, Double)] = [
    (0x0.0p0, 0x0.0p0), (0x1.ffd55bba97625p-6, -0x1.5ec431444912cp-60),
    (0x1.ff55bb72cfdeap-5, -0x1.c934d86d23f1dp-60), (0x1.7ee182602f10fp-4, -0x1.cfb654c0c3d98p-58),
    (0x1.fd5ba9aac2f6ep-4, -0x1.cd37686760c17p-59), (0x1.3d6eee8c6626cp-3, 0x1.61a3b0ce9281bp-57),
    (0x1.7b97b4bce5b02p-3, 0x1.347b0b4f881cap-58), (0x1.b90d7529260a2p-3, 0x1.17b10d2e0e5abp-61),
    (0x1.f5b75f92c80ddp-3, 0x1.8ab6e3cf7afbdp-57), (0x1.18bf5a30bf178p-2, 0x1.30ca4748b1bf9p-57),
    (0x1.362773707ebccp-2, -0x1.963a544b672d8p-57), (0x1.530ad9951cd4ap-2, -0x1.2566480884082p-57),
    (0x1.6f61941e4def1p-2, -0x1.c63aae6f6e918p-56), (0x1.8b24d394a1b25p-2, 0x1.b6d0ba3748fa8p-56),
    (0x1.a64eec3cc23fdp-2, -0x1.24dec1b50b7ffp-56), (0x1.c0db4c94ec9fp-2, -0x1.cc1ce70934c34p-56),
    (0x1.dac670561bb4fp-2, 0x1.a2b7f222f65e2p-56), (0x1.f40dd0b541418p-2, -0x1.a3992dc382a23p-57),
    (0x1.0657e94db30dp-1, -0x1.d5b495f6349e6p-56), (0x1.1255d9bfbd2a9p-1, -0x1.2bdaee1c0ee35p-58),
    (0x1.1e00babdefeb4p-1, -0x1.928df287a668fp-58), (0x1.2958e59308e31p-1, -0x1.09e73b0c6c087p-56),
    (0x1.345f01cce37bbp-1, 0x1.1021137c71102p-55), (0x1.3f13fb89e96f4p-1, 0x1.ecf8b492644fp-56),
    (0x1.4978fa3269ee1p-1, 0x1.2419a87f2a458p-56), (0x1.538f57b89061fp-1, -0x1.1bb74abda520cp-55),
    (0x1.5d58987169b18p-1, 0x1.0028e4bc5e7cap-57), (0x1.66d663923e087p-1, -0x1.6ea6febe8bbbap-56),
    (0x1.700a7c5784634p-1, -0x1.8c34d25aadef6p-56), (0x1.78f6bbd5d315ep-1, 0x1.406a08980374p-55),
    (0x1.819d0b7158a4dp-1, -0x1.bf76229d3b917p-56), (0x1.89ff5ff57f1f8p-1, -0x1.55b9a5e177a1bp-55),
    (0x1.921fb54442d18p-1, 0x1.1a62633145c07p-55),
]
