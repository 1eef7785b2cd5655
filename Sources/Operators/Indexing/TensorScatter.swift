public import SeptumIR
public import SeptumTensor

extension Op {
    /// A cache with an update written along an axis, for each sample of the batch from a place of its own on.
    ///
    /// - Shape: cache `(batch, ..., size, ...)`, update `(batch, ..., length, ...)`, places `(batch)` -> that of the cache.
    /// - Element types: all.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#TensorScatter
    public struct TensorScatter: Operator {
        public static let name = "TensorScatter"
        public static let inputCount = 2...3

        /// Whether the update must fit behind its place, or goes on at the start.
        public enum Mode: String, CaseIterable, Sendable { case linear, circular }

        public var axis: Int
        public var mode: Mode

        public init(axis: Int = -2, mode: Mode = .linear) {
            self.axis = axis
            self.mode = mode
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            axis = try attributes.int("axis") ?? -2
            mode = try attributes.choice("mode") ?? .linear
        }

        public var attributes: Attributes { [("axis", .int(axis)), ("mode", .string(mode.rawValue))] }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let cache = try inputs.tensor(0)
            let update = try inputs.tensor(1, of: [cache.elementType])
            _ = try inputs.optionalTensor(2, of: [.int64])
            let places = try inputs.shape(2, rank: 1)
            guard let rank = cache.shape?.count ?? update.shape?.count else { return [Fact(cache.elementType, nil)] }
            let axis = try normalizedAxis(axis, rank: rank)
            guard axis > 0 else { throw ModelError(.invalidModel, "found the axis of the batch", attribute: "axis") }
            var shape = cache.shape ?? Facts.unknownShape(rank) ?? []
            if let given = update.shape {
                guard given.count == rank else {
                    throw ModelError(.invalidModel, "the cache has shape \(shape), the update \(given), expected equal ranks")
                }
                for index in 0..<rank where index != axis {
                    shape[index] = try sharedDimension(shape[index], given[index], "the cache and the update")
                }
                if let size = shape[axis].number, let length = given[axis].number, length > size {
                    throw ModelError(.invalidModel, "an update of \(length) does not fit a cache of \(size)")
                }
            }
            if let places { shape[0] = try sharedDimension(shape[0], places[0], "the batch and the places") }
            return [Fact(cache.elementType, shape)]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            _ = try infer(inputs.facts)
            let (cache, update) = (try inputs.tensor(0), try inputs.tensor(1))
            let places = inputs[2] == nil ? [Int](repeating: 0, count: cache.shape[0]) : try inputs.integers(2)
            let axis = try normalizedAxis(axis, rank: cache.shape.count)
            let (size, length) = (cache.shape[axis], update.shape[axis])
            for place in places where place < 0 || mode == .linear && place > size - length {
                throw ModelError(.invalidInput, "place \(place) is out of range for \(length) of \(size) elements")
            }
            var result = try Assembly(copying: cache)
            guard update.count > 0 else { return [.tensor(try result.finished())] }
            let inner = rowMajorStrides(cache.shape)[axis]
            let prefixes = cache.count / (inner * size)
            for prefix in 0..<prefixes {
                let place = places[prefix / (prefixes / cache.shape[0])]
                for step in 0..<length {
                    let target = (place % size + step) % size
                    result.copy(
                        update, from: (prefix * length + step) * inner, to: (prefix * size + target) * inner, count: inner)
                }
            }
            return [.tensor(try result.finished())]
        }
    }
}
