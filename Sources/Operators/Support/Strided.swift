/// The offsets of the elements of a strided array, last axis fastest.
package struct Strided: Sequence, IteratorProtocol {
    private let shape: [Int]
    private let strides: [Int]
    private var position: [Int]
    private var offset: Int
    private var remaining: Int

    /// The number of elements of `shape` must not overflow.
    package init(_ shape: [Int], _ strides: [Int], from start: Int = 0) {
        self.shape = shape
        self.strides = strides
        position = [Int](repeating: 0, count: shape.count)
        offset = start
        remaining = shape.reduce(1, &*)
    }

    package mutating func next() -> Int? {
        guard remaining > 0 else { return nil }
        remaining -= 1
        let current = offset
        for axis in shape.indices.reversed() {
            position[axis] += 1
            offset &+= strides[axis]
            if position[axis] < shape[axis] { break }
            offset &-= strides[axis] &* shape[axis]
            position[axis] = 0
        }
        return current
    }
}
