public import SeptumIR
public import SeptumTensor

extension Op {
    /// A tensor of random numbers from low up to but without high, all equally probable.
    ///
    /// - Shape: `() -> shape`
    /// - Element types: floating point.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#RandomUniform
    public struct RandomUniform: RandomOperator {
        public static let name = "RandomUniform"
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

    /// A tensor of random numbers from low up to but without high, of the input's shape.
    ///
    /// - Shape: any, kept.
    /// - Element types: any `->` floating point.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#RandomUniformLike
    public struct RandomUniformLike: RandomOperator {
        public static let name = "RandomUniformLike"
        public static let inputCount = 1...1

        public var distribution: RandomUniform.Distribution
        /// Nil means the input's.
        public var elementType: ElementType?
        public var seed: Float?

        public init(
            _ distribution: RandomUniform.Distribution = .init(), elementType: ElementType? = nil, seed: Float? = nil
        ) {
            self.distribution = distribution
            self.elementType = elementType
            self.seed = seed
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            distribution = try RandomUniform.Distribution(&attributes)
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

extension Op.RandomUniform {
    /// The ends of an interval.
    public struct Distribution: Sendable, Equatable {
        public var low: Float
        public var high: Float

        public init(low: Float = 0, high: Float = 1) {
            self.low = low
            self.high = high
        }

        init(_ attributes: inout AttributeReader) throws(ModelError) {
            self.init(low: try attributes.float("low") ?? 0, high: try attributes.float("high") ?? 1)
        }

        var attributes: Attributes { [("low", .float(low)), ("high", .float(high))] }

        /// The numbers have the digits of their type, so that those of [0, 1) are not rounded up to 1.
        func tensor(_ shape: [Int], _ type: ElementType, seed: Float?) throws(ModelError) -> Tensor {
            let (low, width) = (Double(low), Double(high) - Double(low))
            let digits: [ElementType: Int] = [.float16: 11, .bfloat16: 8, .float32: 24]
            let own = digits[type] ?? 53
            return try RandomStream(seed: seed, .uniform).tensor(shape, type) { stream, index in
                low + width * stream.uniform(index, digits: own)
            }
        }
    }
}
