public import SeptumIR
public import SeptumTensor

extension Op {
    /// The middle of a tensor, or the tensor in the middle of zeros, along some axes; what is odd is left over at the end.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#CenterCropPad
    public struct CenterCropPad: Operator {
        public static let name = "CenterCropPad"
        public static let inputCount = 2...2

        /// The axes whose sizes are given; nil means all.
        public var axes: [Int]?

        public init(axes: [Int]? = nil) { self.axes = axes }
        public init(_ attributes: inout AttributeReader) throws(ModelError) { axes = try attributes.ints("axes") }
        public var attributes: Attributes { axes.map { [("axes", .ints($0))] } ?? [] }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let data = try inputs.tensor(0)
            let sizes = try inputs.sizes(1)
            guard var shape = data.shape else { return [Fact(data.elementType, nil)] }
            let places = try places(rank: shape.count)
            if let sizes, sizes.count != places.count {
                throw ModelError(.invalidModel, "found \(sizes.count) sizes for \(places.count) axes")
            }
            for (index, axis) in places.enumerated() { shape[axis] = sizes?[index] ?? .unknown }
            return moved(inputs, data.elementType, shape)
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            _ = try infer(inputs.facts)
            let data = try inputs.tensor(0)
            let sizes = try inputs.integers(1)
            let places = try places(rank: data.shape.count)
            guard sizes.count == places.count, sizes.allSatisfy({ $0 >= 0 }) else {
                throw ModelError(.invalidInput, "found the sizes \(sizes), expected one for each of \(places.count) axes")
            }
            var shape = data.shape
            for (axis, size) in zip(places, sizes) { shape[axis] = size }
            var result = try Assembly(data.elementType, shape)
            let box = zip(shape, data.shape).map(min)
            guard !box.contains(0) else { return [.tensor(try result.finished())] }
            let (from, to) = (rowMajorStrides(data.shape), rowMajorStrides(shape))
            let starts = shape.indices.map { (data.shape[$0] - box[$0]) / 2 * from[$0] }
            let targets = shape.indices.map { (shape[$0] - box[$0]) / 2 * to[$0] }
            result.copy(
                data, box: box, from: starts.reduce(0, +), strides: from, to: targets.reduce(0, +), targetStrides: to)
            return [.tensor(try result.finished())]
        }

        private func places(rank: Int) throws(ModelError) -> [Int] {
            guard let axes else { return Array(0..<rank) }
            _ = try normalizedAxes(axes, rank: rank)
            return axes.map { $0 < 0 ? $0 + rank : $0 }
        }
    }
}
