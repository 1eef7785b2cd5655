public import SeptumIR
public import SeptumTensor

extension Op {
    /// The discrete Fourier transform along one axis, or its inverse; computed in float64 and rounded once.
    ///
    /// The last axis holds the real part, or real and imaginary part. `dft_length` cuts the signal or extends it by zeros. The
    /// forward onesided transform gives the frequencies up to half the length, also of complex signals, as ONNX's reference
    /// implementation does; the inverse one takes these and gives a real signal.
    ///
    /// - Shape: `(d0, ..., dn, 1 or 2) -> (d0, ..., dn, 2)`, but for the axis; inverse and onesided `-> (d0, ..., dn, 1)`.
    /// - Element types: floating point; length and axis integers.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#DFT
    public struct DFT: Operator {
        public static let name = "DFT"
        public static let inputCount = 1...3

        public var isInverse: Bool
        public var isOnesided: Bool

        public init(isInverse: Bool = false, isOnesided: Bool = false) {
            self.isInverse = isInverse
            self.isOnesided = isOnesided
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            isInverse = try attributes.bool("inverse") ?? false
            isOnesided = try attributes.bool("onesided") ?? false
        }

        public var attributes: Attributes { [("inverse", .int(isInverse ? 1 : 0)), ("onesided", .int(isOnesided ? 1 : 0))] }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let type = try inputs.tensor(0, of: ElementType.arithmeticFloats)
            var length = try inputs.scalar(1, atLeast: 1)
            let axis = inputs[2] == nil ? -2 : try inputs.scalar(2)
            guard var shape = type.shape else { return [Fact(type.elementType, nil)] }
            let last = shape.count - 1
            guard last >= 1, shape[last].number.map({ $0 == 1 || $0 == 2 }) ?? true else {
                throw ModelError(.invalidModel, "input 0 is \(type), expected signals whose last axis has size 1 or 2")
            }
            shape[last] = isInverse && isOnesided ? 1 : 2
            guard let axis = axis.number else {
                if inputs[1] == nil, !isOnesided { return [Fact(type.elementType, shape)] }
                return [Fact(type.elementType, [Dimension](repeating: .unknown, count: last) + [shape[last]])]
            }
            let place = try signalAxis(axis, rank: shape.count)
            if inputs[1] == nil { length = isInverse && isOnesided ? 2 * (shape[place] - 1) : shape[place] }
            if let number = length.number, number < 1 {
                throw ModelError(.invalidModel, "axis \(place) of input 0 is \(shape[place]), too short for a transform")
            }
            shape[place] = isOnesided && !isInverse ? length.dividedRoundingDown(by: 2) + 1 : length
            return [Fact(type.elementType, shape)]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let shape = try outputShapes(inputs)[0]
            let x = try inputs.tensor(0)
            let axis = try signalAxis(inputs[2] == nil ? -2 : try inputs.scalar(2), rank: x.shape.count)
            var length = isInverse && isOnesided ? 2 * (x.shape[axis] - 1) : x.shape[axis]
            if inputs[1] != nil { length = try inputs.scalar(1) }
            guard !shape.contains(0) else { return [.tensor(try Tensor(zeros: x.elementType, shape))] }
            let transform = try FourierTransform(length)
            let (count, width) = (x.shape[axis], x.shape[shape.count - 1])
            let (size, outputWidth) = (shape[axis], shape[shape.count - 1])
            let lines = shape[(axis + 1)..<(shape.count - 1)].reduce(1, &*)
            let signals = try x.doubles
            let result = try Tensor(shape) { (target: UnsafeMutableBufferPointer<Double>) in
                for outer in 0..<target.count / (size * lines * outputWidth) {
                    for line in 0..<lines {
                        let points = (0..<min(count, length)).map { index in
                            let start = ((outer * count + index) * lines + line) * width
                            return Complex(signals[start], width == 2 ? signals[start + 1] : 0)
                        }
                        for (index, point) in transformed(points, transform).prefix(size).enumerated() {
                            let start = ((outer * size + index) * lines + line) * outputWidth
                            target[start] = point.real
                            if outputWidth == 2 { target[start + 1] = point.imaginary }
                        }
                    }
                }
            }
            return [.tensor(try result.converted(to: x.elementType))]
        }

        private func transformed(_ points: [Complex], _ transform: FourierTransform) -> [Complex] {
            var x = points + [Complex](repeating: Complex(0, 0), count: transform.length - points.count)
            guard isInverse else { return transform(x) }
            if isOnesided {
                // Frequencies beyond the half are the conjugates of those before; those that are their own are real.
                for index in x.indices {
                    let mirror = (x.count - index) % x.count
                    if index > mirror { x[index] = x[mirror].conjugate }
                    if index == mirror { x[index].imaginary = 0 }
                }
            }
            return transform.inverse(x)
        }

        private func signalAxis(_ axis: Int, rank: Int) throws(ModelError) -> Int {
            let place = try normalizedAxis(axis, rank: rank)
            guard place < rank - 1 else {
                throw ModelError(.invalidModel, "found \(axis), the axis of real and imaginary parts", attribute: "axis")
            }
            return place
        }
    }
}
