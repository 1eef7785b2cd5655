package import SeptumTensor

/// Turns an axis that may count from the end into one that counts from the start.
///
/// - Throws: `invalidModel` when the axis is outside `-rank..<rank`.
package func normalizedAxis(_ axis: Int, rank: Int, _ name: String = "axis") throws(ModelError) -> Int {
    guard rank > 0 else { throw ModelError(.invalidModel, "found \(axis), the tensor has no axes", attribute: name) }
    guard axis >= -rank, axis < rank else {
        throw ModelError(.invalidModel, "found \(axis), expected -\(rank) to \(rank - 1)", attribute: name)
    }
    return axis < 0 ? axis + rank : axis
}

/// Turns axes that may count from the end into ascending ones, each at most once.
///
/// - Throws: `invalidModel` when an axis is out of range or given twice.
package func normalizedAxes(_ axes: [Int], rank: Int, _ name: String = "axes") throws(ModelError) -> [Int] {
    var result: [Int] = []
    for axis in axes { result.append(try normalizedAxis(axis, rank: rank, name)) }
    guard Set(result).count == result.count else {
        throw ModelError(.invalidModel, "an axis is given twice in \(axes)", attribute: name)
    }
    return result.sorted()
}

/// The strides of a row-major shape, in elements.
package func rowMajorStrides(_ shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in stride(from: shape.count - 2, through: 0, by: -1) { strides[axis] = strides[axis + 1] &* shape[axis + 1] }
    return strides
}
