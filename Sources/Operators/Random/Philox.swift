import SeptumTensor

/// Random numbers that are a pure function of a seed and a place, by the counter-based generator Philox4x32-10.
///
/// Every machine gives the same bits, in any order. A node without a seed takes the seed 0: what a model computes depends on
/// its file and its inputs alone, so no clock may enter. The ONNX adapter gives such a node a seed of its own, from the name of its
/// output. A node draws the same numbers in each run, and in each turn of a loop; in a tensor they follow from the row-major
/// index, so that a larger batch begins with the numbers of a smaller one.
///
/// Source: https://doi.org/10.1145/2063384.2063405 (Salmon et al., Parallel random numbers: as easy as 1, 2, 3)
package struct RandomStream: Sendable {
    /// What is drawn; equal seeds give different kinds of operators independent numbers.
    package enum Kind: UInt32, Sendable {
        case uniform, normal, bernoulli, multinomial, dropout
    }

    private let key: SIMD2<UInt32>

    package init(seed: Float?, _ kind: Kind) { key = [(seed ?? 0).bitPattern, kind.rawValue] }

    package init(seed: Int, _ kind: Kind) {
        key = [UInt32(truncatingIfNeeded: seed ^ seed >> 32), kind.rawValue]
    }

    package init(key: SIMD2<UInt32>) { self.key = key }

    /// The 128 random bits at a place.
    package func block(_ counter: SIMD4<UInt32>) -> SIMD4<UInt32> {
        var (counter, key) = (counter, key)
        for _ in 0..<10 {
            let a = counter[0].multipliedFullWidth(by: 0xD251_1F53)
            let b = counter[2].multipliedFullWidth(by: 0xCD9E_8D57)
            counter = [b.high ^ counter[1] ^ key[0], b.low, a.high ^ counter[3] ^ key[1], a.low]
            key &+= [0x9E37_79B9, 0xBB67_AE85]
        }
        return counter
    }

    private func bits(_ index: Int, _ lane: Int) -> UInt64 {
        let (index, lane) = (UInt64(bitPattern: Int64(index)), UInt64(bitPattern: Int64(lane)))
        let words = block([
            UInt32(truncatingIfNeeded: index), UInt32(truncatingIfNeeded: index >> 32), UInt32(truncatingIfNeeded: lane),
            UInt32(truncatingIfNeeded: lane >> 32),
        ])
        return UInt64(words[1]) << 32 | UInt64(words[0])
    }

    /// A multiple of 2^-digits in [0, 1), each equally probable.
    package func uniform(_ index: Int, digits: Int = 53) -> Double {
        Double(bits(index, 0) >> UInt64(64 - digits)) * Double(sign: .plus, exponent: -digits, significand: 1)
    }

    /// An odd multiple of 2^-53 in (0, 1), each equally probable: symmetric, without the ends.
    package func inner(_ index: Int, lane: Int = 0) -> Double {
        (Double(bits(index, lane) >> 12) + 0.5) * 0x1p-52
    }
}

extension RandomStream {
    /// A tensor whose elements are functions of their row-major index, rounded once.
    ///
    /// - Throws: `limit` when the size is not to be had.
    func tensor(
        _ shape: [Int], _ elementType: ElementType, _ value: (RandomStream, Int) -> Double
    ) throws(ModelError) -> Tensor {
        try Tensor(shape) { (target: UnsafeMutableBufferPointer<Double>) in
            for index in target.indices { target[index] = value(self, index) }
        }.converted(to: elementType)
    }
}
