/// The elementary functions in float64, computed by basic arithmetic alone, so that the bits are the same on all machines.
///
/// The C library's differ between versions and processors. Errors are below one unit in the last place.
package enum Elementary {}

/// An unevaluated sum of two numbers, the second at most half a unit in the last place of the first: about 106 bits.
///
/// Source: https://doi.org/10.1007/BF01397083 (Dekker, 1971)
struct Pair {
    var high: Double
    var low: Double

    init(_ high: Double, _ low: Double = 0) {
        self.high = high
        self.low = low
    }

    /// a + b without error.
    init(sum a: Double, _ b: Double) {
        high = a + b
        let rounded = high - a
        low = (a - (high - rounded)) + (b - rounded)
    }

    /// a b without error; the fused multiply-add is exact wherever it is computed.
    init(product a: Double, _ b: Double) {
        high = a * b
        low = (-high).addingProduct(a, b)
    }

    var value: Double { high + low }

    static prefix func - (a: Pair) -> Pair { Pair(-a.high, -a.low) }

    static func + (a: Pair, b: Pair) -> Pair {
        let sum = Pair(sum: a.high, b.high)
        return Pair(sum: sum.high, sum.low + (a.low + b.low))
    }

    static func - (a: Pair, b: Pair) -> Pair { a + -b }

    static func * (a: Pair, b: Pair) -> Pair {
        let product = Pair(product: a.high, b.high)
        return Pair(sum: product.high, product.low + (a.high * b.low + a.low * b.high))
    }

    static func / (a: Pair, b: Pair) -> Pair {
        let quotient = a.high / b.high
        let product = Pair(product: quotient, b.high)
        let rest = ((a.high - product.high) - product.low) + (a.low - quotient * b.low)
        return Pair(sum: quotient, rest / b.high)
    }

    func squareRoot() -> Pair {
        let root = high.squareRoot()
        guard root > 0 else { return Pair(root) }
        return Pair(sum: root, (high.addingProduct(-root, root) + low) / (2 * root))
    }
}

/// The polynomial with the given coefficients, that of the highest power first.
///
/// They are constants of files, as an array made at the call might be allocated each time.
func polynomial(_ x: Double, _ coefficients: [Double]) -> Double {
    var (sum, index) = (0.0, 0)
    // An iterator would be allocated in a debug build.
    while index < coefficients.count {
        sum = sum * x + coefficients[index]
        index += 1
    }
    return sum
}
