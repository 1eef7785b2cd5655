public import SeptumIR
public import SeptumTensor

extension Op {
    /// Drops dimensions of size 1: the given axes, or all of them.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#Squeeze
    public struct Squeeze: PassThroughOperator {
        public static let name = "Squeeze"
        public static let inputCount = 1...2

        public init() {}
        public init(_ attributes: inout AttributeReader) throws(ModelError) {}

        public func isIdentity(_ inputs: Facts) -> Bool {
            areProvablyEqual(inputs[0]?.type.tensor?.shape, (try? infer(inputs))?.first?.type.tensor?.shape)
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let data = try inputs.tensor(0)
            guard let shape = data.shape else { return [Fact(data.elementType, nil)] }
            var axes = try inputs.integers(1).map { axes throws(ModelError) in try normalizedAxes(axes, rank: shape.count) }
            if axes == nil, inputs[1] != nil {
                let dropped = inputs.elementCount(1).flatMap { $0 <= shape.count ? shape.count - $0 : nil }
                return [Fact(data.elementType, Facts.unknownShape(dropped))]
            }
            if axes == nil, data.concreteShape != nil { axes = shape.indices.filter { shape[$0] == 1 } }
            guard let axes else { return [Fact(data.elementType, nil)] }
            for axis in axes where shape[axis].isProvablyDifferent(from: 1) {
                throw ModelError(.invalidModel, "dimension \(axis) is \(shape[axis]), expected 1", attribute: "axes")
            }
            let kept = shape.indices.filter { !axes.contains($0) }.map { shape[$0] }
            return moved(inputs, data.elementType, kept)
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let data = try inputs.tensor(0)
            guard inputs[1] != nil else { return [.tensor(try data.reshaped(data.shape.filter { $0 != 1 }))] }
            let axes = try normalizedAxes(try inputs.integers(1), rank: data.shape.count)
            for axis in axes where data.shape[axis] != 1 {
                throw ModelError(.invalidInput, "dimension \(axis) is \(data.shape[axis]), expected 1", attribute: "axes")
            }
            return [.tensor(try data.reshaped(data.shape.indices.filter { !axes.contains($0) }.map { data.shape[$0] }))]
        }
    }

    /// Inserts dimensions of size 1 at the given axes of the result.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#Unsqueeze
    public struct Unsqueeze: PassThroughOperator {
        public static let name = "Unsqueeze"
        public static let inputCount = 2...2

        public init() {}
        public init(_ attributes: inout AttributeReader) throws(ModelError) {}

        public func isIdentity(_ inputs: Facts) -> Bool { inputs.integers(1)?.isEmpty ?? false }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let data = try inputs.tensor(0)
            guard let shape = data.shape else { return [Fact(data.elementType, nil)] }
            guard let axes = inputs.integers(1) else {
                return [Fact(data.elementType, Facts.unknownShape(inputs.elementCount(1).map { shape.count + $0 }))]
            }
            return moved(inputs, data.elementType, try inserting(1, at: axes, into: shape))
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let data = try inputs.tensor(0)
            return [.tensor(try data.reshaped(try inserting(1, at: try inputs.integers(1), into: data.shape)))]
        }

        private func inserting<T>(_ one: T, at axes: [Int], into shape: [T]) throws(ModelError) -> [T] {
            var result = shape
            for axis in try normalizedAxes(axes, rank: shape.count + axes.count) { result.insert(one, at: axis) }
            return result
        }
    }
}
