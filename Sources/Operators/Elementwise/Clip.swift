public import SeptumIR
public import SeptumTensor

extension Op {
    /// The elements, but none below the second input nor above the third; NaN stays NaN.
    ///
    /// Shape: any, scalar, scalar -> that of the first. Where the bounds cross, the upper one counts.
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#Clip
    public struct Clip: PlainOperator {
        public static let name = "Clip"
        public static let inputCount = 1...3

        public init() {}

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let type = try inputs.commonElementType(.numbers)
            for index in [1, 2] where inputs[index] != nil {
                guard let shape = try inputs.tensor(index).concreteShape, shape.contains(where: { $0 != 1 }) else { continue }
                throw ModelError(.invalidModel, "input \(index) has shape \(shape), expected a scalar")
            }
            var elements = inputs[0]?.elements
            if inputs[1] != nil { elements = bounded(elements, inputs[1], Dimension.maximum) }
            if inputs[2] != nil { elements = bounded(elements, inputs[2], Dimension.minimum) }
            return [Fact(type, try inputs.tensor(0).shape).following(elements)]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let type = try inputs.facts.commonElementType(.numbers)
            var x = try inputs.tensor(0)
            if let lower = try scalar(inputs, 1) {
                let (max, least) = (Max(), lower)
                x = try type.dispatch(BinaryVisitor(a: x, b: least, real: max.value, signed: max.value, unsigned: max.value))
            }
            if let upper = try scalar(inputs, 2) {
                let min = Min()
                x = try type.dispatch(BinaryVisitor(a: x, b: upper, real: min.value, signed: min.value, unsigned: min.value))
            }
            return [.tensor(x)]
        }

        private func scalar(_ inputs: Arguments, _ index: Int) throws(ModelError) -> Tensor? {
            guard let bound = inputs.optionalTensor(index) else { return nil }
            guard bound.count == 1 else {
                throw ModelError(.invalidInput, "input \(index) has shape \(bound.shape), expected a scalar")
            }
            return try bound.reshaped([])
        }

        private func bounded(
            _ elements: [Dimension]?, _ bound: Fact?, _ function: (Dimension, Dimension) -> Dimension
        ) -> [Dimension]? {
            guard let elements, let bound = bound?.elements, bound.count == 1 else { return nil }
            return elements.map { function($0, bound[0]) }
        }
    }
}
