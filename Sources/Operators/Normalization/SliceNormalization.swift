public import SeptumIR
public import SeptumTensor

/// An operator that normalises the elements along one axis among themselves.
///
/// Element types: floats. Shape: any of rank one or more, kept.
public protocol SliceNormalization: Operator {
    var axis: Int { get }
    func normalize(_ slice: UnsafeMutableBufferPointer<Double>)
}

extension SliceNormalization {
    public static var inputCount: ClosedRange<Int> { 1...1 }
    public var attributes: Attributes { [("axis", .int(axis))] }

    public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
        let type = try inputs.commonElementType(.floats)
        let shape = try inputs.tensor(0).shape
        if let shape { _ = try normalizedAxis(axis, rank: shape.count) }
        return [Fact(type, shape)]
    }

    public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
        _ = try infer(inputs.facts)
        let x = try inputs.tensor(0)
        let map = SliceMap(x: x, axes: [try normalizedAxis(axis, rank: x.shape.count)], real: normalize)
        return [.tensor(try x.elementType.dispatch(map))]
    }
}

// Source of all: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md

extension Op {
    /// The number e to the power of each element, over their sum along an axis.
    public struct Softmax: SliceNormalization {
        public static let name = "Softmax"
        public var axis: Int
        public init(axis: Int = -1) { self.axis = axis }
        public init(_ attributes: inout AttributeReader) throws(ModelError) { axis = try attributes.int("axis") ?? -1 }

        public func normalize(_ slice: UnsafeMutableBufferPointer<Double>) {
            let largest = slice.reduce(-.infinity, Max().value)
            for index in slice.indices { slice[index] = Elementary.exp(slice[index] - largest) }
            let sum = slice.reduce(0, +)
            for index in slice.indices { slice[index] /= sum }
        }
    }

    /// The logarithm of the softmax along an axis.
    public struct LogSoftmax: SliceNormalization {
        public static let name = "LogSoftmax"
        public var axis: Int
        public init(axis: Int = -1) { self.axis = axis }
        public init(_ attributes: inout AttributeReader) throws(ModelError) { axis = try attributes.int("axis") ?? -1 }

        public func normalize(_ slice: UnsafeMutableBufferPointer<Double>) {
            let largest = slice.reduce(-.infinity, Max().value)
            for index in slice.indices { slice[index] -= largest }
            let logarithm = Elementary.log(slice.reduce(0) { $0 + Elementary.exp($1) })
            for index in slice.indices { slice[index] -= logarithm }
        }
    }

    /// One at the first of the largest elements along an axis, zero elsewhere.
    public struct Hardmax: SliceNormalization {
        public static let name = "Hardmax"
        public var axis: Int
        public init(axis: Int = -1) { self.axis = axis }
        public init(_ attributes: inout AttributeReader) throws(ModelError) { axis = try attributes.int("axis") ?? -1 }

        public func normalize(_ slice: UnsafeMutableBufferPointer<Double>) {
            let first = ArgMax().index(UnsafeBufferPointer(slice))
            for index in slice.indices { slice[index] = index == first ? 1 : 0 }
        }
    }

    /// The elements over their norm along an axis; zeros where the norm is zero.
    public struct LpNormalization: SliceNormalization {
        public static let name = "LpNormalization"
        public var axis: Int
        /// The order of the norm, 1 or 2.
        public var p: Int

        public init(axis: Int = -1, p: Int = 2) {
            self.axis = axis
            self.p = p
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            self.init(axis: try attributes.int("axis") ?? -1, p: try attributes.int("p") ?? 2)
            guard p == 1 || p == 2 else { throw ModelError(.invalidModel, "found \(p), expected 1 or 2", attribute: "p") }
        }

        public var attributes: Attributes { [("axis", .int(axis)), ("p", .int(p))] }

        public func normalize(_ slice: UnsafeMutableBufferPointer<Double>) {
            let elements = UnsafeBufferPointer(slice)
            let norm = p == 1 ? ReduceL1().value(elements) : ReduceL2().value(elements)
            for index in slice.indices { slice[index] = norm == 0 ? 0 : slice[index] / norm }
        }
    }
}
