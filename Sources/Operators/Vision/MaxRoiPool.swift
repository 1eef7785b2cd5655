public import SeptumIR
public import SeptumTensor

extension Op {
    /// Regions of images cut into bins, each replaced by its largest pixel; NaN counts as largest, a bin without pixels gives 0.
    ///
    /// Regions are an image index and two corners (x1, y1, x2, y2), which are rounded to pixels, halves away from zero, and
    /// both belong to the region. A bin takes all pixels that it touches.
    ///
    /// - Shape: `(n, c, h, w), (regions, 5) -> (regions, c, output height, output width)`
    /// - Element types: floating point.
    ///
    /// Source: https://github.com/microsoft/onnxruntime/blob/v1.32.0/onnxruntime/core/providers/cpu/nn/roi_pool.cc
    public struct MaxRoiPool: Operator {
        public static let name = "MaxRoiPool"
        public static let inputCount = 2...2

        /// The height and width of the output.
        public var pooledShape: [Int]
        /// From the coordinates of regions to pixels.
        public var scale: Float

        public init(pooledShape: [Int], scale: Float = 1) {
            self.pooledShape = pooledShape
            self.scale = scale
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            pooledShape = try AttributeReader.require(try attributes.ints("pooled_shape"), "pooled_shape")
            scale = try attributes.float("spatial_scale") ?? 1
        }

        public var attributes: Attributes { [("pooled_shape", .ints(pooledShape)), ("spatial_scale", .float(scale))] }

        /// Coordinates beyond are all alike: outside of any image. Products with an output's size do not overflow.
        static let coordinateLimit = 1 << 30

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let type = try inputs.tensor(0, of: ElementType.arithmeticFloats).elementType
            _ = try inputs.tensor(1, of: [type])
            guard pooledShape.count == 2, pooledShape.allSatisfy({ $0 >= 1 && $0 <= MaxRoiPool.coordinateLimit }) else {
                throw ModelError(.invalidModel, "found \(pooledShape), expected a height and a width", attribute: "pooled_shape")
            }
            let (images, regions) = (try inputs.shape(0, rank: 4), try inputs.shape(1, rank: 2))
            if let regions { _ = try sharedDimension(regions[1], 5, "the numbers of a region") }
            return [Fact(type, [regions?[0] ?? .unknown, images?[1] ?? .unknown] + pooledShape.map(Dimension.fixed))]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let shape = try outputShapes(inputs)[0]
            if let results = try evaluatedInFloat32(inputs) { return results }
            let (x, regions) = (try inputs.tensor(0), try inputs.tensor(1))
            return switch x.elementType {
            case .float32: [.tensor(try pooled(x, regions, shape, of: Float.self))]
            case .float64: [.tensor(try pooled(x, regions, shape, of: Double.self))]
            default: throw unexpected(x.elementType)
            }
        }

        private func pooled<T: RealScalar>(
            _ x: Tensor, _ regions: Tensor, _ shape: [Int], of type: T.Type
        ) throws(ModelError) -> Tensor {
            let (images, numbers) = (try x.array(of: type), try regions.array(of: type))
            let (height, width) = (x.shape[2], x.shape[3])
            var boxes: [(image: Int, vertical: Pixels, horizontal: Pixels)] = []
            for region in 0..<shape[0] {
                let own = Array(numbers[region * 5..<(region + 1) * 5])
                guard let image = Int(exactly: own[0]), (0..<x.shape[0]).contains(image) else {
                    throw ModelError(.invalidInput, "image index \(own[0]) is out of range for \(x.shape[0]) images")
                }
                let corners = own.dropFirst().map { Double($0 * T(scale)).rounded() }
                guard !corners.contains(where: \.isNaN) else { throw ModelError(.invalidInput, "region \(region) holds NaN") }
                boxes.append(
                    (
                        image, Pixels(corners[1], corners[3], binCount: pooledShape[0], size: height),
                        Pixels(corners[0], corners[2], binCount: pooledShape[1], size: width)
                    ))
            }
            return try Tensor(shape) { (target: UnsafeMutableBufferPointer<T>) in
                let area = pooledShape[0] * pooledShape[1]
                for place in target.indices {
                    let (region, channel) = (place / area / shape[1], place / area % shape[1])
                    let start = (boxes[region].image * shape[1] + channel) * height * width
                    var largest: T?
                    for row in boxes[region].vertical.bin(place % area / pooledShape[1]) {
                        for column in boxes[region].horizontal.bin(place % pooledShape[1]) {
                            let value = images[start + row * width + column]
                            guard let best = largest else { largest = value; continue }
                            largest = best.isNaN || value <= best ? best : value
                        }
                    }
                    target[place] = largest ?? 0
                }
            }
        }
    }
}

/// The pixels of a region along one axis.
private struct Pixels {
    let first: Int
    let length: Int
    let binCount: Int
    let size: Int

    init(_ from: Double, _ to: Double, binCount: Int, size: Int) {
        let limit = Double(Op.MaxRoiPool.coordinateLimit)
        first = Int(min(max(from, -limit), limit))
        length = max(Int(min(max(to, -limit), limit)) - first + 1, 1)
        (self.binCount, self.size) = (binCount, size)
    }

    func bin(_ index: Int) -> Range<Int> {
        let begin = min(max(first + index * length / binCount, 0), size)
        return begin..<max(begin, min(first + ((index + 1) * length + binCount - 1) / binCount, size))
    }
}
