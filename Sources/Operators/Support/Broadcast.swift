package import SeptumTensor

/// The shape that symbolic shapes broadcast to; nil when the rank of one is unknown.
///
/// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Broadcasting.md
///
/// - Throws: `invalidModel` when two dimensions are different numbers and neither is 1.
package func broadcastShape(_ shapes: [[Dimension]?]) throws(ModelError) -> [Dimension]? {
    var result: [Dimension] = []
    for shape in shapes {
        guard let shape else { return nil }
        let rank = max(result.count, shape.count)
        var merged = [Dimension](repeating: 1, count: rank)
        for index in 0..<rank {
            let a = index < rank - result.count ? 1 : result[index - (rank - result.count)]
            let b = index < rank - shape.count ? 1 : shape[index - (rank - shape.count)]
            merged[index] = try broadcastDimension(a, b)
        }
        result = merged
    }
    return result
}

/// A symbol that meets a number other than 1 must be 1 or that number: the result is the number.
private func broadcastDimension(_ a: Dimension, _ b: Dimension) throws(ModelError) -> Dimension {
    if a == b || b == 1 { return a }
    if a == 1 { return b }
    switch (a, b) {
    case (.fixed(let left), .fixed(let right)):
        throw ModelError(.invalidModel, "dimensions \(left) and \(right) cannot be broadcast to each other")
    case (.fixed, _): return a
    case (_, .fixed): return b
    default: return .unknown
    }
}

/// The shape that concrete shapes broadcast to.
///
/// - Throws: `invalidInput` when two dimensions differ and neither is 1.
package func broadcastShape(_ a: [Int], _ b: [Int]) throws(ModelError) -> [Int] {
    let rank = max(a.count, b.count)
    var result = [Int](repeating: 1, count: rank)
    for index in 0..<rank {
        let left = index < rank - a.count ? 1 : a[index - (rank - a.count)]
        let right = index < rank - b.count ? 1 : b[index - (rank - b.count)]
        guard left == right || left == 1 || right == 1 else {
            throw ModelError(.invalidInput, "shapes \(a) and \(b) cannot be broadcast to each other")
        }
        result[index] = left == 1 ? right : left
    }
    return result
}

/// Strides that walk a tensor of `shape` as if it had the shape it is broadcast to: 0 along repeated axes.
package func broadcastStrides(_ shape: [Int], to target: [Int]) -> [Int] {
    let own = rowMajorStrides(shape)
    let missing = target.count - shape.count
    return target.indices.map { axis in axis < missing || shape[axis - missing] == 1 ? 0 : own[axis - missing] }
}
