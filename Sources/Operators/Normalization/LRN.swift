public import SeptumIR
public import SeptumTensor

extension Op {
    /// Each element over a power of a bias plus the squares of its neighbours among the channels (local response normalization).
    ///
    /// `x / (bias + alpha / size * sum of squares)^beta` over `size` channels around its own, of an even number one more after
    /// it; in float64 and rounded once.
    ///
    /// - Shape: `(n, c, ...)`, kept.
    /// - Element types: floating point.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#LRN
    public struct LRN: Operator {
        public static let name = "LRN"
        public static let inputCount = 1...1

        public var size: Int
        public var alpha: Float
        public var beta: Float
        public var bias: Float

        public init(size: Int, alpha: Float = 1e-4, beta: Float = 0.75, bias: Float = 1) {
            self.size = size
            self.alpha = alpha
            self.beta = beta
            self.bias = bias
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            self.init(
                size: try AttributeReader.require(try attributes.int("size"), "size"),
                alpha: try attributes.float("alpha") ?? 1e-4, beta: try attributes.float("beta") ?? 0.75,
                bias: try attributes.float("bias") ?? 1)
        }

        public var attributes: Attributes {
            [("size", .int(size)), ("alpha", .float(alpha)), ("beta", .float(beta)), ("bias", .float(bias))]
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let type = try inputs.tensor(0, of: ElementType.arithmeticFloats)
            guard size >= 1 else { throw ModelError(.invalidModel, "found \(size), expected at least 1", attribute: "size") }
            if let rank = type.shape?.count, rank < 2 {
                throw ModelError(.invalidModel, "input 0 has rank \(rank), expected batch and channels")
            }
            return [Fact(type.elementType, type.shape)]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            _ = try infer(inputs.facts)
            let x = try inputs.tensor(0)
            let channels = x.shape[1]
            let (before, after) = (min((size - 1) / 2, channels), min(size / 2, channels))
            let map = SliceMap(
                x: x, axes: [1],
                real: { slice in
                    let squares = slice.map { $0 * $0 }
                    for index in slice.indices {
                        let sum = squares[max(index - before, 0)..<min(index + after + 1, channels)].reduce(0, +)
                        slice[index] /= Elementary.pow(Double(bias) + Double(alpha) / Double(size) * sum, Double(beta))
                    }
                })
            return [.tensor(try x.elementType.dispatch(map))]
        }
    }
}
