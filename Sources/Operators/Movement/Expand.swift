public import SeptumIR
public import SeptumTensor

extension Op {
    /// Broadcasts a tensor with the shape given as the second input.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#Expand
    public struct Expand: PassThroughOperator {
        public static let name = "Expand"
        public static let inputCount = 2...2

        public init() {}
        public init(_ attributes: inout AttributeReader) throws(ModelError) {}

        public func isIdentity(_ inputs: Facts) -> Bool {
            areProvablyEqual(inputs[0]?.type.tensor?.shape, (try? infer(inputs))?.first?.type.tensor?.shape)
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let data = try inputs.tensor(0)
            let target = inputs.elements(1) ?? Facts.unknownShape(inputs.elementCount(1))
            return moved(inputs, data.elementType, try broadcastShape([data.shape, target]))
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let data = try inputs.tensor(0)
            let shape = try broadcastShape(data.shape, try inputs.integers(1))
            return [.tensor(try data.strided(shape, broadcastStrides(data.shape, to: shape)))]
        }
    }

    /// Repeats a tensor along each axis.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#Tile
    public struct Tile: PassThroughOperator {
        public static let name = "Tile"
        public static let inputCount = 2...2

        public init() {}
        public init(_ attributes: inout AttributeReader) throws(ModelError) {}

        public func isIdentity(_ inputs: Facts) -> Bool { inputs.integers(1)?.allSatisfy { $0 == 1 } ?? false }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let data = try inputs.tensor(0)
            guard let shape = data.shape else { return [Fact(data.elementType, nil)] }
            guard let repeats = inputs.elements(1) else { return [Fact(data.elementType, Facts.unknownShape(shape.count))] }
            guard repeats.count == shape.count, repeats.allSatisfy({ ($0.number ?? 0) >= 0 }) else {
                throw ModelError(.invalidModel, "found repeats \(repeats) for rank \(shape.count)")
            }
            return moved(inputs, data.elementType, zip(shape, repeats).map { $0 * $1 })
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let data = try inputs.tensor(0)
            let repeats = try inputs.integers(1)
            guard repeats.count == data.shape.count, repeats.allSatisfy({ $0 >= 0 }) else {
                throw ModelError(.invalidInput, "found repeats \(repeats) for shape \(data.shape)")
            }
            let strides = rowMajorStrides(data.shape)
            var (shape, box, steps): ([Int], [Int], [Int]) = ([], [], [])
            for (axis, count) in repeats.enumerated() {
                shape.append(try Tensor.elementCount([count, data.shape[axis]]))
                box += [count, data.shape[axis]]
                steps += [0, strides[axis]]
            }
            return [.tensor(try data.strided(box, steps).reshaped(shape))]
        }
    }
}
