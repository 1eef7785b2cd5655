package import SeptumTensor

/// Visits a tensor's elements so that those along some axes, which make up a slice, follow each other.
package struct Slices {
    /// The number of elements of a slice.
    package let length: Int
    private let walk: Walk

    /// - Parameters:
    ///   - shape: The shape of a tensor.
    ///   - axes: Ascending axes of it, each at most once.
    package init(_ shape: [Int], axes: [Int]) {
        let order = shape.indices.filter { !axes.contains($0) } + axes
        let strides = rowMajorStrides(shape)
        walk = Walk(order.map { shape[$0] }, strides: [order.map { strides[$0] }])
        length = axes.reduce(1) { $0 &* shape[$1] }
    }

    /// The elements in their wide type, slice after slice, changed by `body`.
    package func gather<T: Element>(
        _ x: Tensor, _: T.Type, _ body: (UnsafeMutableBufferPointer<T.Wide>) -> Void = { _ in }
    ) throws(ModelError) -> Tensor {
        let step = walk.steps[0]
        return try x.withElements(of: T.self) { x throws(ModelError) in
            try Tensor([x.count]) { (wide: UnsafeMutableBufferPointer<T.Wide>) in
                walk.forEachRow { start, offsets in
                    for index in 0..<walk.rowLength { wide[start + index] = x[offsets[0] + index * step].wide }
                }
                body(wide)
            }
        }
    }

    /// The inverse of `gather`.
    package func scatter<T: Element>(_ wide: Tensor, _: T.Type, _ shape: [Int]) throws(ModelError) -> Tensor {
        let step = walk.steps[0]
        return try wide.withElements(of: T.Wide.self) { wide throws(ModelError) in
            try Tensor(shape) { (x: UnsafeMutableBufferPointer<T>) in
                walk.forEachRow { start, offsets in
                    for index in 0..<walk.rowLength { x[offsets[0] + index * step] = T(narrowing: wide[start + index]) }
                }
            }
        }
    }
}

/// Replaces each slice along `axes` by one element.
package struct SliceReduction: ElementVisitor {
    /// What an empty slice is replaced by, where that is not what the function gives.
    package enum Extreme: Sendable { case least, greatest }

    let x: Tensor
    let axes: [Int]
    /// The shape of the result: that of `x` without `axes`, but for ones.
    let shape: [Int]
    var ifEmpty: Extreme?
    let real: (UnsafeBufferPointer<Double>) -> Double
    var signed: (UnsafeBufferPointer<Int64>) -> Int64 = { _ in 0 }
    var unsigned: (UnsafeBufferPointer<UInt64>) -> UInt64 = { _ in 0 }

    package func real<T: Element>(_ type: T.Type) throws(ModelError) -> Tensor where T.Wide == Double { try reduce(type, real) }
    package func signed<T: Element>(_ type: T.Type) throws(ModelError) -> Tensor where T.Wide == Int64 {
        try reduce(type, signed)
    }
    package func unsigned<T: Element>(_ type: T.Type) throws(ModelError) -> Tensor where T.Wide == UInt64 {
        try reduce(type, unsigned)
    }

    private func reduce<T: Element>(
        _ type: T.Type, _ function: (UnsafeBufferPointer<T.Wide>) -> T.Wide
    ) throws(ModelError) -> Tensor {
        let slices = Slices(x.shape, axes: axes)
        let length = slices.length
        let wide = try slices.gather(x, type)
        return try wide.withElements(of: T.Wide.self) { wide throws(ModelError) in
            try Tensor(shape) { (y: UnsafeMutableBufferPointer<T>) in
                for index in y.indices {
                    if length == 0, let ifEmpty {
                        y[index] = ifEmpty == .least ? T.leastElement : T.greatestElement
                    } else {
                        let slice = UnsafeBufferPointer(rebasing: wide[index * length..<(index + 1) * length])
                        y[index] = T(narrowing: function(slice))
                    }
                }
            }
        }
    }
}

/// Changes each slice along `axes` in place.
package struct SliceMap: ElementVisitor {
    let x: Tensor
    let axes: [Int]
    let real: (UnsafeMutableBufferPointer<Double>) -> Void
    var signed: (UnsafeMutableBufferPointer<Int64>) -> Void = { _ in }
    var unsigned: (UnsafeMutableBufferPointer<UInt64>) -> Void = { _ in }

    package func real<T: Element>(_ type: T.Type) throws(ModelError) -> Tensor where T.Wide == Double { try map(type, real) }
    package func signed<T: Element>(_ type: T.Type) throws(ModelError) -> Tensor where T.Wide == Int64 { try map(type, signed) }
    package func unsigned<T: Element>(_ type: T.Type) throws(ModelError) -> Tensor where T.Wide == UInt64 {
        try map(type, unsigned)
    }

    private func map<T: Element>(
        _ type: T.Type, _ change: (UnsafeMutableBufferPointer<T.Wide>) -> Void
    ) throws(ModelError) -> Tensor {
        let slices = Slices(x.shape, axes: axes)
        let wide = try slices.gather(x, type) { wide in
            guard !wide.isEmpty else { return }
            for start in stride(from: 0, to: wide.count, by: slices.length) {
                change(UnsafeMutableBufferPointer(rebasing: wide[start..<start + slices.length]))
            }
        }
        return try slices.scatter(wide, type, x.shape)
    }
}
