public import SeptumIR
public import SeptumTensor

extension Op {
    /// The convolution of 8-bit integers less their zero points, wrapping in int32; padding counts as zero points.
    ///
    /// - Shape: `(n, c, spatial...), (m, c / group, window...) -> (n, m, spatial...)`. The zero point of the image is single,
    ///   that of the weights single or one for each output channel `(m)`.
    /// - Element types: int8 and uint8 -> int32.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#ConvInteger
    public struct ConvInteger: Operator {
        public static let name = "ConvInteger"
        public static let inputCount = 2...4

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
            let x = try inputs.tensor(0, of: [.int8, .uint8])
            let w = try inputs.tensor(1, of: [.int8, .uint8])
            _ = try inputs.optionalTensor(2, of: [x.elementType])
            _ = try inputs.optionalTensor(3, of: [w.elementType])
            return [Fact(.int32, try convolutionShape(Facts([inputs[0], inputs[1]]), window, group: group, bias: 2))]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let shape = try outputShapes(inputs)[0]
            let x = try subtractingZeroPoint(try inputs.tensor(0), try inputs.optionalTensor(2)?.asScalar("the zero point"))
            let w = try inputs.tensor(1)
            let weights = try subtractingZeroPoint(w, try inputs.optionalTensor(3)?.perChannel(of: w, "the zero point"))
            return [.tensor(try convolution(x, weights, nil, window, group: group, shape, of: Int32.self))]
        }
    }
}

extension Tensor {
    /// The only element as a scalar.
    ///
    /// - Throws: `invalidInput` when there is another number of elements.
    func asScalar(_ what: String) throws(ModelError) -> Tensor {
        guard count == 1 else { throw ModelError(.invalidInput, "\(what) has shape \(shape), expected one element") }
        return try reshaped([])
    }

    /// One element for each output channel of convolution weights, in a shape that broadcasts to them; a single one as a scalar.
    ///
    /// - Throws: `invalidInput` when the shape does not fit.
    func perChannel(of weights: Tensor, _ what: String) throws(ModelError) -> Tensor {
        if count == 1 { return try reshaped([]) }
        guard shape == [weights.shape[0]] else {
            throw ModelError(.invalidInput, "\(what) has shape \(shape), expected one element or \(weights.shape[0])")
        }
        return try reshaped([count] + [Int](repeating: 1, count: weights.shape.count - 1))
    }
}
