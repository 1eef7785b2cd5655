public import SeptumIR
public import SeptumTensor

// Source of all: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md

/// Checks that input 0 has channels along its second axis and that the others hold one number a channel.
func channelFact(_ inputs: Facts) throws(ModelError) -> Fact {
    let x = try inputs.tensor(0)
    try ElementTypeSet.floats.admit(x.elementType, input: 0)
    if let rank = x.shape?.count, rank == 0 {
        throw ModelError(.invalidModel, "input 0 is a scalar, expected batch and channels")
    }
    for index in 1..<max(1, inputs.count) {
        let parameter = try inputs.tensor(index)
        try ElementTypeSet.floats.admit(parameter.elementType, input: index)
        guard let shape = parameter.shape else { continue }
        guard shape.count == 1 else {
            throw ModelError(.invalidModel, "input \(index) has rank \(shape.count), expected 1")
        }
        guard let channels = x.shape.map({ $0.count < 2 ? 1 : $0[1] }) else { continue }
        if shape[0].isProvablyDifferent(from: channels) {
            throw ModelError(
                .invalidModel, "input \(index) has \(shape[0]) elements, expected one for each of \(channels) channels")
        }
    }
    return Fact(x.elementType, x.shape)
}

extension Op {
    /// Standardises each channel of each instance by itself, then scales and shifts it.
    ///
    /// Shape: `x[n, c, ...], scale[c], bias[c] -> [n, c, ...]`.
    public struct InstanceNormalization: Operator {
        public static let name = "InstanceNormalization"
        public static let inputCount = 3...3
        public var epsilon: Float

        public init(epsilon: Float = 1e-5) { self.epsilon = epsilon }
        public init(_ attributes: inout AttributeReader) throws(ModelError) { epsilon = try attributes.float("epsilon") ?? 1e-5 }
        public var attributes: Attributes { [("epsilon", .float(epsilon))] }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            _ = try inputs.commonElementType(.floats)
            return [try channelFact(inputs)]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            _ = try infer(inputs.facts)
            let x = try inputs.tensor(0)
            let rank = x.shape.count
            let scale = try RealTensor(try inputs.tensor(1)).alongChannels(ofRank: rank)
            let bias = try RealTensor(try inputs.tensor(2)).alongChannels(ofRank: rank)
            let standard = try RealTensor(x).standardized(Array(2..<max(2, rank)), epsilon: epsilon).result
            return [try standard.zip(scale, *).zip(bias, +).rounded(to: x.elementType)]
        }
    }

    /// Standardises each group of channels of each instance by itself, then scales and shifts each channel.
    ///
    /// Shape: `x[n, c, ...], scale[c], bias[c] -> [n, c, ...]`.
    public struct GroupNormalization: Operator {
        public static let name = "GroupNormalization"
        public static let inputCount = 3...3
        public var groupCount: Int
        public var epsilon: Float
        /// The least precision of the first stage; it is always float64 here.
        public var stashType: ElementType

        public init(groupCount: Int, epsilon: Float = 1e-5, stashType: ElementType = .float32) {
            self.groupCount = groupCount
            self.epsilon = epsilon
            self.stashType = stashType
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            groupCount = try AttributeReader.require(try attributes.int("num_groups"), "num_groups")
            epsilon = try attributes.float("epsilon") ?? 1e-5
            stashType = try attributes.elementType("stash_type") ?? .float32
            guard groupCount > 0 else {
                throw ModelError(.invalidModel, "found \(groupCount), expected at least 1", attribute: "num_groups")
            }
        }

        public var attributes: Attributes {
            [
                ("num_groups", .int(groupCount)), ("epsilon", .float(epsilon)),
                ("stash_type", .int(Int(stashType.rawValue))),
            ]
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            _ = try inputs.commonElementType(.floats)
            let fact = try channelFact(inputs)
            guard let shape = fact.type.tensor?.shape else { return [fact] }
            guard shape.count >= 2 else { throw ModelError(.invalidModel, "input 0 has rank 1, expected batch and channels") }
            if let channels = shape[1].number, channels % groupCount != 0 {
                throw ModelError(.invalidModel, "\(channels) channels cannot be split in \(groupCount)", attribute: "num_groups")
            }
            return [fact]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            _ = try infer(inputs.facts)
            let x = try inputs.tensor(0)
            let scale = try RealTensor(try inputs.tensor(1)).alongChannels(ofRank: x.shape.count)
            let bias = try RealTensor(try inputs.tensor(2)).alongChannels(ofRank: x.shape.count)
            let size = x.count == 0 ? 0 : x.count / (x.shape[0] * groupCount)
            let groups = try RealTensor(x).reshaped(x.count == 0 ? [0, 1] : [x.shape[0] * groupCount, size])
            let standard = try groups.standardized([1], epsilon: epsilon).result.reshaped(x.shape)
            return [try standard.zip(scale, *).zip(bias, +).rounded(to: x.elementType)]
        }
    }
}
