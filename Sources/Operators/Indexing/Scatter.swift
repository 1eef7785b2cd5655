public import SeptumIR
public import SeptumTensor

extension Op {
    /// A copy of the data with updates put, or combined, at places given along an axis.
    ///
    /// Updates are applied in row-major order, so that of several at one place the last one stays.
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#ScatterElements
    public struct ScatterElements: Operator {
        public static let name = "ScatterElements"
        public static let inputCount = 3...3

        public var axis: Int
        public var reduction: ScatterReduction

        public init(axis: Int = 0, reduction: ScatterReduction = .none) {
            self.axis = axis
            self.reduction = reduction
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            axis = try attributes.int("axis") ?? 0
            reduction = try attributes.choice("reduction") ?? .none
        }

        public var attributes: Attributes { [("axis", .int(axis)), ("reduction", .string(reduction.rawValue))] }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let (data, indices) = (try inputs.tensor(0), try inputs.tensor(1))
            let updates = try inputs.tensor(2)
            guard data.elementType == updates.elementType else {
                throw ModelError(.invalidModel, "the updates are \(updates.elementType), the data \(data.elementType)")
            }
            let ranks = [data, indices, updates].compactMap { $0.shape?.count }
            guard Set(ranks).count < 2 else { throw ModelError(.invalidModel, "the inputs have ranks \(ranks)") }
            if let rank = ranks.first { _ = try normalizedAxis(axis, rank: rank) }
            _ = try reduction.combine(data.elementType)
            return reduction == .none
                ? moved(inputs, data.elementType, data.shape, data: [0, 2]) : [Fact(data.elementType, data.shape)]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let (data, indices, updates) = (try inputs.tensor(0), try inputs.tensor(1), try inputs.tensor(2))
            let combine = try reduction.combine(data.elementType)
            guard updates.elementType == data.elementType, updates.shape == indices.shape else {
                throw ModelError(
                    .invalidInput, "updates \(updates.elementType)\(updates.shape) do not fit indices of shape \(indices.shape)")
            }
            let places = try data.places(of: try inputs.integers(1), shape: indices.shape, axis: axis)
            var result = try Assembly(copying: data)
            for (position, place) in places.enumerated() {
                result.scatter(updates, from: position, to: place, count: 1, combine)
            }
            return [.tensor(try result.finished())]
        }
    }

    /// A copy of the data with slices put, or combined, at places given by index tuples.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#ScatterND
    public struct ScatterND: Operator {
        public static let name = "ScatterND"
        public static let inputCount = 3...3

        public var reduction: ScatterReduction

        public init(reduction: ScatterReduction = .none) { self.reduction = reduction }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            reduction = try attributes.choice("reduction") ?? .none
        }

        public var attributes: Attributes { [("reduction", .string(reduction.rawValue))] }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let (data, indices) = (try inputs.tensor(0), try inputs.tensor(1))
            let updates = try inputs.tensor(2)
            guard data.elementType == updates.elementType else {
                throw ModelError(.invalidModel, "the updates are \(updates.elementType), the data \(data.elementType)")
            }
            if let rank = data.shape?.count, let tuples = indices.shape {
                guard rank > 0, !tuples.isEmpty, (tuples.last?.number ?? 0) <= rank else {
                    throw ModelError(.invalidModel, "indices \(indices) do not fit data of rank \(rank)")
                }
            }
            _ = try reduction.combine(data.elementType)
            return reduction == .none
                ? moved(inputs, data.elementType, data.shape, data: [0, 2]) : [Fact(data.elementType, data.shape)]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let (data, indices, updates) = (try inputs.tensor(0), try inputs.tensor(1), try inputs.tensor(2))
            let combine = try reduction.combine(data.elementType)
            guard !data.shape.isEmpty, let width = indices.shape.last, width <= data.shape.count else {
                throw ModelError(.invalidInput, "indices of shape \(indices.shape) do not fit data of shape \(data.shape)")
            }
            let item = Array(data.shape[width...])
            guard updates.elementType == data.elementType, updates.shape == indices.shape.dropLast() + item else {
                throw ModelError(
                    .invalidInput,
                    "found updates \(updates.elementType)\(updates.shape), expected shape \(indices.shape.dropLast() + item)")
            }
            var result = try Assembly(copying: data)
            let places = try tuplePlaces(try inputs.integers(1), width: width, Array(data.shape[..<width]))
            guard updates.count > 0 else { return [.tensor(try result.finished())] }
            let size = try Tensor.elementCount(item)
            for row in 0..<updates.count / size {
                let place = width == 0 ? 0 : places[row]
                result.scatter(updates, from: row * size, to: place * size, count: size, combine)
            }
            return [.tensor(try result.finished())]
        }
    }
}
