public import SeptumIR
public import SeptumTensor

extension Op {
    /// The transposed convolution: each element of the image adds its window to the output.
    ///
    /// Every element is one chain of fused multiply-adds from the bias (0 without one) over input channel, then those elements
    /// of the window, in row-major order, that an element of the image reaches.
    ///
    /// - Shape: `(n, c, spatial...), (c, m / group, window...), (m) -> (n, m, spatial...)`
    /// - Element types: floating point.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#ConvTranspose
    public struct ConvTranspose: Operator {
        public static let name = "ConvTranspose"
        public static let inputCount = 2...3

        public var window: Window
        public var group: Int
        /// What is added after each spatial axis of the output; empty for none.
        public var outputPadding: [Int]
        /// The spatial shape of the output; empty when it follows from the padding, otherwise the padding follows from it.
        public var outputShape: [Int]

        public init(_ window: Window = Window(), group: Int = 1, outputPadding: [Int] = [], outputShape: [Int] = []) {
            self.window = window
            self.group = group
            self.outputPadding = outputPadding
            self.outputShape = outputShape
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            window = try Window(&attributes, isPooling: false)
            group = try attributes.int("group") ?? 1
            outputPadding = try attributes.ints("output_padding") ?? []
            outputShape = try attributes.ints("output_shape") ?? []
        }

        public var attributes: Attributes {
            var attributes = window.attributes + [("group", .int(group))]
            if !outputPadding.isEmpty { attributes.append(("output_padding", .ints(outputPadding))) }
            if !outputShape.isEmpty { attributes.append(("output_shape", .ints(outputShape))) }
            return attributes
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let x = try inputs.tensor(0, of: ElementType.arithmeticFloats)
            _ = try inputs.tensor(1, of: [x.elementType])
            _ = try inputs.optionalTensor(2, of: [x.elementType])
            guard group >= 1 else { throw ModelError(.invalidModel, "found \(group), expected at least 1", attribute: "group") }
            guard let shape = x.shape else { return [Fact(x.elementType, nil)] }
            guard shape.count >= 3 else {
                throw ModelError(.invalidModel, "input 0 is \(x), expected batch, channel and spatial dimensions")
            }
            let rank = shape.count - 2
            let axes = try window.axes(rank)
            for (name, values) in [("output_padding", outputPadding), ("output_shape", outputShape)]
            where !(values.isEmpty || values.count == rank && values.allSatisfy { $0 >= 0 && $0 <= 1 << 31 }) {
                throw ModelError(.invalidModel, "found \(values), expected \(rank) sizes", attribute: name)
            }
            let w = try inputs.shape(1, rank: shape.count) ?? [.unknown, .unknown] + window.kernel.map(Dimension.fixed)
            let channels = try sharedDimension(shape[1], w[0], "the channels of the image and of the weights")
            if let number = channels.number, number % group != 0 {
                throw ModelError(.invalidModel, "\(number) channels cannot be divided into \(group) groups", attribute: "group")
            }
            var maps = w[1] * .fixed(group)
            if let bias = try inputs.shape(2, rank: 1) { maps = try sharedDimension(maps, bias[0], "the bias") }
            var result = [shape[0], maps]
            for axis in 0..<rank {
                var kernel = axis + 2 < w.count ? w[axis + 2] : .unknown
                if !window.kernel.isEmpty {
                    kernel = try sharedDimension(.fixed(window.kernel[axis]), kernel, "kernel_shape and the weights")
                }
                let size = outputSize(shape[axis + 2], axes[axis], kernel, axis)
                if let number = size.number, number < 0 {
                    throw ModelError(.invalidModel, "the output has \(number) elements along axis \(axis)", attribute: "pads")
                }
                result.append(size)
            }
            return [Fact(x.elementType, result)]
        }

        private func outputSize(_ input: Dimension, _ axis: Window.Axis, _ kernel: Dimension, _ index: Int) -> Dimension {
            if !outputShape.isEmpty { return .fixed(outputShape[index]) }
            switch window.padding {
            case .sameUpper, .sameLower: return input * .fixed(axis.stride)
            case .explicit, .valid: return fullSize(input, axis, kernel, index) - .fixed(axis.padBefore) - .fixed(axis.padAfter)
            }
        }

        /// The size of the output before padding is cut off.
        private func fullSize(_ input: Dimension, _ axis: Window.Axis, _ kernel: Dimension, _ index: Int) -> Dimension {
            let extent = (kernel - 1) * .fixed(axis.dilation) + 1
            return (input - 1) * .fixed(axis.stride) + .fixed(outputPadding.isEmpty ? 0 : outputPadding[index]) + extent
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let shape = try outputShapes(inputs)[0]
            if let results = try evaluatedInFloat32(inputs) { return results }
            let type = try inputs.tensor(0).elementType
            return switch type {
            case .float32: [.tensor(try spread(inputs, shape, of: Float.self))]
            case .float64: [.tensor(try spread(inputs, shape, of: Double.self))]
            default: throw unexpected(type)
            }
        }

        private func spread<T: RealScalar>(_ inputs: Arguments, _ shape: [Int], of type: T.Type) throws(ModelError) -> Tensor {
            let (x, w, bias) = (try inputs.tensor(0), try inputs.tensor(1), inputs.optionalTensor(2))
            let sliding = try transposed(Array(x.shape.dropFirst(2)), Array(w.shape.dropFirst(2)), Array(shape.dropFirst(2)))
            let (inputCount, outputCount) = (sliding.inputCount, sliding.outputCount)
            let kernelCount = w.shape.dropFirst(2).reduce(1, &*)
            let (channels, maps) = (x.shape[1] / group, w.shape[1])
            return try withElements([x, w, bias], of: type) { (buffers) throws(ModelError) in
                try Tensor(shape) { (target: UnsafeMutableBufferPointer<T>) in
                    guard !target.isEmpty, let x = buffers[0], let w = buffers[1] else { return }
                    for position in 0..<outputCount {
                        let taps = w.isEmpty ? [] : sliding.transposedTaps(at: sliding.position(position))
                        for image in 0..<shape[0] * group {
                            for map in 0..<maps {
                                var sum = buffers[2]?[image % group * maps + map] ?? 0
                                for channel in 0..<channels {
                                    let weights = ((image % group * channels + channel) * maps + map) * kernelCount
                                    for tap in taps {
                                        sum = sum.adding(
                                            x[(image * channels + channel) * inputCount + tap.input],
                                            times: w[weights + tap.kernel])
                                    }
                                }
                                target[(image * maps + map) * outputCount + position] = sum
                            }
                        }
                    }
                }
            }
        }

        /// With a given output shape (or SAME) the padding is what is left over, half of it on either side.
        package func transposed(_ input: [Int], _ kernel: [Int], _ output: [Int]) throws(ModelError) -> Sliding {
            var explicit = window
            explicit.padding = .explicit
            if !outputShape.isEmpty || window.padding == .sameUpper || window.padding == .sameLower {
                var pads = [Int](repeating: 0, count: 2 * input.count)
                for (index, axis) in try window.axes(input.count).enumerated() {
                    let full = fullSize(.fixed(input[index]), axis, .fixed(kernel[index]), index).number ?? 0
                    let total = min(max(full - output[index], 0), 1 << 30)
                    pads[index] = window.padding == .sameUpper ? total / 2 : total - total / 2
                    pads[index + input.count] = total - pads[index]
                }
                explicit.pads = pads
            } else if window.padding == .valid {
                explicit.pads = []
            }
            return try Sliding(explicit, input: input, kernel: kernel, output: output)
        }
    }
}
