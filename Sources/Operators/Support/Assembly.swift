package import SeptumTensor

/// A tensor in the making whose elements are copied from others of the same type, whatever that type is.
package struct Assembly {
    package let elementType: ElementType
    package let shape: [Int]
    package let count: Int
    private let storage: Storage
    private var strings: [String]

    /// Starts with zeros, or empty strings.
    ///
    /// - Throws: `limit` when the size is negative, overflows or is not to be had.
    package init(_ elementType: ElementType, _ shape: [Int]) throws(ModelError) {
        let zeros = try Tensor(zeros: elementType, shape)
        self.elementType = elementType
        self.shape = shape
        count = zeros.count
        storage = zeros.storage
        strings = zeros.strings
    }

    /// Starts with the elements of a tensor.
    ///
    /// - Throws: `limit` when there is no memory for the copy.
    package init(copying tensor: Tensor) throws(ModelError) {
        try self.init(tensor.elementType, tensor.shape)
        copy(tensor, from: 0, to: 0, count: count)
    }

    /// The finished tensor.
    ///
    /// - Throws: nothing in practice; the sizes were checked at the start.
    package func finished() throws(ModelError) -> Tensor {
        elementType == .string ? try Tensor(shape, strings: strings) : try Tensor(elementType, shape, storage: storage)
    }

    /// Where element `index` lies, for element types of fixed width.
    package func pointer(_ index: Int) -> UnsafeMutableRawPointer? {
        precondition(index >= 0 && index < count)
        return storage.bytes.baseAddress.map { $0 + index * elementType.byteWidth }
    }

    /// Copies adjacent elements.
    package mutating func copy(_ source: Tensor, from: Int, to: Int, count: Int = 1) {
        precondition(source.elementType == elementType && from >= 0 && to >= 0 && count >= 0)
        precondition(count <= source.count - from && count <= self.count - to)
        if elementType == .string {
            for offset in 0..<count { strings[to + offset] = source.storage.strings[source.byteOffset + from + offset] }
        } else if count > 0, let target = storage.bytes.baseAddress, let start = source.storage.bytes.baseAddress {
            let width = elementType.byteWidth
            (target + to * width).copyMemory(from: start + source.byteOffset + from * width, byteCount: count * width)
        }
    }

    /// Copies a box of elements; strides are in elements, may be zero or negative in the source.
    package mutating func copy(
        _ source: Tensor, box: [Int], from: Int, strides: [Int], to: Int = 0, targetStrides: [Int]
    ) {
        guard !box.contains(0) else { return }
        var axes: [(size: Int, source: Int, target: Int)] = []
        for (axis, size) in box.enumerated() where size != 1 {
            let next = (size: size, source: strides[axis], target: targetStrides[axis])
            if let last = axes.last, last.source == next.source * size, last.target == next.target * size {
                axes[axes.count - 1] = (last.size * size, next.source, next.target)
            } else {
                axes.append(next)
            }
        }
        let inner = axes.popLast() ?? (1, 1, 1)
        let sources = Strided(axes.map(\.size), axes.map(\.source), from: from)
        let targets = Strided(axes.map(\.size), axes.map(\.target), from: to)
        for (from, to) in zip(sources, targets) { copyRow(source, inner, from, to) }
    }

    private mutating func copyRow(
        _ source: Tensor, _ row: (size: Int, source: Int, target: Int), _ from: Int, _ to: Int
    ) {
        if row.source == 1, row.target == 1 { return copy(source, from: from, to: to, count: row.size) }
        let lastFrom = from + (row.size - 1) * row.source
        let lastTo = to + (row.size - 1) * row.target
        precondition(source.elementType == elementType && min(from, lastFrom) >= 0 && min(to, lastTo) >= 0)
        precondition(max(from, lastFrom) < source.count && max(to, lastTo) < count)
        guard elementType != .string, let start = source.storage.bytes.baseAddress, let target = storage.bytes.baseAddress
        else {
            for i in 0..<row.size { copy(source, from: from + i * row.source, to: to + i * row.target) }
            return
        }
        let base = UnsafeRawPointer(start + source.byteOffset)
        switch elementType.byteWidth {
        case 1: copyElements(UInt8.self, base, target, row, from, to)
        case 2: copyElements(UInt16.self, base, target, row, from, to)
        case 4: copyElements(UInt32.self, base, target, row, from, to)
        case 8: copyElements(UInt64.self, base, target, row, from, to)
        default: for i in 0..<row.size { copy(source, from: from + i * row.source, to: to + i * row.target) }
        }
    }

    private func copyElements<T: BitwiseCopyable>(
        _ type: T.Type, _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer,
        _ row: (size: Int, source: Int, target: Int), _ from: Int, _ to: Int
    ) {
        let source = source.assumingMemoryBound(to: T.self) + from
        let target = target.assumingMemoryBound(to: T.self) + to
        for i in 0..<row.size { target[i * row.target] = source[i * row.source] }
    }
}

extension Tensor {
    /// The tensor of another shape whose element at `index` is element `start + sum(index * strides)` of this one.
    ///
    /// - Throws: `limit` when the shape is too large.
    package func strided(_ shape: [Int], _ strides: [Int], from start: Int = 0) throws(ModelError) -> Tensor {
        var assembly = try Assembly(elementType, shape)
        assembly.copy(self, box: shape, from: start, strides: strides, targetStrides: rowMajorStrides(shape))
        return try assembly.finished()
    }
}
