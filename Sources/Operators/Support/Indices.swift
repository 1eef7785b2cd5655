package import SeptumTensor

/// Checks indices, which may count from the end, against the size of what they index.
///
/// - Throws: `invalidInput` naming the first index outside `-size..<size`.
package func normalizedIndices(_ indices: [Int], size: Int) throws(ModelError) -> [Int] {
    var result = indices
    for (position, index) in indices.enumerated() {
        result[position] = try normalizedIndex(index, size: size)
    }
    return result
}

/// Checks an index, which may count from the end, against the size of what it indexes.
///
/// - Throws: `invalidInput` when it is outside `-size..<size`.
package func normalizedIndex(_ index: Int, size: Int) throws(ModelError) -> Int {
    guard index >= -size, index < size else {
        throw ModelError(.invalidInput, "index \(index) is out of range for an axis of size \(size)")
    }
    return index < 0 ? index + size : index
}

extension Tensor {
    /// The slices of the tensor at the given places along an axis; `shape` takes the axis' place.
    ///
    /// - Throws: `invalidInput` when an index is out of range.
    package func taking(_ indices: [Int], shape taken: [Int], axis: Int) throws(ModelError) -> Tensor {
        let indices = try normalizedIndices(indices, size: shape[axis])
        var result = try Assembly(elementType, Array(shape[..<axis]) + taken + Array(shape[(axis + 1)...]))
        guard result.count > 0 else { return try result.finished() }
        let inner = rowMajorStrides(shape)[axis]
        var target = 0
        for outer in 0..<count / (inner * shape[axis]) {
            for index in indices {
                result.copy(self, from: (outer * shape[axis] + index) * inner, to: target, count: inner)
                target += inner
            }
        }
        return try result.finished()
    }
}
