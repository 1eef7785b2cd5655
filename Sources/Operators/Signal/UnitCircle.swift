/// A complex number.
package struct Complex: Sendable {
    package var real: Double
    package var imaginary: Double

    package init(_ real: Double, _ imaginary: Double) {
        self.real = real
        self.imaginary = imaginary
    }

    package var conjugate: Complex { Complex(real, -imaginary) }

    package static func + (a: Complex, b: Complex) -> Complex { Complex(a.real + b.real, a.imaginary + b.imaginary) }
    package static func - (a: Complex, b: Complex) -> Complex { Complex(a.real - b.real, a.imaginary - b.imaginary) }
    package static func * (a: Complex, b: Complex) -> Complex {
        Complex(a.real * b.real - a.imaginary * b.imaginary, a.real * b.imaginary + a.imaginary * b.real)
    }

    /// The point after `step` of `count` equal steps around the unit circle, counterclockwise from 1; NaN for no steps.
    ///
    /// The step is reduced to an eighth of a turn in integers, and only basic arithmetic follows: the bits are the same
    /// on all machines, conjugates differ in sign only, and quarters of a turn are exact. Steps lie in `0..<count`, below 2^59.
    package init(step: Int, of count: Int) {
        guard count > 0 else {
            self.init(.nan, .nan)
            return
        }
        let (octant, rest) = (8 * step).quotientAndRemainder(dividingBy: count)
        let isMirrored = octant % 2 == 1
        let angle = .pi / 4 * (Double(isMirrored ? count - rest : rest) / Double(count))
        let (cosine, sine) = (Complex.cosine(angle), isMirrored ? -Complex.sine(angle) : Complex.sine(angle))
        switch (octant + 1) / 2 % 4 {
        case 0: self.init(cosine, sine)
        case 1: self.init(-sine, cosine)
        case 2: self.init(-cosine, -sine)
        default: self.init(sine, -cosine)
        }
    }

    /// Taylor's series up to the 17th power, for angles up to an eighth of a turn.
    private static func sine(_ x: Double) -> Double {
        var sum = 1.0
        for n in stride(from: 16.0, through: 2, by: -2) { sum = 1 - sum * x * x / (n * (n + 1)) }
        return sum * x
    }

    private static func cosine(_ x: Double) -> Double {
        var sum = 1.0
        for n in stride(from: 17.0, through: 1, by: -2) { sum = 1 - sum * x * x / (n * (n + 1)) }
        return sum
    }
}
