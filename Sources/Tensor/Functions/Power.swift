extension Elementary {
    /// x to the power of y with the special cases of IEEE 754.
    ///
    /// Source: https://en.cppreference.com/w/c/numeric/math/pow
    package static func pow(_ x: Double, _ y: Double) -> Double {
        if y == 0 || x == 1 { return 1 }
        if x.isNaN || y.isNaN { return .nan }
        let size = abs(x)
        let isInteger = y.rounded(.towardZero) == y
        let isOdd = isInteger && abs(y) < 0x1p53 && Int64(y) & 1 == 1
        let sign: Double = x.sign == .minus && isOdd ? -1 : 1
        if size == 0 || size == .infinity { return sign * ((size == 0) == (y > 0) ? 0 : .infinity) }
        if abs(y) == .infinity { return size == 1 ? 1 : (size > 1) == (y > 0) ? .infinity : 0 }
        if x < 0 && !isInteger { return .nan }
        if size == 1 { return sign }

        let logarithm = logarithm(size)
        let estimate = y * logarithm.high
        guard abs(estimate) < 746 else { return sign * (estimate > 0 ? .infinity : 0) }
        guard abs(estimate) >= 0x1p-54 else { return sign * (1 + estimate) }
        let product = Pair(product: y, logarithm.high)
        return sign * exponential(Pair(sum: product.high, product.low + y * logarithm.low)).value
    }
}
