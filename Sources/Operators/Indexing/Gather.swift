public import SeptumIR
public import SeptumTensor

extension Op {
    /// Slices of a tensor at given places along an axis.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#Gather
    public struct Gather: Operator {
        public static let name = "Gather"
        public static let inputCount = 2...2

        public var axis: Int

        public init(axis: Int = 0) { self.axis = axis }
        public init(_ attributes: inout AttributeReader) throws(ModelError) { axis = try attributes.int("axis") ?? 0 }
        public var attributes: Attributes { [("axis", .int(axis))] }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let (data, indices) = (try inputs.tensor(0), try inputs.tensor(1))
            guard let shape = data.shape else { return [Fact(data.elementType, nil)] }
            let axis = try normalizedAxis(axis, rank: shape.count)
            if let size = shape[axis].number {
                for index in inputs.integers(1) ?? [] { _ = try normalizedIndex(index, size: size) }
            }
            guard let taken = indices.shape else { return [Fact(data.elementType, nil)] }
            return moved(inputs, data.elementType, Array(shape[..<axis]) + taken + Array(shape[(axis + 1)...]))
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let (data, indices) = (try inputs.tensor(0), try inputs.tensor(1))
            let axis = try normalizedAxis(axis, rank: data.shape.count)
            return [.tensor(try data.taking(try inputs.integers(1), shape: indices.shape, axis: axis))]
        }
    }

    /// Elements of a tensor whose place along an axis is given for each element of the result.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#GatherElements
    public struct GatherElements: Operator {
        public static let name = "GatherElements"
        public static let inputCount = 2...2

        public var axis: Int

        public init(axis: Int = 0) { self.axis = axis }
        public init(_ attributes: inout AttributeReader) throws(ModelError) { axis = try attributes.int("axis") ?? 0 }
        public var attributes: Attributes { [("axis", .int(axis))] }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let (data, indices) = (try inputs.tensor(0), try inputs.tensor(1))
            if let rank = (data.shape ?? indices.shape)?.count { _ = try normalizedAxis(axis, rank: rank) }
            if let a = data.shape?.count, let b = indices.shape?.count, a != b {
                throw ModelError(.invalidModel, "the data has rank \(a), the indices \(b)")
            }
            return moved(inputs, data.elementType, indices.shape)
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let (data, indices) = (try inputs.tensor(0), try inputs.tensor(1))
            var result = try Assembly(data.elementType, indices.shape)
            let places = try data.places(of: try inputs.integers(1), shape: indices.shape, axis: axis)
            for (target, place) in places.enumerated() { result.copy(data, from: place, to: target) }
            return [.tensor(try result.finished())]
        }
    }

    /// Slices of a tensor at places given by index tuples.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#GatherND
    public struct GatherND: Operator {
        public static let name = "GatherND"
        public static let inputCount = 2...2

        /// Leading axes that data and indices share.
        public var batchAxisCount: Int

        public init(batchAxisCount: Int = 0) { self.batchAxisCount = batchAxisCount }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            batchAxisCount = try attributes.int("batch_dims") ?? 0
        }

        public var attributes: Attributes { [("batch_dims", .int(batchAxisCount))] }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let (data, indices) = (try inputs.tensor(0), try inputs.tensor(1))
            guard let shape = data.shape, let tuples = indices.shape, let width = tuples.last?.number else {
                return [Fact(data.elementType, nil)]
            }
            try check(shape.count, tuples.count, width)
            return moved(inputs, data.elementType, Array(tuples.dropLast()) + Array(shape[(batchAxisCount + width)...]))
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let (data, tuples) = (try inputs.tensor(0), try inputs.tensor(1).shape)
            let width = tuples.last ?? 0
            try check(data.shape.count, tuples.count, width)
            let batch = data.shape[..<batchAxisCount]
            guard batch == tuples[..<batchAxisCount] else {
                throw ModelError(.invalidInput, "shapes \(data.shape) and \(tuples) differ in the first \(batchAxisCount) axes")
            }
            let item = Array(data.shape[(batchAxisCount + width)...])
            var result = try Assembly(data.elementType, tuples.dropLast() + item)
            let indexed = Array(data.shape[batchAxisCount..<batchAxisCount + width])
            let places = try tuplePlaces(try inputs.integers(1), width: width, indexed)
            guard result.count > 0 else { return [.tensor(try result.finished())] }
            let size = try Tensor.elementCount(item)
            let batches = try Tensor.elementCount(Array(batch))
            let each = places.count / batches
            let span = data.count / batches
            for (row, place) in places.enumerated() {
                result.copy(data, from: row / each * span + place * size, to: row * size, count: size)
            }
            return [.tensor(try result.finished())]
        }

        private func check(_ rank: Int, _ indexRank: Int, _ width: Int) throws(ModelError) {
            guard rank > 0, indexRank > 0, batchAxisCount >= 0, batchAxisCount < min(rank, indexRank) else {
                throw ModelError(
                    .invalidModel, "found \(batchAxisCount) for data of rank \(rank) and indices of rank \(indexRank)",
                    attribute: "batch_dims")
            }
            guard width > 0, width <= rank - batchAxisCount else {
                throw ModelError(.invalidModel, "index tuples have \(width) numbers, the data has \(rank - batchAxisCount) axes")
            }
        }
    }
}

/// The row-major places of index tuples in a shape.
///
/// - Throws: `invalidInput` when an index is out of range.
package func tuplePlaces(_ indices: [Int], width: Int, _ shape: [Int]) throws(ModelError) -> [Int] {
    var places: [Int] = []
    guard width > 0 else { return Array(repeating: 0, count: indices.count) }
    places.reserveCapacity(indices.count / width)
    for start in stride(from: 0, to: indices.count - width + 1, by: width) {
        var place = 0
        for axis in 0..<width {
            place = place &* shape[axis] &+ (try normalizedIndex(indices[start + axis], size: shape[axis]))
        }
        places.append(place)
    }
    return places
}

extension Tensor {
    /// For each index its place in this tensor: its own position, but for the axis, where it says the place.
    ///
    /// - Throws: `invalidInput` when an index is out of range or the shapes do not fit.
    package func places(of indices: [Int], shape other: [Int], axis: Int) throws(ModelError) -> [Int] {
        let axis = try normalizedAxis(axis, rank: shape.count)
        guard other.count == shape.count, other.indices.allSatisfy({ $0 == axis || other[$0] <= shape[$0] }) else {
            throw ModelError(.invalidInput, "indices of shape \(other) do not fit data of shape \(shape)")
        }
        var strides = rowMajorStrides(shape)
        let step = strides[axis]
        strides[axis] = 0
        var places: [Int] = []
        places.reserveCapacity(indices.count)
        for (offset, index) in zip(Strided(other, strides), indices) {
            places.append(offset + (try normalizedIndex(index, size: shape[axis])) * step)
        }
        return places
    }
}
