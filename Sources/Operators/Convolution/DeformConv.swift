public import SeptumIR
public import SeptumTensor

extension Op {
    /// A convolution whose windows take their elements from places that are moved by offsets, by linear interpolation.
    ///
    /// Inputs: images, weights, offsets, bias, and a factor for each element of each window. Outside the image there are zeros. It
    /// is computed in float64 and rounded once.
    ///
    /// - Shape: `(n, c, spatial...), (m, c / group, window...), (n, offset group * |window| * r, out...), (m),
    ///   (n, offset group * |window|, out...) -> (n, m, out...)` with r spatial axes.
    /// - Element types: floating point.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#DeformConv
    public struct DeformConv: Operator {
        public static let name = "DeformConv"
        public static let inputCount = 3...5

        /// The padding is explicit.
        public var window: Window
        public var group: Int
        /// Sets of offsets, each for as many adjacent channels.
        public var offsetGroup: Int

        public init(_ window: Window = Window(), group: Int = 1, offsetGroup: Int = 1) {
            self.window = window
            self.group = group
            self.offsetGroup = offsetGroup
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            window = Window(
                kernel: try attributes.ints("kernel_shape") ?? [], strides: try attributes.ints("strides") ?? [],
                dilations: try attributes.ints("dilations") ?? [], pads: try attributes.ints("pads") ?? [])
            group = try attributes.int("group") ?? 1
            offsetGroup = try attributes.int("offset_group") ?? 1
        }

        public var attributes: Attributes {
            window.attributes + [("group", .int(group)), ("offset_group", .int(offsetGroup))]
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let type = try inputs.tensor(0, of: ElementType.arithmeticFloats).elementType
            for index in [1, 2] { _ = try inputs.tensor(index, of: [type]) }
            for index in [3, 4] { _ = try inputs.optionalTensor(index, of: [type]) }
            guard offsetGroup >= 1 else {
                throw ModelError(.invalidModel, "found \(offsetGroup), expected at least 1", attribute: "offset_group")
            }
            guard var shape = try convolutionShape(inputs, window, group: group, bias: 3) else { return [Fact(type, nil)] }
            if let channels = try inputs.tensor(0).shape?[1].number, channels % offsetGroup != 0 {
                throw ModelError(
                    .invalidModel, "\(channels) channels cannot be divided into \(offsetGroup)", attribute: "offset_group")
            }
            let kernel = try inputs.tensor(1).shape.map { Dimension.product($0.dropFirst(2)) } ?? .unknown
            for (index, count) in [(2, Dimension.fixed(shape.count - 2)), (4, 1)] {
                guard let other = try inputs.shape(index, rank: shape.count) else { continue }
                _ = try sharedDimension(
                    other[1], .fixed(offsetGroup) * kernel * count, "the numbers of input \(index) at a place")
                for axis in shape.indices where axis != 1 {
                    shape[axis] = try sharedDimension(
                        shape[axis], other[axis], "axis \(axis) of input \(index) and of the output")
                }
            }
            return [Fact(type, shape)]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let shape = try outputShapes(inputs)[0]
            let (image, weights) = (try inputs.tensor(0), try inputs.tensor(1))
            let sliding = try Sliding(
                window, input: Array(image.shape[2...]), kernel: Array(weights.shape[2...]), output: Array(shape[2...]))
            let (x, w, offsets) = (try image.doubles, try weights.doubles, try inputs.tensor(2).doubles)
            let (bias, mask) = (try inputs.optionalTensor(3)?.doubles, try inputs.optionalTensor(4)?.doubles)
            let (channels, maps) = (image.shape[1], shape[1])
            let result = try Tensor(shape) { (target: UnsafeMutableBufferPointer<Double>) in
                guard !target.isEmpty else { return }
                let (area, places) = (weights.shape[2...].reduce(1, *), sliding.outputCount)
                let (rank, size) = (sliding.axes.count, sliding.inputCount)
                for index in 0..<shape[0] * places {
                    let (batch, place) = index.quotientAndRemainder(dividingBy: places)
                    let position = sliding.position(place)
                    var values = [Double](repeating: 0, count: channels * area)
                    for shared in 0..<(values.isEmpty ? 0 : offsetGroup * area) {
                        let element = (batch * offsetGroup * area + shared)
                        let moves = (0..<rank).map { offsets[(element * rank + $0) * places + place] }
                        let taps = sliding.taps(at: position, element: shared % area, movedBy: moves)
                        let factor = mask?[element * places + place] ?? 1
                        for channel in 0..<channels / offsetGroup {
                            let own = shared / area * (channels / offsetGroup) + channel
                            let start = (batch * channels + own) * size
                            let sum = taps.reduce(0) { $0 + $1.weight * x[start + $1.index] }
                            values[own * area + shared % area] = factor * sum
                        }
                    }
                    let ownCount = values.count / group
                    for map in 0..<maps {
                        let start = map / (maps / group) * ownCount
                        var sum = bias?[map] ?? 0
                        for own in 0..<ownCount { sum += w[map * ownCount + own] * values[start + own] }
                        target[(batch * maps + map) * places + place] = sum
                    }
                }
            }
            return [.tensor(try result.converted(to: image.elementType))]
        }
    }
}

extension Sliding {
    /// The pixels that an element of a window draws from, with their weights, when it is moved away from its place.
    fileprivate func taps(at position: [Int], element: Int, movedBy moves: [Double]) -> [(index: Int, weight: Double)] {
        var steps = [Int](repeating: 0, count: axes.count)
        var rest = element
        for axis in axes.indices.reversed() { (rest, steps[axis]) = rest.quotientAndRemainder(dividingBy: axes[axis].kernel) }
        var taps = [(index: 0, weight: 1.0)]
        for (index, axis) in axes.enumerated() {
            let start = position[index] * axis.stride - axis.padBefore + steps[index] * axis.dilation
            let place = Double(start) + moves[index]
            guard place > -1, place < Double(axis.input) else { return [] }
            let base = place.rounded(.down)
            let along = [(Int(base), 1 - (place - base)), (Int(base) + 1, place - base)].filter {
                (0..<axis.input).contains($0.0)
            }
            taps = taps.flatMap { outer in along.map { (outer.index * axis.input + $0.0, outer.weight * $0.1) } }
        }
        return taps
    }
}
