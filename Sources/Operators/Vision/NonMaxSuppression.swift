public import SeptumIR
public import SeptumTensor

extension Op {
    /// The boxes that are left when those are dropped that overlap a better one too much; for each image and class by itself.
    ///
    /// Inputs: boxes, scores, how many boxes at most (0 when omitted), the ratio of intersection to union above which a box is
    /// dropped (0 when omitted), and the score that a box must exceed. Boxes come by falling score, of equal ones the first
    /// before the others. A box whose score is NaN is left out.
    ///
    /// - Shape: `(n, boxes, 4), (n, classes, boxes), (), (), () -> (selected, 3)`: image, class, box.
    /// - Element types: float32; the number int64 -> int64.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.23.2/docs/Operators.md#NonMaxSuppression
    public struct NonMaxSuppression: Operator {
        public static let name = "NonMaxSuppression"
        public static let inputCount = 2...5

        /// Whether a box is its centre (x, y), width and height instead of two opposite corners (y, x).
        public var centresBoxes: Bool

        public init(centresBoxes: Bool = false) { self.centresBoxes = centresBoxes }
        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            centresBoxes = try attributes.bool("center_point_box") ?? false
        }
        public var attributes: Attributes { [("center_point_box", .int(centresBoxes ? 1 : 0))] }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            for index in [0, 1] { _ = try inputs.tensor(index, of: [.float32]) }
            for index in [3, 4] { _ = try inputs.optionalTensor(index, of: [.float32]) }
            _ = try inputs.scalar(2)
            let (boxes, scores) = (try inputs.shape(0, rank: 3), try inputs.shape(1, rank: 3))
            if let boxes {
                _ = try sharedDimension(boxes[2], 4, "the numbers of a box")
                if let scores {
                    _ = try sharedDimension(boxes[0], scores[0], "the images of boxes and scores")
                    _ = try sharedDimension(boxes[1], scores[2], "the boxes and their scores")
                }
            }
            return [Fact(.int64, [.unknown, 3])]
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            _ = try infer(inputs.facts)
            let (boxes, scores) = (try inputs.tensor(0), try inputs.tensor(1))
            let limit = inputs[2] == nil ? 0 : try inputs.scalar(2)
            let (overlap, least) = (try inputs.realScalar(3) ?? 0, try inputs.realScalar(4))
            guard overlap >= 0, overlap <= 1 else {
                throw ModelError(.invalidInput, "input 3 is \(overlap), expected a ratio from 0 to 1")
            }
            let (classes, count) = (scores.shape[1], scores.shape[2])
            let corners = try boxes.array(of: Float.self)
            let values = try scores.array(of: Float.self)
            var selected: [Int64] = []
            for row in 0..<(values.isEmpty ? 0 : values.count / count) {
                let image = row / classes
                let candidates = (0..<count).filter { index in
                    let score = values[row * count + index]
                    return !score.isNaN && least.map { Double(score) > $0 } ?? true
                }
                var kept: [(index: Int, box: Box)] = []
                // The sort is stable.
                for index in candidates.sorted(by: { values[row * count + $0] > values[row * count + $1] }) {
                    guard kept.count < limit else { break }
                    let start = (image * count + index) * 4
                    let box = Box(corners[start..<start + 4], isCentred: centresBoxes)
                    if kept.contains(where: { box.overlap($0.box) > Float(overlap) }) { continue }
                    kept.append((index, box))
                }
                for (index, _) in kept { selected += [Int64(image), Int64(row % classes), Int64(index)] }
            }
            return [.tensor(try Tensor([selected.count / 3, 3], selected))]
        }
    }
}

/// An upright rectangle; in float32, as the operator's threshold is.
private struct Box {
    var low: SIMD2<Float>
    var high: SIMD2<Float>

    init(_ numbers: ArraySlice<Float>, isCentred: Bool) {
        let numbers = Array(numbers)
        let (first, second) = (SIMD2(numbers[0], numbers[1]), SIMD2(numbers[2], numbers[3]))
        if isCentred {
            (low, high) = (first - second / 2, first + second / 2)
        } else {
            low = first.replacing(with: second, where: second .< first)
            high = second.replacing(with: first, where: second .< first)
        }
    }

    private var area: Float { (high.x - low.x) * (high.y - low.y) }

    /// The ratio of intersection to union; 0 when there is no intersection or a box has no area.
    func overlap(_ other: Box) -> Float {
        let begin = low.replacing(with: other.low, where: other.low .> low)
        let end = high.replacing(with: other.high, where: other.high .< high)
        guard end.x > begin.x, end.y > begin.y, area > 0, other.area > 0 else { return 0 }
        let intersection = (end.x - begin.x) * (end.y - begin.y)
        let union = area + other.area - intersection
        return intersection > 0 && union > 0 ? intersection / union : 0
    }
}
