public import SeptumIR
public import SeptumTensor

extension Op {
    /// Cuts a tensor along an axis into parts of given sizes, or into equal ones of which the last may be smaller.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#Split
    public struct Split: PassThroughOperator {
        public static let name = "Split"
        public static let inputCount = 1...2
        public static let outputCount = 1...Int.max

        public var axis: Int
        /// Nil means as many as the node lists.
        public var partCount: Int?

        public init(axis: Int = 0, partCount: Int? = nil) {
            self.axis = axis
            self.partCount = partCount
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            axis = try attributes.int("axis") ?? 0
            partCount = try attributes.int("num_outputs")
        }

        public var attributes: Attributes { [("axis", .int(axis))] + (partCount.map { [("num_outputs", .int($0))] } ?? []) }

        public func isIdentity(_ inputs: Facts) -> Bool { inputs.outputCount == 1 }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let data = try inputs.tensor(0)
            let count = try checkedCount(inputs.outputCount)
            guard let shape = data.shape else { return Array(repeating: Fact(data.elementType, nil), count: count) }
            let axis = try normalizedAxis(axis, rank: shape.count)
            var sizes: [Dimension]
            if inputs[1] == nil {
                let part = shape[axis].dividedRoundingUp(by: .fixed(count))
                sizes = Array(repeating: part, count: count)
                sizes[count - 1] = shape[axis] - part * .fixed(count - 1)
            } else if let given = inputs.elements(1) ?? inputs.integers(1)?.map(Dimension.fixed) {
                sizes = given
                guard sizes.count == count, !sizes.reduce(0, +).isProvablyDifferent(from: shape[axis]) else {
                    throw ModelError(.invalidModel, "dimension \(shape[axis]) cannot be split into \(count) parts of \(sizes)")
                }
            } else {
                sizes = Array(repeating: .unknown, count: count)
            }
            if let negative = sizes.first(where: { ($0.number ?? 0) < 0 }) {
                throw ModelError(.invalidModel, "dimension \(shape[axis]) cannot be split: a part would have size \(negative)")
            }
            let elements = movedElements(inputs)
            return zip(sizes, elements).map { size, elements in
                var part = shape
                part[axis] = size
                return Fact(data.elementType, part, elements: elements)
            }
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let data = try inputs.tensor(0)
            let count = try checkedCount(inputs.outputCount)
            let axis = try normalizedAxis(axis, rank: data.shape.count)
            let sizes = inputs[1] == nil ? try equalParts(data.shape[axis], count) : try inputs.integers(1)
            return try data.split(sizes, axis: axis, count: count).map(Value.tensor)
        }

        private func checkedCount(_ outputCount: Int) throws(ModelError) -> Int {
            if let partCount, partCount != outputCount {
                throw ModelError(
                    .invalidModel, "found \(partCount), the node has \(outputCount) outputs", attribute: "num_outputs")
            }
            guard outputCount > 0 else { throw ModelError(.invalidModel, "the node has no outputs") }
            return outputCount
        }

        private func equalParts(_ size: Int, _ count: Int) throws(ModelError) -> [Int] {
            let part = size / count + (size % count == 0 ? 0 : 1)
            var sizes = Array(repeating: part, count: count)
            sizes[count - 1] = size - part * (count - 1)
            return sizes
        }
    }
}

extension Tensor {
    /// Cuts the tensor along an axis.
    ///
    /// - Throws: `invalidInput` when the sizes are not `count` numbers of at least zero that add up to the dimension.
    package func split(_ sizes: [Int], axis: Int, count: Int) throws(ModelError) -> [Tensor] {
        var rest = shape[axis]
        for size in sizes where size >= 0 && rest >= size { rest -= size }
        guard sizes.count == count, rest == 0, sizes.allSatisfy({ $0 >= 0 }), sizes.reduce(0, &+) == shape[axis] else {
            throw ModelError(.invalidInput, "dimension \(shape[axis]) cannot be split into \(count) parts of \(sizes)")
        }
        let strides = rowMajorStrides(shape)
        var parts: [Tensor] = []
        var start = 0
        for size in sizes {
            var part = shape
            part[axis] = size
            parts.append(try strided(part, strides, from: start &* strides[axis]))
            start += size
        }
        return parts
    }
}
