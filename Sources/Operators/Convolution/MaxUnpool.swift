public import SeptumIR
public import SeptumTensor

extension Op {
    /// Elements put back where the largest of each window was, zeros elsewhere; of several for one place the last one stays.
    ///
    /// Inputs: elements, their row-major indices, and the shape of the output. The indices refer to the shape that window,
    /// strides and pads give, which is the first corner of a larger output, as the specification's own cases have it.
    ///
    /// - Shape: `(n, c, spatial...), (n, c, spatial...), (r + 2) -> (n, c, spatial...)`
    /// - Element types: floating point; indices int64.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/onnx/reference/ops/op_max_unpool.py
    public struct MaxUnpool: Operator {
        public static let name = "MaxUnpool"
        public static let inputCount = 2...3

        /// Kernel, strides and pads.
        public var window: Window

        public init(_ window: Window) { self.window = window }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            window = Window(
                kernel: try AttributeReader.require(try attributes.ints("kernel_shape"), "kernel_shape"),
                strides: try attributes.ints("strides") ?? [], pads: try attributes.ints("pads") ?? [])
        }

        public var attributes: Attributes { window.attributes }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let type = try inputs.tensor(0, of: ElementType.arithmeticFloats)
            _ = try inputs.tensor(1, of: [.int64])
            let rank = window.kernel.count + 2
            let axes = try window.axes(rank - 2)
            let (data, indices) = (try inputs.shape(0, rank: rank), try inputs.shape(1, rank: rank))
            var shape = [Dimension](repeating: .unknown, count: rank)
            for axis in 0..<rank {
                let (own, other) = (data?[axis] ?? .unknown, indices?[axis] ?? .unknown)
                shape[axis] = try sharedDimension(own, other, "axis \(axis) of elements and indices")
            }
            for (index, axis) in axes.enumerated() {
                let size = (shape[index + 2] - 1) * .fixed(axis.stride) + .fixed(window.kernel[index])
                shape[index + 2] = size - .fixed(axis.padBefore) - .fixed(axis.padAfter)
                if let number = shape[index + 2].number, number < 0 {
                    throw ModelError(.invalidModel, "axis \(index + 2) of the output would have size \(number)")
                }
            }
            guard inputs[2] != nil else { return [Fact(type.elementType, shape)] }
            guard let larger = try inputs.sizes(2) else { return [Fact(type.elementType, Facts.unknownShape(rank))] }
            guard larger.count == rank, zip(larger, shape).allSatisfy({ $0.provableOrder(to: $1).isLess != true }) else {
                throw ModelError(.invalidModel, "input 2 asks for shape \(larger), expected at least \(shape)")
            }
            return [Fact(type.elementType, larger)]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let shape = try outputShapes(inputs)[0]
            let x = try inputs.tensor(0)
            let corner = try outputShapes(Arguments([inputs[0], inputs[1]]))[0]
            let count = try Tensor.elementCount(corner)
            guard zip(corner, shape).allSatisfy({ $0 <= $1 }) else {
                throw ModelError(.invalidInput, "input 2 asks for shape \(shape), expected at least \(corner)")
            }
            var result = try Assembly(x.elementType, shape)
            let strides = rowMajorStrides(shape)
            for (place, index) in try inputs.integers(1).enumerated() {
                guard index >= 0, index < count else {
                    throw ModelError(.invalidInput, "index \(index) is out of range for \(count) elements")
                }
                var (rest, target) = (index, 0)
                for axis in corner.indices.reversed() {
                    target += rest % corner[axis] * strides[axis]
                    rest /= corner[axis]
                }
                result.copy(x, from: place, to: target)
            }
            return [.tensor(try result.finished())]
        }
    }
}
