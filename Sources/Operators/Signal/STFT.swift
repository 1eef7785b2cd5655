public import SeptumIR
public import SeptumTensor

extension Op {
    /// The Fourier transforms of the frames of signals, each weighed by a window; computed in float64 and rounded once.
    ///
    /// The last axis holds the real part, or real and imaginary part; as in ONNX Runtime it may be left out of real signals.
    /// A onesided transform gives the frequencies up to half the frame's length.
    ///
    /// - Shape: `(batch, n, 1 or 2), (), (length), () -> (batch, (n - length) / step + 1, length, 2)`
    /// - Element types: floating point; step and length integers.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#STFT
    public struct STFT: Operator {
        public static let name = "STFT"
        public static let inputCount = 2...4

        public var isOnesided: Bool

        public init(isOnesided: Bool = true) { self.isOnesided = isOnesided }
        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            isOnesided = try attributes.bool("onesided") ?? true
        }
        public var attributes: Attributes { [("onesided", .int(isOnesided ? 1 : 0))] }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let type = try inputs.tensor(0, of: ElementType.arithmeticFloats)
            _ = try inputs.tensor(1)
            let step = try inputs.scalar(1, atLeast: 1)
            _ = try inputs.optionalTensor(2, of: [type.elementType])
            if let rank = type.shape?.count, rank != 2, rank != 3 {
                throw ModelError(.invalidModel, "input 0 has rank \(rank), expected batch, signal, and the parts of a number")
            }
            if let shape = type.shape, shape.count == 3, let parts = shape[2].number, parts != 1, parts != 2 {
                throw ModelError(.invalidModel, "input 0 is \(type), expected signals whose last axis has size 1 or 2")
            }
            var length = try inputs.scalar(3, atLeast: 1)
            if let window = try inputs.shape(2, rank: 1) {
                length = inputs[3] == nil ? window[0] : try sharedDimension(length, window[0], "the window and the frame")
            } else if inputs[2] == nil, inputs[3] == nil {
                length = type.shape?[1] ?? .unknown
            }
            let room = (type.shape?[1] ?? .unknown) - length
            for (number, least) in [(length.number, 1), (room.number, 0)] {
                guard let number, number < least else { continue }
                throw ModelError(.invalidModel, "frames of length \(length) do not fit signals of type \(type)")
            }
            let frames = room.dividedRoundingDown(by: step) + 1
            let bins = isOnesided ? length.dividedRoundingDown(by: 2) + 1 : length
            return [Fact(type.elementType, [type.shape?[0] ?? .unknown, frames, bins, 2])]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let shape = try outputShapes(inputs)[0]
            let (x, step) = (try inputs.tensor(0), try inputs.scalar(1))
            let window = try inputs.optionalTensor(2)?.doubles
            let length = inputs[3] == nil ? window?.count ?? x.shape[1] : try inputs.scalar(3)
            let transform = try FourierTransform(length)
            let width = x.shape.count == 3 ? x.shape[2] : 1
            let signals = try x.doubles
            let (frames, bins) = (shape[1], shape[2])
            let result = try Tensor(shape) { (target: UnsafeMutableBufferPointer<Double>) in
                for batch in 0..<shape[0] {
                    for frame in 0..<frames {
                        let points = (0..<length).map { index in
                            let start = (batch * x.shape[1] + frame * step + index) * width
                            let weight = window?[index] ?? 1
                            return Complex(weight * signals[start], width == 2 ? weight * signals[start + 1] : 0)
                        }
                        for (bin, point) in transform(points).prefix(bins).enumerated() {
                            let place = ((batch * frames + frame) * bins + bin) * 2
                            (target[place], target[place + 1]) = (point.real, point.imaginary)
                        }
                    }
                }
            }
            return [.tensor(try result.converted(to: x.elementType))]
        }
    }
}
