public import SeptumIR
public import SeptumTensor

extension Op {
    /// For each index a row of "off" values with one "on" value; only "off" where the index is out of range.
    ///
    /// Inputs: indices, depth, values (off, on).
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#OneHot
    public struct OneHot: Operator {
        public static let name = "OneHot"
        public static let inputCount = 3...3

        /// Where the rows lie in the result.
        public var axis: Int

        public init(axis: Int = -1) { self.axis = axis }
        public init(_ attributes: inout AttributeReader) throws(ModelError) { axis = try attributes.int("axis") ?? -1 }
        public var attributes: Attributes { [("axis", .int(axis))] }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let (indices, values) = (try inputs.tensor(0), try inputs.tensor(2))
            try ElementTypeSet.numbers.admit(indices.elementType, input: 0)
            try ElementTypeSet.numbers.admit(try inputs.tensor(1).elementType, input: 1)
            guard var shape = indices.shape else { return [Fact(values.elementType, nil)] }
            var depth = inputs.elements(1)?.first ?? .unknown
            if depth == .unknown, let constant = inputs[1]?.constant { depth = .fixed(try OneHot.depth(constant)) }
            if let number = depth.number, number < 0 { throw ModelError(.invalidModel, "the depth is \(number)") }
            shape.insert(depth, at: try normalizedAxis(axis, rank: shape.count + 1))
            return [Fact(values.elementType, shape)]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let (indices, values) = (try inputs.tensor(0), try inputs.tensor(2))
            let depth = try OneHot.depth(try inputs.tensor(1))
            let axis = try normalizedAxis(axis, rank: indices.shape.count + 1)
            guard values.count == 2 else {
                throw ModelError(.invalidInput, "found \(values.count) values, expected the values for off and on")
            }
            var shape = indices.shape
            shape.insert(depth, at: axis)
            var result = try Assembly(values.elementType, shape)
            let strides = rowMajorStrides(shape)
            let still = Array(repeating: 0, count: shape.count)
            result.copy(values, box: shape, from: 0, strides: still, targetStrides: strides)
            guard result.count > 0, let places = try indices.converted(to: .int64).integers else {
                return [.tensor(try result.finished())]
            }
            let inner = strides[axis]
            for (position, index) in places.enumerated() where index >= -depth && index < depth {
                let (outer, lane) = position.quotientAndRemainder(dividingBy: inner)
                result.copy(values, from: 1, to: (outer * depth + (index < 0 ? index + depth : index)) * inner + lane)
            }
            return [.tensor(try result.finished())]
        }

        private static func depth(_ tensor: Tensor) throws(ModelError) -> Int {
            guard tensor.count == 1, let depth = try tensor.converted(to: .int64).integers?.first, depth >= 0 else {
                throw ModelError(.invalidInput, "the depth must be one number that is not negative")
            }
            return depth
        }
    }
}
