public import SeptumIR
public import SeptumTensor

// Source of both: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#LayerNormalization

extension Op {
    /// Standardises the trailing axes together, then scales and shifts: `x, scale, bias -> y, mean, inverse deviation`.
    ///
    /// Shape: scale and bias broadcast to x; mean and inverse deviation have ones for the normalised axes.
    public struct LayerNormalization: Operator {
        public static let name = "LayerNormalization"
        public static let inputCount = 2...3
        public static let outputCount = 1...3
        /// The first of the normalised axes.
        public var axis: Int
        public var epsilon: Float
        /// The type of mean and inverse deviation; the computation is always in float64 here.
        public var stashType: ElementType

        public init(axis: Int = -1, epsilon: Float = 1e-5, stashType: ElementType = .float32) {
            self.axis = axis
            self.epsilon = epsilon
            self.stashType = stashType
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            axis = try attributes.int("axis") ?? -1
            epsilon = try attributes.float("epsilon") ?? 1e-5
            stashType = try stashTypeAttribute(&attributes)
        }

        public var attributes: Attributes {
            [("axis", .int(axis)), ("epsilon", .float(epsilon)), ("stash_type", .int(Int(stashType.rawValue)))]
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let type = try inputs.commonElementType(.floats)
            guard let shape = try inputs.tensor(0).shape else {
                return [Fact(type, nil), Fact(stashType, nil), Fact(stashType, nil)]
            }
            let axis = try normalizedAxis(axis, rank: shape.count)
            for index in [1, 2] where inputs[index] != nil { try checkBroadcast(inputs, index, to: shape) }
            let statistics = Fact(stashType, ReductionShape.reduced(shape, Array(axis..<shape.count), keepdims: true))
            return [Fact(type, shape), statistics, statistics]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            _ = try infer(inputs.facts)
            let x = try inputs.tensor(0)
            let axes = Array(try normalizedAxis(axis, rank: x.shape.count)..<x.shape.count)
            let standard = try RealTensor(x).standardized(axes, epsilon: epsilon)
            var y = try standard.result.zip(try RealTensor(try inputs.tensor(1)), *)
            if let bias = inputs.optionalTensor(2) { y = try y.zip(try RealTensor(bias), +) }
            return [
                try y.rounded(to: x.elementType), try standard.mean.rounded(to: stashType),
                try standard.inverseDeviation.rounded(to: stashType),
            ]
        }
    }

    /// Divides by the root of the mean square over the trailing axes, then scales: `x, scale -> y`.
    ///
    /// Shape: scale broadcasts to x. Element types: y has that of the scale.
    public struct RMSNormalization: Operator {
        public static let name = "RMSNormalization"
        public static let inputCount = 2...2
        /// The first of the normalised axes.
        public var axis: Int
        public var epsilon: Float
        /// The least precision of the first stage; it is always float64 here.
        public var stashType: ElementType

        public init(axis: Int = -1, epsilon: Float = 1e-5, stashType: ElementType = .float32) {
            self.axis = axis
            self.epsilon = epsilon
            self.stashType = stashType
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            axis = try attributes.int("axis") ?? -1
            epsilon = try attributes.float("epsilon") ?? 1e-5
            stashType = try stashTypeAttribute(&attributes)
        }

        public var attributes: Attributes {
            [("axis", .int(axis)), ("epsilon", .float(epsilon)), ("stash_type", .int(Int(stashType.rawValue)))]
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let (x, scale) = (try inputs.tensor(0), try inputs.tensor(1))
            try ElementTypeSet.floats.admit(x.elementType, input: 0)
            try ElementTypeSet.floats.admit(scale.elementType, input: 1)
            if let shape = x.shape {
                _ = try normalizedAxis(axis, rank: shape.count)
                try checkBroadcast(inputs, 1, to: shape)
            }
            return [Fact(scale.elementType, x.shape)]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            _ = try infer(inputs.facts)
            let (x, scale) = (try inputs.tensor(0), try inputs.tensor(1))
            let axes = Array(try normalizedAxis(axis, rank: x.shape.count)..<x.shape.count)
            let values = try RealTensor(x)
            let roots = try values.map { $0 * $0 }.means(axes).map { ($0 + Double(epsilon)).squareRoot() }
            return [try values.zip(roots, /).zip(try RealTensor(scale), *).rounded(to: scale.elementType)]
        }
    }
}

private func stashTypeAttribute(_ attributes: inout AttributeReader) throws(ModelError) -> ElementType {
    let type = try attributes.elementType("stash_type") ?? .float32
    guard ElementTypeSet.floats.contains(type) else {
        throw ModelError(.invalidModel, "found \(type), expected a floating-point type", attribute: "stash_type")
    }
    return type
}

/// Checks that an input broadcasts to a shape without changing it.
private func checkBroadcast(_ inputs: Facts, _ index: Int, to shape: [Dimension]) throws(ModelError) {
    guard let own = try inputs.tensor(index).shape, let result = try broadcastShape([shape, own]) else { return }
    guard result.count == shape.count, !zip(result, shape).contains(where: { $0.isProvablyDifferent(from: $1) }) else {
        throw ModelError(.invalidModel, "input \(index) of shape \(own) cannot be broadcast to shape \(shape)")
    }
}
