public import SeptumIR
public import SeptumTensor

extension Op {
    /// Samples images at given places; computed in float64 and rounded once.
    ///
    /// Shape: [N, C, D1, ..., Dr], [N, O1, ..., Or, r] -> [N, C, O1, ..., Or]. Places run from -1 to 1, last axis first.
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#GridSample
    public struct GridSample: Operator {
        public static let name = "GridSample"
        public static let inputCount = 2...2

        public enum Mode: String, CaseIterable, Sendable { case nearest, linear, cubic }
        public enum Padding: String, CaseIterable, Sendable { case zeros, border, reflection }

        public var mode: Mode
        public var padding: Padding
        /// Whether -1 and 1 are the centres of the outermost pixels instead of their outer edges.
        public var alignsCorners: Bool

        public init(mode: Mode = .linear, padding: Padding = .zeros, alignsCorners: Bool = false) {
            self.mode = mode
            self.padding = padding
            self.alignsCorners = alignsCorners
        }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            mode = try attributes.choice("mode") ?? .linear
            padding = try attributes.choice("padding_mode") ?? .zeros
            alignsCorners = try attributes.bool("align_corners") ?? false
        }

        public var attributes: Attributes {
            [
                ("mode", .string(mode.rawValue)), ("padding_mode", .string(padding.rawValue)),
                ("align_corners", .int(alignsCorners ? 1 : 0)),
            ]
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let (data, grid) = (try inputs.tensor(0), try inputs.tensor(1))
            try ElementTypeSet.numbers.admit(data.elementType, input: 0)
            try ElementTypeSet.floats.admit(grid.elementType, input: 1)
            guard let shape = data.shape, let places = grid.shape else {
                return [Fact(data.elementType, Facts.unknownShape((data.shape ?? grid.shape)?.count))]
            }
            try check(shape.count, places.count)
            if places[places.count - 1].isProvablyDifferent(from: .fixed(shape.count - 2)) {
                throw ModelError(.invalidModel, "the grid is \(grid), expected \(shape.count - 2) numbers a place")
            }
            let batch = try Dimension.unified(shape[0], places[0])
            return [Fact(data.elementType, [batch, shape[1]] + places[1..<places.count - 1])]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let (data, grid) = (try inputs.tensor(0), try inputs.tensor(1))
            let (shape, places) = (data.shape, grid.shape)
            try check(shape.count, places.count)
            let spatial = Array(shape[2...])
            let rank = spatial.count
            guard places[0] == shape[0], places[rank + 1] == rank else {
                throw ModelError(.invalidInput, "a grid of shape \(places) does not fit data of shape \(shape)")
            }
            let (images, coordinates) = (try data.doubles, try grid.doubles)
            let result = try Tensor(Array(shape[..<2]) + places[1...rank]) { (target: UnsafeMutableBufferPointer<Double>) in
                guard !target.isEmpty, !images.isEmpty else { return }
                let size = spatial.reduce(1, *)
                let count = target.count / (shape[0] * shape[1])
                for batch in 0..<shape[0] {
                    for place in 0..<count {
                        let start = (batch * count + place) * rank
                        let point = Array(coordinates[start..<start + rank].reversed())
                        let taps = taps(point, spatial)
                        for channel in 0..<shape[1] {
                            let image = batch * shape[1] + channel
                            target[image * count + place] = taps.reduce(0) { $0 + $1.weight * images[image * size + $1.index] }
                        }
                    }
                }
            }
            let isRounded = data.elementType.isInteger
            let rounded = isRounded ? try mapElements(result) { (x: Double) in x.rounded(.toNearestOrEven) } : result
            return [.tensor(try rounded.converted(to: data.elementType))]
        }

        private func check(_ rank: Int, _ gridRank: Int) throws(ModelError) {
            guard rank == gridRank, (3...6).contains(rank) else {
                throw ModelError(
                    .invalidModel, "found data of rank \(rank) and a grid of rank \(gridRank), expected 3 to 6 for both")
            }
        }

        /// The elements that a place draws from, with their weights; none where there is nothing.
        private func taps(_ point: [Double], _ shape: [Int]) -> [(index: Int, weight: Double)] {
            var taps = [(index: 0, weight: 1.0)]
            for (coordinate, size) in zip(point, shape) {
                let along = axisTaps(coordinate, size)
                taps = taps.flatMap { outer in along.map { (outer.index * size + $0.index, outer.weight * $0.weight) } }
            }
            return taps
        }

        private func axisTaps(_ coordinate: Double, _ size: Int) -> [(index: Int, weight: Double)] {
            let length = Double(size)
            let edges = alignsCorners ? (low: 0, high: length - 1) : (low: -0.5, high: length - 0.5)
            var x = alignsCorners ? (coordinate + 1) / 2 * (length - 1) : ((coordinate + 1) * length - 1) / 2
            if mode == .nearest { x.round(.toNearestOrEven) }
            if x < edges.low || x > edges.high { x = padded(x, length, edges) }
            guard x.magnitude < 0x1p52 else { return [] }
            let base = x.rounded(.down)
            let t = x - base
            let weights: [(offset: Double, weight: Double)] =
                switch mode {
                case .nearest: [(0, 1)]
                case .linear: [(0, 1 - t), (1, t)]
                case .cubic: [(-1, far(1 + t)), (0, near(t)), (1, near(1 - t)), (2, far(2 - t))]
                }
            return weights.compactMap { offset, weight in
                var index = base + offset
                if index < 0 || index >= length {
                    if padding == .zeros { return nil }
                    index = min(max(padded(index, length, edges).rounded(.towardZero), 0), length - 1)
                }
                return (Int(index), weight)
            }
        }

        private func padded(_ x: Double, _ length: Double, _ edges: (low: Double, high: Double)) -> Double {
            switch padding {
            case .zeros: return x
            case .border: return min(max(x, 0), length - 1)
            case .reflection:
                let span = edges.high - edges.low
                guard span > 0 else { return edges.low }
                let distance = x < edges.low ? edges.low - x : x - edges.high
                let turns = (distance / span).rounded(.towardZero)
                let rest = distance - turns * span
                let isFromLow = (turns.truncatingRemainder(dividingBy: 2) == 0) == (x < edges.low)
                return isFromLow ? edges.low + rest : edges.high - rest
            }
        }

        /// Cubic convolution with coefficient -0.75, for distances up to one and up to two.
        private func near(_ x: Double) -> Double { (1.25 * x - 2.25) * x * x + 1 }
        private func far(_ x: Double) -> Double { ((-0.75 * x + 3.75) * x - 6) * x + 3 }
    }
}
