package import SeptumTensor

/// Visits the elements of a row-major shape row by row, following operands with strides of their own.
///
/// Adjacent axes that every operand walks evenly are joined, so operands of one shape make a single row.
package struct Walk {
    package private(set) var rowLength: Int
    /// The step of each operand within a row.
    package private(set) var steps: [Int]
    private var outerShape: [Int]
    private var outerStrides: [[Int]]

    /// - Parameters:
    ///   - shape: The shape to visit; the number of its elements must have been checked.
    ///   - strides: One stride an axis for each operand.
    package init(_ shape: [Int], strides: [[Int]]) {
        let isEmpty = shape.contains(0)
        let axes = isEmpty ? [] : shape.indices.filter { shape[$0] != 1 }
        var strides = strides.map { strides in axes.isEmpty ? [0] : axes.map { strides[$0] } }
        var shape = axes.isEmpty ? [isEmpty ? 0 : 1] : axes.map { shape[$0] }
        for axis in stride(from: shape.count - 2, through: 0, by: -1) {
            guard strides.allSatisfy({ $0[axis] == $0[axis + 1] &* shape[axis + 1] }) else { continue }
            shape[axis] *= shape[axis + 1]
            shape.remove(at: axis + 1)
            for operand in strides.indices { strides[operand].remove(at: axis) }
        }
        rowLength = shape.removeLast()
        steps = strides.map { $0[$0.count - 1] }
        outerShape = shape
        outerStrides = strides.map { $0.dropLast() }
    }

    /// Calls `body` with the number of elements visited so far and where each operand's row starts.
    package func forEachRow(_ body: (_ start: Int, _ offsets: [Int]) -> Void) {
        let rows = outerShape.reduce(1, *)
        var index = [Int](repeating: 0, count: outerShape.count)
        var offsets = [Int](repeating: 0, count: steps.count)
        for row in 0..<rows {
            body(row * rowLength, offsets)
            var axis = outerShape.count - 1
            while axis >= 0 {
                index[axis] += 1
                let wraps = index[axis] == outerShape[axis]
                for operand in offsets.indices {
                    offsets[operand] +=
                        wraps ? -outerStrides[operand][axis] * (outerShape[axis] - 1) : outerStrides[operand][axis]
                }
                guard wraps else { break }
                index[axis] = 0
                axis -= 1
            }
        }
    }
}

/// The elementwise image of a tensor.
package func mapElements<A: Scalar, B: Scalar>(_ x: Tensor, _ function: (A) -> B) throws(ModelError) -> Tensor {
    try x.withElements(of: A.self) { x throws(ModelError) in try mapElements(x, function) }.reshaped(x.shape)
}

private func mapElements<A: Scalar, B: Scalar>(_ x: UnsafeBufferPointer<A>, _ function: (A) -> B) throws(ModelError) -> Tensor {
    try Tensor([x.count]) { (y: UnsafeMutableBufferPointer<B>) in
        for index in x.indices { y[index] = function(x[index]) }
    }
}

/// The elementwise image of two tensors that are broadcast to each other.
package func zipElements<A: Scalar, B: Scalar, C: Scalar>(
    _ a: Tensor, _ b: Tensor, _ function: (A, B) -> C
) throws(ModelError) -> Tensor {
    let shape = try broadcastShape(a.shape, b.shape)
    _ = try Tensor.elementCount(shape)
    let walk = Walk(shape, strides: [broadcastStrides(a.shape, to: shape), broadcastStrides(b.shape, to: shape)])
    let (stepA, stepB) = (walk.steps[0], walk.steps[1])
    return try a.withElements(of: A.self) { a throws(ModelError) in
        try b.withElements(of: B.self) { b throws(ModelError) in
            try Tensor(shape) { (y: UnsafeMutableBufferPointer<C>) in
                walk.forEachRow { start, offsets in
                    let (atA, atB) = (offsets[0], offsets[1])
                    for index in 0..<walk.rowLength {
                        y[start + index] = function(a[atA + index * stepA], b[atB + index * stepB])
                    }
                }
            }
        }
    }
}
