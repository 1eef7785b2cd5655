public import SeptumIR
public import SeptumTensor

extension Op {
    /// The places in an image where an affine map takes the pixels of another; computed in float64 and rounded once.
    ///
    /// Places run from -1 to 1, last axis first, as `GridSample` reads them. An axis of one pixel lies at 0.
    ///
    /// - Shape: `(n, r, r + 1), (2 + r) -> (n, d1, ..., dr, r)` where the second input holds `n, c, d1, ..., dr`; r is 2 or 3.
    /// - Element types: floating point.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#AffineGrid
    public struct AffineGrid: Operator {
        public static let name = "AffineGrid"
        public static let inputCount = 2...2

        /// Whether -1 and 1 are the centres of the outermost pixels instead of their outer edges.
        public var alignsCorners: Bool

        public init(alignsCorners: Bool = false) { self.alignsCorners = alignsCorners }
        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            alignsCorners = try attributes.bool("align_corners") ?? false
        }
        public var attributes: Attributes { [("align_corners", .int(alignsCorners ? 1 : 0))] }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let type = try inputs.tensor(0, of: ElementType.arithmeticFloats)
            let maps = try inputs.shape(0, rank: 3)
            let sizes = try inputs.sizes(1)
            guard let rank = sizes.map({ $0.count - 2 }) ?? maps?[1].number else { return [Fact(type.elementType, nil)] }
            let expected: [Dimension] = [.unknown, .fixed(rank), .fixed(rank + 1)]
            guard rank == 2 || rank == 3, zip(maps ?? [], expected).allSatisfy({ !$0.isProvablyDifferent(from: $1) }) else {
                throw ModelError(
                    .invalidModel, "found maps of type \(type) for images of \(rank) axes, expected [n, 2, 3] or [n, 3, 4]")
            }
            let image = sizes ?? [Dimension](repeating: .unknown, count: rank + 2)
            let batch = try sharedDimension(maps?[0] ?? .unknown, image[0], "the batches of both inputs")
            return [Fact(type.elementType, [batch] + image[2...] + [.fixed(rank)])]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let shape = try outputShapes(inputs)[0]
            let x = try inputs.tensor(0)
            let maps = try x.doubles
            let (rank, sizes) = (shape.count - 2, Array(shape[1..<(shape.count - 1)]))
            let grid = try Tensor(shape) { (target: UnsafeMutableBufferPointer<Double>) in
                guard !target.isEmpty else { return }
                let count = target.count / (shape[0] * rank)
                for place in 0..<target.count / rank {
                    var (rest, point) = (place % count, [Double]())
                    for size in sizes.reversed() {
                        point.append(coordinate(rest % size, size))
                        rest /= size
                    }
                    for row in 0..<rank {
                        let start = (place / count * rank + row) * (rank + 1)
                        let products = point.indices.map { maps[start + $0] * point[$0] }
                        target[place * rank + row] = products.reduce(0, +) + maps[start + rank]
                    }
                }
            }
            return [.tensor(try grid.converted(to: x.elementType))]
        }

        private func coordinate(_ index: Int, _ size: Int) -> Double {
            let steps = Double(alignsCorners ? size - 1 : size)
            return steps == 0 ? 0 : (Double(2 * index) - Double(size - 1)) / steps
        }
    }
}
