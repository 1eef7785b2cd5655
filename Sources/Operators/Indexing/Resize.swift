public import SeptumIR
public import SeptumTensor

extension Op {
    /// Interpolates a tensor to other sizes, one axis after the other; computed in float64 and rounded once.
    ///
    /// Inputs: data, region of interest, scales, sizes; exactly one of the last two.
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#Resize
    public struct Resize: Operator {
        public static let name = "Resize"
        public static let inputCount = 1...4

        public enum Mode: String, CaseIterable, Sendable { case nearest, linear, cubic }

        public enum Coordinates: String, CaseIterable, Sendable {
            case halfPixel = "half_pixel"
            case symmetricHalfPixel = "half_pixel_symmetric"
            case pytorchHalfPixel = "pytorch_half_pixel"
            case alignCorners = "align_corners"
            case asymmetric
            case cropAndResize = "tf_crop_and_resize"
        }

        public enum Rounding: String, CaseIterable, Sendable {
            case preferFloor = "round_prefer_floor"
            case preferCeil = "round_prefer_ceil"
            case floor, ceil
        }

        /// How sizes are read when they would change the ratio of width to height.
        public enum AspectRatio: String, CaseIterable, Sendable {
            case stretch
            case notLarger = "not_larger"
            case notSmaller = "not_smaller"
        }

        public var mode: Mode
        public var coordinates: Coordinates
        public var rounding: Rounding
        public var aspectRatio: AspectRatio
        /// The axes that scales and sizes speak of; nil means all.
        public var axes: [Int]?
        /// Whether downsampling widens the filter.
        public var isAntialiased: Bool
        public var cubicCoefficient: Float
        /// Whether weights of elements beyond the border are dropped, instead of given to the border.
        public var excludesOutside: Bool
        public var extrapolationValue: Float

        public init(
            mode: Mode = .nearest, coordinates: Coordinates = .halfPixel, rounding: Rounding = .preferFloor,
            aspectRatio: AspectRatio = .stretch, axes: [Int]? = nil, isAntialiased: Bool = false,
            cubicCoefficient: Float = -0.75, excludesOutside: Bool = false, extrapolationValue: Float = 0
        ) {
            self.mode = mode
            self.coordinates = coordinates
            self.rounding = rounding
            self.aspectRatio = aspectRatio
            self.axes = axes
            self.isAntialiased = isAntialiased
            self.cubicCoefficient = cubicCoefficient
            self.excludesOutside = excludesOutside
            self.extrapolationValue = extrapolationValue
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            mode = try attributes.choice("mode") ?? .nearest
            coordinates = try attributes.choice("coordinate_transformation_mode") ?? .halfPixel
            rounding = try attributes.choice("nearest_mode") ?? .preferFloor
            aspectRatio = try attributes.choice("keep_aspect_ratio_policy") ?? .stretch
            axes = try attributes.ints("axes")
            isAntialiased = try attributes.bool("antialias") ?? false
            cubicCoefficient = try attributes.float("cubic_coeff_a") ?? -0.75
            excludesOutside = try attributes.bool("exclude_outside") ?? false
            extrapolationValue = try attributes.float("extrapolation_value") ?? 0
            if isAntialiased, mode == .nearest {
                throw ModelError(.invalidModel, "found 1, expected 0 with mode 'nearest'", attribute: "antialias")
            }
        }

        public var attributes: Attributes {
            [
                ("mode", .string(mode.rawValue)), ("coordinate_transformation_mode", .string(coordinates.rawValue)),
                ("nearest_mode", .string(rounding.rawValue)), ("keep_aspect_ratio_policy", .string(aspectRatio.rawValue)),
                ("antialias", .int(isAntialiased ? 1 : 0)), ("cubic_coeff_a", .float(cubicCoefficient)),
                ("exclude_outside", .int(excludesOutside ? 1 : 0)), ("extrapolation_value", .float(extrapolationValue)),
            ] + (axes.map { [("axes", .ints($0))] } ?? [])
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let data = try inputs.tensor(0)
            if mode != .nearest { try ElementTypeSet.numbers.admit(data.elementType, input: 0) }
            guard var shape = data.shape else { return [Fact(data.elementType, nil)] }
            let listed = try listedAxes(rank: shape.count)
            if let sizes = inputs[3], Resize.isGiven(sizes) {
                let sizes = aspectRatio == .stretch ? sizes.elements : nil
                for (index, axis) in listed.enumerated() {
                    shape[axis] = sizes.flatMap { $0.indices.contains(index) ? $0[index] : nil } ?? .unknown
                }
            } else {
                let scales = coordinates == .cropAndResize ? nil : try inputs[2]?.constant?.doubles
                for (index, axis) in listed.enumerated() {
                    let scale = scales.flatMap { $0.indices.contains(index) ? $0[index] : nil }
                    shape[axis] = scale.map { Resize.scaled(shape[axis], by: $0) } ?? .unknown
                }
            }
            if let negative = shape.first(where: { ($0.number ?? 0) < 0 }) {
                throw ModelError(.invalidModel, "a dimension would become \(negative)")
            }
            return [Fact(data.elementType, shape)]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let data = try inputs.tensor(0)
            var result = mode == .nearest ? data : try data.converted(to: .float64)
            for axis in try resizedAxes(inputs, data.shape) where !axis.isIdentity {
                result = mode == .nearest ? try nearest(result, axis) : try interpolated(result, axis)
            }
            if mode != .nearest, data.elementType.isInteger {
                result = try mapElements(result) { (x: Double) in x.rounded(.toNearestOrEven) }
            }
            return [.tensor(try result.converted(to: data.elementType))]
        }

