public import SeptumIR
public import SeptumTensor

extension Op {
    /// Joins tensors along an axis.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#Concat
    public struct Concat: PassThroughOperator {
        public static let name = "Concat"
        public static let inputCount = 1...Int.max

        public var axis: Int

        public init(axis: Int) { self.axis = axis }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            axis = try AttributeReader.require(try attributes.int("axis"), "axis")
        }

        public var attributes: Attributes { [("axis", .int(axis))] }

        public func isIdentity(_ inputs: Facts) -> Bool { inputs.count == 1 }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let first = try inputs.tensor(0)
            var merged: [Dimension]?
            var size: Dimension = 0
            for index in 0..<inputs.count {
                let type = try inputs.tensor(index)
                guard type.elementType == first.elementType else {
                    throw ModelError(.invalidModel, "input \(index) is \(type.elementType), input 0 is \(first.elementType)")
                }
                guard let shape = type.shape else { size = .unknown; continue }
                let axis = try normalizedAxis(axis, rank: shape.count)
                size = size + shape[axis]
                guard let known = merged else { merged = shape; continue }
                guard known.count == shape.count else {
                    throw ModelError(.invalidModel, "input \(index) has rank \(shape.count), another \(known.count)")
                }
                var next = known
                for other in shape.indices where other != axis { next[other] = try .unified(known[other], shape[other]) }
                merged = next
            }
            if let rank = merged?.count { merged?[try normalizedAxis(axis, rank: rank)] = size }
            return moved(inputs, first.elementType, merged, data: Array(0..<inputs.count))
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            var parts: [Tensor] = []
            for index in 0..<inputs.count { parts.append(try inputs.tensor(index)) }
            return [.tensor(try Tensor(concatenating: parts, axis: axis))]
        }
    }
}

extension Tensor {
    /// Joins tensors along an axis.
    ///
    /// - Throws: `invalidInput` when there is none, or their types or other dimensions differ.
    package init(concatenating parts: [Tensor], axis: Int) throws(ModelError) {
        guard let first = parts.first else { throw ModelError(.invalidInput, "there is nothing to concatenate") }
        let axis = try normalizedAxis(axis, rank: first.shape.count)
        var shape = first.shape
        shape[axis] = 0
        for part in parts {
            var other = part.shape
            guard part.elementType == first.elementType, other.count == shape.count else {
                throw ModelError(
                    .invalidInput,
                    "\(part.elementType)\(part.shape) cannot be concatenated to \(first.elementType)\(first.shape)")
            }
            let (size, overflow) = shape[axis].addingReportingOverflow(other[axis])
            other[axis] = shape[axis]
            guard !overflow, other == shape else {
                throw ModelError(.invalidInput, "shape \(part.shape) cannot be concatenated to \(first.shape) along axis \(axis)")
            }
            shape[axis] = size
        }
        var assembly = try Assembly(first.elementType, shape)
        let strides = rowMajorStrides(shape)
        var start = 0
        for part in parts {
            assembly.copy(
                part, box: part.shape, from: 0, strides: rowMajorStrides(part.shape), to: start, targetStrides: strides)
            start &+= part.shape[axis] &* strides[axis]
        }
        self = try assembly.finished()
    }
}
