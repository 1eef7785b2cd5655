public import SeptumIR
public import SeptumTensor

extension Op {
    /// Regions of images cut into bins, each replaced by the mean or the largest of samples that are interpolated linearly.
    ///
    /// Inputs: images, regions (x1, y1, x2, y2), the image of each. Samples further than a pixel outside the image count as 0.
    /// The mode "max" takes the largest of the four weighed neighbours of all samples, as the specification's own cases do.
    ///
    /// - Shape: `(n, c, h, w), (regions, 4), (regions) -> (regions, c, output height, output width)`
    /// - Element types: floating point; image indices int64.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/onnx/reference/ops/op_roi_align.py
    public struct RoiAlign: Operator {
        public static let name = "RoiAlign"
        public static let inputCount = 3...3

        public enum Mode: String, CaseIterable, Sendable { case avg, max }
        public enum Coordinates: String, CaseIterable, Sendable {
            /// The centre of the first pixel lies at 0.5; regions may be of any size.
            case halfPixel = "half_pixel"
            /// The centre of the first pixel lies at 0; a region is at least one pixel wide and high.
            case outputHalfPixel = "output_half_pixel"
        }

        public var mode: Mode
        public var coordinates: Coordinates
        public var outputHeight: Int
        public var outputWidth: Int
        /// Samples along each axis of a bin; 0 stands for one a pixel, rounded up.
        public var samplingRatio: Int
        /// From the coordinates of regions to pixels.
        public var scale: Float

        public init(
            mode: Mode = .avg, coordinates: Coordinates = .halfPixel, outputHeight: Int = 1, outputWidth: Int = 1,
            samplingRatio: Int = 0, scale: Float = 1
        ) {
            self.mode = mode
            self.coordinates = coordinates
            self.outputHeight = outputHeight
            self.outputWidth = outputWidth
            self.samplingRatio = samplingRatio
            self.scale = scale
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            self.init(
                mode: try attributes.choice("mode") ?? .avg,
                coordinates: try attributes.choice("coordinate_transformation_mode") ?? .halfPixel,
                outputHeight: try attributes.int("output_height") ?? 1, outputWidth: try attributes.int("output_width") ?? 1,
                samplingRatio: try attributes.int("sampling_ratio") ?? 0, scale: try attributes.float("spatial_scale") ?? 1)
        }

        public var attributes: Attributes {
            [
                ("mode", .string(mode.rawValue)), ("coordinate_transformation_mode", .string(coordinates.rawValue)),
                ("output_height", .int(outputHeight)), ("output_width", .int(outputWidth)),
                ("sampling_ratio", .int(samplingRatio)), ("spatial_scale", .float(scale)),
            ]
        }

        /// More samples along an axis of a bin are refused.
        static let sampleLimit = 1 << 12

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let type = try inputs.tensor(0, of: ElementType.arithmeticFloats).elementType
            _ = try inputs.tensor(1, of: [type])
            _ = try inputs.tensor(2, of: [.int64])
            for (name, value, least) in [
                ("output_height", outputHeight, 1), ("output_width", outputWidth, 1), ("sampling_ratio", samplingRatio, 0),
            ] where value < least {
                throw ModelError(.invalidModel, "found \(value), expected at least \(least)", attribute: name)
            }
            let images = try inputs.shape(0, rank: 4)
            let (regions, indices) = (try inputs.shape(1, rank: 2), try inputs.shape(2, rank: 1))
            if let regions { _ = try sharedDimension(regions[1], 4, "the numbers of a region") }
            let count = try sharedDimension(regions?[0] ?? .unknown, indices?[0] ?? .unknown, "regions and image indices")
            return [Fact(type, [count, images?[1] ?? .unknown, .fixed(outputHeight), .fixed(outputWidth)])]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let shape = try outputShapes(inputs)[0]
            if let results = try evaluatedInFloat32(inputs) { return results }
            let (x, regions) = (try inputs.tensor(0), try inputs.tensor(1))
            let indices = try inputs.integers(2)
            if let wrong = indices.first(where: { !(0..<x.shape[0]).contains($0) }) {
                throw ModelError(.invalidInput, "image index \(wrong) is out of range for \(x.shape[0]) images")
            }
            return switch x.elementType {
            case .float32: [.tensor(try pooled(x, regions, indices, shape, of: Float.self))]
            case .float64: [.tensor(try pooled(x, regions, indices, shape, of: Double.self))]
            default: throw unexpected(x.elementType)
            }
        }

