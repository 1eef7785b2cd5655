/// One of the products that follow each other in a chain: y = f(bias + x w), row by row.
package struct DenseLayer: Sendable {
    /// The width of x and that of y.
    package let k: Int
    package let n: Int
    /// The weights, by `gemmPack`.
    nonisolated(unsafe) package let packed: UnsafePointer<Float>
    /// Whole panels of sixteen.
    nonisolated(unsafe) package let bias: UnsafePointer<Float>
    /// The raw value of the `UnaryOperation` f and its parameters.
    package let operation: Int32
    package let a: Float
    package let b: Float

    package init(
        _ k: Int, _ n: Int, _ packed: UnsafePointer<Float>, bias: UnsafePointer<Float>, _ operation: UnaryOperation, a: Float,
        b: Float
    ) {
        self.k = k
        self.n = n
        self.packed = packed
        self.bias = bias
        self.operation = operation.rawValue
        self.a = a
        self.b = b
    }

    /// Rows that go through all layers before the next ones begin: whole tiles of twelve.
    package static let blockRows = 48

    /// Floats of working memory for rows of hidden layers none of which is wider than `width`.
    package static func scratchCount(_ rows: Int, width: Int) -> Int { 2 &* min(rows, blockRows) &* ((width &+ 15) & ~15) }
}
