package import SeptumTensor

/// The discrete Fourier transform of one length, in float64: `y[k] = sum over j of x[j] exp(-2 pi i j k / length)`.
///
/// Even lengths are halved, odd ones up to `directLimit` are summed as they are written, longer odd ones become a
/// convolution of a power of two (Bluestein). The order of all additions follows from the length alone.
package struct FourierTransform: Sendable {
    package static let lengthLimit = 1 << 24
    private static let directLimit = 64

    package let length: Int
    /// `exp(-2 pi i k / length)`
    private let roots: [Complex]
    private let chirp: Chirp?

    /// - Throws: `limit` when the length is not in `1...lengthLimit`.
    package init(_ length: Int) throws(ModelError) {
        guard length >= 1, length <= FourierTransform.lengthLimit else {
            throw ModelError(
                .limit, "a Fourier transform of length \(length) was asked for, expected 1 to \(FourierTransform.lengthLimit)")
        }
        self = FourierTransform(checked: length)
    }

    private init(checked length: Int) {
        self.length = length
        roots = (0..<length).map { Complex(step: $0, of: length).conjugate }
        let odd = length >> length.trailingZeroBitCount
        chirp = odd > FourierTransform.directLimit ? Chirp(odd) : nil
    }

    /// Shape: length -> length.
    package func callAsFunction(_ x: [Complex]) -> [Complex] {
        let count = x.count
        if count % 2 == 1 { return chirp?(x) ?? direct(x) }
        let even = self(stride(from: 0, to: count, by: 2).map { x[$0] })
        let odd = self(stride(from: 1, to: count, by: 2).map { x[$0] })
        let step = length / count
        let turned = odd.indices.map { roots[$0 * step] * odd[$0] }
        return zip(even, turned).map { $0 + $1 } + zip(even, turned).map { $0 - $1 }
    }

    /// Shape: length -> length. The transform whose result the transform takes back to `x`.
    package func inverse(_ x: [Complex]) -> [Complex] {
        let scale = Double(length)
        return self(x.map(\.conjugate)).map { Complex($0.real / scale, -$0.imaginary / scale) }
    }

    private func direct(_ x: [Complex]) -> [Complex] {
        let step = length / x.count
        return x.indices.map { k in
            var sum = Complex(0, 0)
            for j in x.indices { sum = sum + x[j] * roots[j * k % x.count * step] }
            return sum
        }
    }

    /// A transform of odd length as a convolution, by `2 j k = j^2 + k^2 - (k - j)^2`.
    private final class Chirp: Sendable {
        /// `exp(-pi i j^2 / length)`
        private let wave: [Complex]
        private let transform: FourierTransform
        private let kernel: [Complex]

        init(_ length: Int) {
            var size = 1
            while size < 2 * length - 1 { size *= 2 }
            wave = (0..<length).map { Complex(step: $0 * $0 % (2 * length), of: 2 * length).conjugate }
            transform = FourierTransform(checked: size)
            var kernel = [Complex](repeating: Complex(0, 0), count: size)
            for (index, point) in wave.enumerated() {
                kernel[index] = point.conjugate
                kernel[(size - index) % size] = point.conjugate
            }
            self.kernel = transform(kernel)
        }

        func callAsFunction(_ x: [Complex]) -> [Complex] {
            var padded = zip(x, wave).map { $0 * $1 }
            padded += [Complex](repeating: Complex(0, 0), count: transform.length - padded.count)
            let product = transform.inverse(zip(transform(padded), kernel).map { $0 * $1 })
            return zip(product, wave).map { $0 * $1 }
        }
    }
}