        private func pooled<T: RealScalar>(
            _ x: Tensor, _ regions: Tensor, _ indices: [Int], _ shape: [Int], of type: T.Type
        ) throws(ModelError) -> Tensor {
            let (images, corners) = (try x.array(of: type), try regions.array(of: type))
            let (height, width) = (x.shape[2], x.shape[3])
            var boxes: [(vertical: Samples<T>, horizontal: Samples<T>)] = []
            for region in indices.indices {
                let own = corners[region * 4..<region * 4 + 4].map { $0 * T(scale) - (coordinates == .halfPixel ? 0.5 : 0) }
                boxes.append(
                    (
                        try Samples(own[1], own[3], binCount: outputHeight, size: height, self),
                        try Samples(own[0], own[2], binCount: outputWidth, size: width, self)
                    ))
            }
            return try Tensor(shape) { (target: UnsafeMutableBufferPointer<T>) in
                let area = outputHeight * outputWidth
                for place in target.indices {
                    let (region, channel) = (place / area / shape[1], place / area % shape[1])
                    let start = (indices[region] * shape[1] + channel) * height * width
                    let columns = boxes[region].horizontal.taps(ofBin: place % outputWidth)
                    var (sum, largest) = (0.0, -Double.infinity)
                    for row in boxes[region].vertical.taps(ofBin: place % area / outputWidth) {
                        for column in columns {
                            if row.isEmpty || column.isEmpty { largest = largest < 0 ? 0 : largest }
                            for y in row {
                                for x in column {
                                    let value = y.weight * x.weight * Double(images[start + y.index * width + x.index])
                                    sum += value
                                    largest = value.isNaN || value > largest ? value : largest
                                }
                            }
                        }
                    }
                    let count = boxes[region].vertical.count * columns.count
                    target[place] = count == 0 ? 0 : T(mode == .avg ? sum / Double(count) : largest)
                }
            }
        }
    }
}

/// The samples of a region along one axis; in the arithmetic of the region's own type, on which their number depends.
private struct Samples<T: RealScalar> {
    typealias Tap = (index: Int, weight: Double)

    let start: T
    let bin: T
    let size: Int
    /// Samples along the axis in each bin.
    let count: Int

    /// - Throws: `invalidInput` when the region is not finite, `limit` when a bin takes too many samples.
    init(_ from: T, _ to: T, binCount: Int, size: Int, _ op: Op.RoiAlign) throws(ModelError) {
        let length = op.coordinates == .halfPixel ? to - from : max(to - from, 1)
        (start, bin, self.size) = (from, length / T(binCount), size)
        guard start.isFinite, bin.isFinite else {
            throw ModelError(.invalidInput, "found a region from \(from) to \(to) pixels")
        }
        let count = op.samplingRatio > 0 ? Double(op.samplingRatio) : Double(max(bin.rounded(.up), 0))
        guard count <= Double(Op.RoiAlign.sampleLimit) else {
            throw ModelError(
                .limit, "a bin takes \(count) samples along an axis, at most \(Op.RoiAlign.sampleLimit) are allowed")
        }
        self.count = Int(count)
    }

    /// The two pixels that each sample draws from and their weights; none when it lies outside the image.
    func taps(ofBin index: Int) -> [[Tap]] {
        (0..<count).map { sample in
            let place = start + T(index) * bin + (T(sample) + 0.5) * bin / T(count)
            guard size > 0, place >= -1, place <= T(size) else { return [] }
            let low = min(Int(max(place, 0)), size - 1)
            let weight = low < size - 1 ? Double(max(place, 0)) - Double(low) : 0
            return [(low, 1 - weight), (min(low + 1, size - 1), weight)]
        }
    }
}
