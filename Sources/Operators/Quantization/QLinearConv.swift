public import SeptumIR
public import SeptumTensor

extension Op {
    /// The convolution of quantized images with quantized weights, quantized again.
    ///
    /// Inputs: image, its scale, its zero point, weights, theirs, scale and zero point of the output, bias. Sums wrap in int32;
    /// each is multiplied in float32 by `scale of image * scale of weights / scale of output`, rounded half to even, moved by the
    /// zero point and kept within the range of the type.
    ///
    /// - Shape: `(n, c, spatial...), (m, c / group, window...), (m) -> (n, m, spatial...)`. Scales and zero points are single,
    ///   those of the weights single or one for each output channel `(m)`.
    /// - Element types: int8 and uint8, bias int32, scales float32.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#QLinearConv
    public struct QLinearConv: Operator {
        public static let name = "QLinearConv"
        public static let inputCount = 8...9

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
            for index in [0, 3] {
                let type = try inputs.tensor(index, of: [.int8, .uint8]).elementType
                _ = try inputs.tensor(index + 2, of: [type])
            }
            for index in [1, 4, 6] { _ = try inputs.tensor(index, of: [.float32]) }
            let type = try inputs.tensor(7, of: [.int8, .uint8]).elementType
            _ = try inputs.optionalTensor(8, of: [.int32])
            let operands = Facts([inputs[0], inputs[3], inputs[8]])
            return [Fact(type, try convolutionShape(operands, window, group: group, bias: 2))]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let shape = try outputShapes(inputs)[0]
            let w = try inputs.tensor(3)
            let x = try subtractingZeroPoint(try inputs.tensor(0), try inputs.tensor(2).asScalar("the zero point"))
            let weights = try subtractingZeroPoint(w, try inputs.tensor(5).perChannel(of: w, "the zero point of the weights"))
            let sums = try convolution(
                x, weights, inputs.optionalTensor(8), window, group: group, shape, of: Int32.self)
            let image = try inputs.tensor(1).asScalar("the scale")
            let channels = try inputs.tensor(4).perChannel(of: w, "the scale of the weights")
            let scales = try channels.shape.isEmpty ? channels : channels.reshaped(Array(channels.shape.dropLast()))
            let factor = try zipElements(image, scales) { (a: Float, b: Float) in a * b }
            return [.tensor(try requantized(sums, factor, scale: try inputs.tensor(6), zero: try inputs.tensor(7)))]
        }
    }
}

/// Sums times a factor that broadcasts to them, over a scale, rounded half to even, moved by a zero point, as its type.
///
/// - Throws: `invalidInput` when the scale or the zero point is not single, or the factor does not broadcast.
func requantized(_ sums: Tensor, _ factor: Tensor, scale: Tensor, zero: Tensor) throws(ModelError) -> Tensor {
    guard try broadcastShape(sums.shape, factor.shape) == sums.shape else {
        throw ModelError(.invalidInput, "scales of shape \(factor.shape) do not fit an output of shape \(sums.shape)")
    }
    let multiplier = try zipElements(factor, try scale.asScalar("the scale of the output")) { (a: Float, b: Float) in a / b }
    let type = zero.elementType
    let offset = try zero.asScalar("the zero point of the output").converted(to: .float32).array(of: Float.self)[0]
    let products = try zipElements(try sums.converted(to: .float32), multiplier) { (a: Float, b: Float) in a * b }
    let moved =
        type.isInteger
        ? try mapElements(products) { (x: Float) in x.rounded(.toNearestOrEven) + offset }
        : try mapElements(products) { (x: Float) in x + offset }
    return try moved.converted(to: type)
}
