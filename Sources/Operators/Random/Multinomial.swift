public import SeptumIR
public import SeptumTensor

extension Op {
    /// Classes drawn with probabilities of which the logarithms are given, each up to a term that is the same for all of a row.
    ///
    /// A sample is the class where the logarithm plus a random number with Gumbel's distribution is largest.
    ///
    /// - Shape: `(batch, classes) -> (batch, samples)`
    /// - Element types: floating point `->` int32, int64.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#Multinomial
    public struct Multinomial: RandomOperator {
        public static let name = "Multinomial"
        public static let inputCount = 1...1

        public var sampleCount: Int
        public var elementType: ElementType
        public var seed: Float?

        public init(sampleCount: Int = 1, elementType: ElementType = .int32, seed: Float? = nil) {
            self.sampleCount = sampleCount
            self.elementType = elementType
            self.seed = seed
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            sampleCount = try attributes.int("sample_size") ?? 1
            elementType = try attributes.elementType("dtype") ?? .int32
            seed = try Self.seed(&attributes)
        }

        public var attributes: Attributes {
            [("sample_size", .int(sampleCount)), ("dtype", .int(Int(elementType.rawValue)))] + seedAttributes
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            _ = try inputs.tensor(0, of: ElementType.arithmeticFloats)
            try ([.int32, .int64] as ElementTypeSet).admit(elementType, attribute: "dtype")
            guard sampleCount >= 0 else {
                throw ModelError(.invalidModel, "found \(sampleCount), expected 0 or more", attribute: "sample_size")
            }
            return [Fact(elementType, [try inputs.shape(0, rank: 2)?[0] ?? .unknown, .fixed(sampleCount)])]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let shape = try outputShapes(inputs)[0]
            let x = try inputs.tensor(0)
            let classes = x.shape[1]
            let logarithms = try x.doubles
            for row in 0..<(shape.contains(0) ? 0 : shape[0]) {
                let own = logarithms[row * classes..<(row + 1) * classes]
                guard own.contains(where: \.isFinite), own.allSatisfy({ $0 < .infinity }) else {
                    throw ModelError(
                        .invalidInput, "row \(row) holds no logarithms of probabilities: each must be below infinity, one finite")
                }
            }
            let result = try RandomStream(seed: seed, .multinomial).tensor(shape, elementType) { stream, index in
                let row = index / sampleCount * classes
                var best = (score: -Double.infinity, index: 0)
                for choice in 0..<classes where logarithms[row + choice] > -.infinity {
                    let noise = -logarithm(-logarithm(stream.inner(index, lane: choice)))
                    let score = logarithms[row + choice] + noise
                    if score > best.score { best = (score, choice) }
                }
                return Double(best.index)
            }
            return [.tensor(result)]
        }
    }
}