        func listedAxes(rank: Int) throws(ModelError) -> [Int] {
            guard let axes else { return Array(0..<rank) }
            _ = try normalizedAxes(axes, rank: rank)
            return axes.map { $0 < 0 ? $0 + rank : $0 }
        }

        /// An empty list of scales or sizes counts as omitted.
        private static func isGiven(_ fact: Fact) -> Bool { fact.type.tensor?.shape != [0] }

        private static func scaled(_ size: Dimension, by scale: Double) -> Dimension {
            if let number = size.number {
                return Int(exactly: (Double(number) * scale).rounded(.down)).map(Dimension.fixed) ?? .unknown
            }
            if let factor = Int(exactly: scale) { return size * .fixed(factor) }
            return Int(exactly: 1 / scale).map { size.dividedRoundingDown(by: .fixed($0)) } ?? .unknown
        }

        // MARK: Along one axis

        private func nearest(_ data: Tensor, _ axis: ResizedAxis) throws(ModelError) -> Tensor {
            var shape = data.shape
            shape[axis.axis] = axis.target
            var result = try Assembly(data.elementType, shape)
            guard result.count > 0 else { return try result.finished() }
            let outside = try axis.region == nil ? nil : Tensor([], [extrapolationValue]).converted(to: data.elementType)
            let inner = rowMajorStrides(shape)[axis.axis]
            for row in 0..<result.count / inner {
                let (outer, position) = row.quotientAndRemainder(dividingBy: axis.target)
                let x = axis.source(of: position, coordinates)
                if let outside, !axis.contains(x) {
                    result.copy(outside, box: [inner], from: 0, strides: [0], to: row * inner, targetStrides: [1])
                } else {
                    let index = axis.clamped(rounding.round(x))
                    result.copy(data, from: (outer * axis.size + index) * inner, to: row * inner, count: inner)
                }
            }
            return try result.finished()
        }

        private func interpolated(_ data: Tensor, _ axis: ResizedAxis) throws(ModelError) -> Tensor {
            var shape = data.shape
            shape[axis.axis] = axis.target
            let inner = rowMajorStrides(shape)[axis.axis]
            return try data.withElements(of: Double.self) { source throws(ModelError) in
                try Tensor(shape) { (target: UnsafeMutableBufferPointer<Double>) in
                    guard !target.isEmpty else { return }
                    let outerCount = target.count / (inner * axis.target)
                    for position in 0..<axis.target {
                        let x = axis.source(of: position, coordinates)
                        let isOutside = axis.region != nil && !axis.contains(x)
                        let taps = isOutside ? [] : self.taps(x, axis)
                        for outer in 0..<outerCount {
                            for lane in 0..<inner {
                                var sum = isOutside ? Double(extrapolationValue) : 0
                                for (index, weight) in taps {
                                    sum += weight * source[(outer * axis.size + index) * inner + lane]
                                }
                                target[(outer * axis.target + position) * inner + lane] = sum
                            }
                        }
                    }
                }
            }
        }

        /// The elements that a position draws from, with their weights.
        package func taps(_ x: Double, _ axis: ResizedAxis) -> [(index: Int, weight: Double)] {
            let stretch = isAntialiased ? min(axis.scale, 1) : 1
            let support: Double = mode == .cubic ? 2 : 1
            let first = max((-support / stretch).rounded(.down) + 1, -4 * Double(axis.size) - 4)
            let base = x.rounded(.down)
            var taps: [(index: Int, weight: Double)] = []
            var total = 0.0
            for offset in Int(first)...1 - Int(first) {
                let weight = weight(abs((Double(offset) - (x - base)) * stretch))
                let index = axis.clamped(base + Double(offset))
                if excludesOutside, Double(index) != base + Double(offset) { continue }
                total += weight
                taps.append((index, weight))
            }
            guard isAntialiased || excludesOutside, total != 0 else { return taps }
            return taps.map { ($0.index, $0.weight / total) }
        }

        private func weight(_ x: Double) -> Double {
            if mode == .linear { return max(0, 1 - x) }
            let a = Double(cubicCoefficient)
            if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
            return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0
        }
    }
}

extension Op.Resize.Rounding {
    fileprivate func round(_ x: Double) -> Double {
        let below = x.rounded(.down)
        switch self {
        case .floor: return below
        case .ceil: return x.rounded(.up)
        case .preferFloor: return x - below <= 0.5 ? below : below + 1
        case .preferCeil: return x - below < 0.5 ? below : below + 1
        }
    }
}
