public import SeptumIR
public import SeptumTensor

extension Op {
    /// The convolution (cross-correlation) of images with learned windows, in any number of spatial dimensions.
    ///
    /// Every element is one chain of fused multiply-adds from the bias (0 without one) over input channel, then the window's
    /// elements in row-major order. Padding counts as zeros that take part in the chain.
    ///
    /// - Shape: `(n, c, spatial...), (m, c / group, window...), (m) -> (n, m, spatial...)`
    /// - Element types: floating point.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#Conv
    public struct Conv: Operator {
        public static let name = "Conv"
        public static let inputCount = 2...3

        public var window: Window
        public var group: Int

        public init(_ window: Window = Window(), group: Int = 1) {
            self.window = window
            self.group = group
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            window = try Window(&attributes, isPooling: false)
            group = try attributes.int("group") ?? 1
        }

        public var attributes: Attributes { window.attributes + [("group", .int(group))] }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let type = try inputs.tensor(0, of: ElementType.arithmeticFloats).elementType
            _ = try inputs.tensor(1, of: [type])
            _ = try inputs.optionalTensor(2, of: [type])
            return [Fact(type, try convolutionShape(inputs, window, group: group, bias: 2))]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let shape = try outputShapes(inputs)[0]
            if let results = try evaluatedInFloat32(inputs) { return results }
            let (x, w, bias) = (try inputs.tensor(0), try inputs.tensor(1), inputs.optionalTensor(2))
            return switch x.elementType {
            case .float32: [.tensor(try convolution(x, w, bias, window, group: group, shape, of: Float.self))]
            case .float64: [.tensor(try convolution(x, w, bias, window, group: group, shape, of: Double.self))]
            default: throw unexpected(x.elementType)
            }
        }
    }
}

/// The shape of a convolution of input 0 with the weights of input 1; nil when no rank is known.
///
/// - Throws: `invalidModel` when shapes or attributes do not fit.
func convolutionShape(
    _ inputs: Facts, _ window: Window, group: Int, bias: Int
) throws(ModelError) -> [Dimension]? {
    guard group >= 1 else { throw ModelError(.invalidModel, "found \(group), expected at least 1", attribute: "group") }
    guard let x = try inputs.tensor(0).shape else { return nil }
    guard x.count >= 3 else {
        throw ModelError(.invalidModel, "input 0 has rank \(x.count), expected batch, channel and spatial dimensions")
    }
    let kernelShape =
        window.kernel.isEmpty ? [Dimension](repeating: .unknown, count: x.count - 2) : window.kernel.map(Dimension.fixed)
    guard kernelShape.count == x.count - 2 else {
        throw ModelError(.invalidModel, "found \(window.kernel), expected \(x.count - 2) values", attribute: "kernel_shape")
    }
    let w = try inputs.shape(1, rank: x.count) ?? [.unknown, .unknown] + kernelShape
    _ = try sharedDimension(x[1], w[1] * .fixed(group), "the channels of the image and of the weights")
    if let maps = w[0].number, maps % group != 0 {
        throw ModelError(.invalidModel, "\(maps) output channels cannot be divided into \(group) groups", attribute: "group")
    }
    var maps = w[0]
    if let bias = try inputs.shape(bias, rank: 1) { maps = try sharedDimension(maps, bias[0], "the bias") }
    var kernel: [Dimension] = []
    for (given, found) in zip(kernelShape, w.dropFirst(2)) {
        kernel.append(try sharedDimension(given, found, "kernel_shape and the weights"))
    }
    return [x[0], maps] + (try window.outputShape(Array(x.dropFirst(2)), kernel: kernel))
}

/// The convolution of tensors whose shapes give `shape` by the type rule.
func convolution<T: ChainScalar>(
    _ x: Tensor, _ w: Tensor, _ bias: Tensor?, _ window: Window, group: Int, _ shape: [Int], of type: T.Type
) throws(ModelError) -> Tensor {
    let sliding = try Sliding(
        window, input: Array(x.shape.dropFirst(2)), kernel: Array(w.shape.dropFirst(2)), output: Array(shape.dropFirst(2)))
    let kernelCount = w.shape.dropFirst(2).reduce(1, &*)
    let (channels, maps) = (w.shape[1], w.shape[0] / group)
    let (inputCount, outputCount) = (sliding.inputCount, sliding.outputCount)
    return try withElements([x, w, bias], of: type) { (buffers) throws(ModelError) in
        try Tensor(shape) { (target: UnsafeMutableBufferPointer<T>) in
            guard !target.isEmpty, let x = buffers[0], let w = buffers[1] else { return }
            let bias = buffers[2]
            var patch = [T](repeating: 0, count: channels * kernelCount)
            for position in 0..<outputCount {
                let taps = w.isEmpty ? [] : sliding.taps(at: sliding.position(position))
                for image in 0..<shape[0] * group {
                    for channel in 0..<channels {
                        let start = (image * channels + channel) * inputCount
                        for tap in taps { patch[channel * kernelCount + tap.kernel] = x[start + tap.input] }
                    }
                    for map in 0..<maps {
                        let output = image % group * maps + map
                        var sum = bias?[output] ?? 0
                        for index in patch.indices { sum = sum.adding(patch[index], times: w[output * patch.count + index]) }
                        target[(image * maps + map) * outputCount + position] = sum
                    }
                }
                for index in patch.indices { patch[index] = 0 }
            }
        }
    }
}
