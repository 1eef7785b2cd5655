import SeptumTensor

/// A matrix that lies in memory with any strides.
struct Matrix<T: ChainScalar> {
    var start: UnsafePointer<T>
    var rowStride: Int
    var columnStride: Int

    /// A row-major matrix.
    init(_ start: UnsafePointer<T>, columns: Int) {
        self.start = start
        rowStride = columns
        columnStride = 1
    }

    var transposed: Matrix {
        var copy = self
        swap(&copy.rowStride, &copy.columnStride)
        return copy
    }

    @inline(__always)
    subscript(row: Int, column: Int) -> T { start[row &* rowStride &+ column &* columnStride] }
}

/// Shape: (m, k), (k, n) -> (m, n). Adds a product to the row-major `c`: every element is one chain over ascending k.
func addProduct<T: ChainScalar>(
    _ a: Matrix<T>, _ b: Matrix<T>, to c: UnsafeMutablePointer<T>, m: Int, k: Int, n: Int
) {
    for row in 0..<m {
        let sums = c + row &* n
        for inner in 0..<k {
            let factor = a[row, inner]
            for column in 0..<n { sums[column] = sums[column].adding(factor, times: b[inner, column]) }
        }
    }
}
