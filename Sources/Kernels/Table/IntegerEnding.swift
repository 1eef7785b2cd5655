/// What becomes of each sum of a product of bytes before it is stored: nothing, in int32; sum * scale + addend in float32, each
/// rounded, and none below zero with `relu`; or that quantized to bytes.
///
/// The vectors have a value for each column and go on to whole sixteens.
package struct IntegerEnding: Sendable {
    /// What the sums start from.
    nonisolated(unsafe) package var start: UnsafePointer<Int32>
    /// Nil for the sums as they are.
    nonisolated(unsafe) package var scale: UnsafePointer<Float>?
    nonisolated(unsafe) package var addend: UnsafePointer<Float>?
    package var relu: Int32 = 0
    /// Whether the result is kept between `low` and `high`, rounded half to even, and moved by `zero`, as a byte.
    package var storesBytes: Int32 = 0
    package var low: Float = 0
    package var high: Float = 0
    package var zero: Int32 = 0

    package init(start: UnsafePointer<Int32>, scale: UnsafePointer<Float>? = nil, addend: UnsafePointer<Float>? = nil) {
        self.start = start
        self.scale = scale
        self.addend = addend
    }
}
