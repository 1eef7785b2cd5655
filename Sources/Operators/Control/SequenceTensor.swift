public import SeptumIR
public import SeptumTensor

extension Op {
    /// Joins the tensors of a sequence along an axis, a new one if asked for.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#ConcatFromSequence
    public struct ConcatFromSequence: Operator {
        public static let name = "ConcatFromSequence"
        public static let inputCount = 1...1

        public var axis: Int
        public var isNewAxis: Bool

        public init(axis: Int, isNewAxis: Bool = false) {
            self.axis = axis
            self.isNewAxis = isNewAxis
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            axis = try AttributeReader.require(try attributes.int("axis"), "axis")
            isNewAxis = try attributes.bool("new_axis") ?? false
        }

        public var attributes: Attributes { [("axis", .int(axis)), ("new_axis", .int(isNewAxis ? 1 : 0))] }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            guard let type = try inputs.sequenceElement(0).tensor else {
                throw ModelError(.invalidModel, "input 0 must be a sequence of tensors")
            }
            guard var shape = type.shape else { return [Fact(type.elementType, nil)] }
            if isNewAxis {
                shape.insert(.unknown, at: try normalizedAxis(axis, rank: shape.count + 1))
            } else {
                shape[try normalizedAxis(axis, rank: shape.count)] = .unknown
            }
            return [Fact(type.elementType, shape)]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let tensors = try inputs.sequence(0).items.compactMap(\.tensor)
            guard let first = tensors.first else { throw ModelError(.invalidInput, "the sequence is empty") }
            guard isNewAxis else { return [.tensor(try Tensor(concatenating: tensors, axis: axis))] }
            return [.tensor(try Tensor(stacking: tensors, axis: axis, like: TensorType(first.elementType, nil)))]
        }
    }

    /// Cuts a tensor along an axis into a sequence: into parts of a size, of given sizes, or of size 1.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#SplitToSequence
    public struct SplitToSequence: Operator {
        public static let name = "SplitToSequence"
        public static let inputCount = 1...2

        public var axis: Int
        /// Without sizes: whether the parts keep the axis.
        public var keepsAxis: Bool

        public init(axis: Int = 0, keepsAxis: Bool = true) {
            self.axis = axis
            self.keepsAxis = keepsAxis
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            axis = try attributes.int("axis") ?? 0
            keepsAxis = try attributes.bool("keepdims") ?? true
        }

        public var attributes: Attributes { [("axis", .int(axis)), ("keepdims", .int(keepsAxis ? 1 : 0))] }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let data = try inputs.tensor(0)
            guard var shape = data.shape else { return [Fact(.sequence(.tensor(data.elementType, nil)))] }
            let axis = try normalizedAxis(axis, rank: shape.count)
            if inputs[1] != nil {
                shape[axis] = .unknown
            } else if keepsAxis {
                shape[axis] = 1
            } else {
                shape.remove(at: axis)
            }
            return [Fact(.sequence(.tensor(data.elementType, shape)))]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let data = try inputs.tensor(0)
            let axis = try normalizedAxis(axis, rank: data.shape.count)
            let size = data.shape[axis]
            if inputs[1] != nil, try !inputs.tensor(1).shape.isEmpty {
                let sizes = try inputs.integers(1)
                return [sequence(try data.split(sizes, axis: axis, count: sizes.count), data.elementType)]
            }
            let part = inputs[1] == nil ? 1 : try inputs.integers(1).first ?? 0
            guard part > 0 else { throw ModelError(.invalidInput, "parts of size \(part) are asked for") }
            guard size / part < 1 << 26 else { throw ModelError(.limit, "a sequence of \(size / part) parts is too long") }
            var sizes = Array(repeating: part, count: size / part)
            if size % part > 0 { sizes.append(size % part) }
            var parts = try data.split(sizes, axis: axis, count: sizes.count)
            if inputs[1] == nil, !keepsAxis {
                var shape = data.shape
                shape.remove(at: axis)
                for index in parts.indices { parts[index] = try parts[index].reshaped(shape) }
            }
            return [sequence(parts, data.elementType)]
        }

        private func sequence(_ parts: [Tensor], _ type: ElementType) -> Value {
            .sequence(parts.map(Value.tensor), of: .tensor(type, nil))
        }
    }
}
