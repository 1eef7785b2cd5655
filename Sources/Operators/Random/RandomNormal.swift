public import SeptumIR
public import SeptumTensor

extension Op {
    /// A tensor of random numbers with a normal distribution.
    ///
    /// - Shape: `() -> shape`
    /// - Element types: floating point.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#RandomNormal
    public struct RandomNormal: RandomOperator {
        public static let name = "RandomNormal"
        public static let inputCount = 0...0

        public var shape: [Int]
        public var distribution: Distribution
        public var elementType: ElementType
        public var seed: Float?

        public init(
            shape: [Int], _ distribution: Distribution = Distribution(), elementType: ElementType = .float32, seed: Float? = nil
        ) {
            self.shape = shape
            self.distribution = distribution
            self.elementType = elementType
            self.seed = seed
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            shape = try AttributeReader.require(try attributes.ints("shape"), "shape")
            distribution = try Distribution(&attributes)
            elementType = try attributes.elementType("dtype") ?? .float32
            seed = try Self.seed(&attributes)
        }

        public var attributes: Attributes {
            [("shape", .ints(shape)), ("dtype", .int(Int(elementType.rawValue)))] + distribution.attributes + seedAttributes
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            try ElementTypeSet.floats.admit(elementType, attribute: "dtype")
            return [Fact(elementType, try shape.admittedAsShape())]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            _ = try infer(inputs.facts)
            return [.tensor(try distribution.tensor(shape, elementType, seed: seed))]
        }
    }

    /// A tensor of random numbers with a normal distribution, of the input's shape.
    ///
    /// - Shape: any, kept.
    /// - Element types: any `->` floating point.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#RandomNormalLike
    public struct RandomNormalLike: RandomOperator {
        public static let name = "RandomNormalLike"
        public static let inputCount = 1...1

        public var distribution: RandomNormal.Distribution
        /// Nil means the input's.
        public var elementType: ElementType?
        public var seed: Float?

        public init(
            _ distribution: RandomNormal.Distribution = .init(), elementType: ElementType? = nil, seed: Float? = nil
        ) {
            self.distribution = distribution
            self.elementType = elementType
            self.seed = seed
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            distribution = try RandomNormal.Distribution(&attributes)
            elementType = try attributes.elementType("dtype")
            seed = try Self.seed(&attributes)
        }

        public var attributes: Attributes {
            (elementType.map { [("dtype", .int(Int($0.rawValue)))] } ?? []) + distribution.attributes + seedAttributes
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let type = try inputs.tensor(0)
            try ElementTypeSet.floats.admit(elementType ?? type.elementType, attribute: "dtype")
            return [Fact(elementType ?? type.elementType, type.shape)]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            _ = try infer(inputs.facts)
            let x = try inputs.tensor(0)
            return [.tensor(try distribution.tensor(x.shape, elementType ?? x.elementType, seed: seed))]
        }
    }
}

extension Op.RandomNormal {
    /// A mean and a standard deviation.
    public struct Distribution: Sendable, Equatable {
        public var mean: Float
        public var scale: Float

        public init(mean: Float = 0, scale: Float = 1) {
            self.mean = mean
            self.scale = scale
        }

        init(_ attributes: inout AttributeReader) throws(ModelError) {
            self.init(mean: try attributes.float("mean") ?? 0, scale: try attributes.float("scale") ?? 1)
        }

        var attributes: Attributes { [("mean", .float(mean)), ("scale", .float(scale))] }

        func tensor(_ shape: [Int], _ type: ElementType, seed: Float?) throws(ModelError) -> Tensor {
            let (mean, scale) = (Double(mean), Double(scale))
            return try RandomStream(seed: seed, .normal).tensor(shape, type) { stream, index in
                mean + scale * normalQuantile(stream.inner(index))
            }
        }
    }
}
