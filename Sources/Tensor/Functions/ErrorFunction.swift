extension Elementary {
    package static func erf(_ x: Double) -> Double {
        let a = abs(x)
        guard a >= 0.875 else { return x + x * smallErf(a) }
        guard a < 6 else { return x.isNaN ? x : x > 0 ? 1 : -1 }
        let result = 1 - farErfc(a)
        return x < 0 ? -result : result
    }

    /// 1 - erf(x), exact to the last places for large x too.
    package static func erfc(_ x: Double) -> Double {
        let a = abs(x)
        guard a >= 0.5 else { return (Pair(sum: 1, -x) - Pair(x * smallErf(a))).value }
        guard a < 28 else { return x.isNaN ? x : x > 0 ? 0 : 2 }
        let result = farErfc(a)
        return x < 0 ? 2 - result : result
    }

    /// erf(x) / x - 1 for |x| < 7/8: Taylor's series.
    private static func smallErf(_ x: Double) -> Double {
        let square = x * x
        return 0.1283791670955126 + square * polynomial(square, taylor)
    }

    /// 2 / sqrt(pi) (-1)^n / (n! (2n + 1)) for n = 18, ..., 1.
    private static let taylor: [Double] = {
        var (coefficients, factorial) = ([Double](), 1.0)
        for n in stride(from: 1.0, through: 18, by: 1) {
            factorial *= -n
            coefficients.append(1.1283791670955126 / (factorial * (2 * n + 1)))
        }
        return coefficients.reversed()
    }()

    /// erfc(x) for 1/2 <= x < 28: exp(-x²) / (1 + 2x) times a polynomial in (x - 5/2) / (x + 5/2).
    private static func farErfc(_ x: Double) -> Double {
        let u = (x - 2.5) / (x + 2.5)
        let series = Pair(sum: 1.2648381843668615, u * polynomial(u, chebyshev))
        var power = exponential(-Pair(product: x, x))
        power.base = Pair(sum: power.base.high, power.base.low) * series / Pair(sum: 1, 2 * x)
        return power.value
    }
}

/// All but the constant; the error is 2.3e-17.
private let chebyshev = [
    2.2691804102771046e-08, -1.0587646567837358e-07, -8.47622934269096e-08, 5.418519299611337e-07,
    6.354838907299171e-07, -1.6099514299162484e-06, -4.2762804437175635e-06, 2.626569578867381e-06,
    2.271943474373966e-05, 6.259424672752805e-06, -0.00011352669241466046, -8.847778859395323e-05,
    0.0006321249462193283, 0.000491865623824022, -0.004382078392235905, 0.0009318928313035082,
    0.03276089327116656, -0.10296705603909058, 0.15762991902316154, -0.09902453957359442,
    -0.12235676308240391,
]
