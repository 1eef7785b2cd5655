import SeptumIR
package import SeptumTensor

/// How scales lie over a tensor: one for all, one for each slice along an axis, or one for each block along it.
public struct Quantization: Sendable, Equatable {
    public var axis: Int
    /// The elements along the axis that share a scale; 0 when slices or the whole tensor do.
    public var blockSize: Int

    public init(axis: Int = 1, blockSize: Int = 0) {
        self.axis = axis
        self.blockSize = blockSize
    }

    init(_ attributes: inout AttributeReader) throws(ModelError) {
        axis = try attributes.int("axis") ?? 1
        blockSize = try attributes.int("block_size") ?? 0
        guard blockSize >= 0 else {
            throw ModelError(.invalidModel, "found \(blockSize), expected at least 0", attribute: "block_size")
        }
    }

    var attributes: Attributes { [("axis", .int(axis)), ("block_size", .int(blockSize))] }

    static let integers: [ElementType] = [.int8, .uint8, .int16, .uint16, .int4, .uint4, .int2, .uint2]
    static let minifloats: [ElementType] = [.float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float4e2m1]

    /// The values of an integer type.
    static func range(_ type: ElementType) -> ClosedRange<Float> {
        let bits =
            switch type {
            case .int2, .uint2: 2
            case .int4, .uint4: 4
            case .int16, .uint16: 16
            default: 8
            }
        let half = Float(1 << (bits - 1))
        return type.isSignedInteger ? -half...(half - 1) : 0...(2 * half - 1)
    }

    /// Where the scale of each element lies among the scales.
    ///
    /// - Throws: `invalidInput` when the scales do not fit the tensor.
    package func scaleIndices(_ shape: [Int], scale: [Int]) throws(ModelError) -> [Int] {
        let count = try Tensor.elementCount(shape)
        if scale.isEmpty || blockSize == 0 && scale == [1] { return [Int](repeating: 0, count: count) }
        let axis = try normalizedAxis(axis, rank: shape.count)
        let blocks = blockSize == 0 ? shape[axis] : shape[axis] / blockSize + (shape[axis] % blockSize == 0 ? 0 : 1)
        var expected = blockSize == 0 ? [blocks] : shape
        if blockSize > 0 { expected[axis] = blocks }
        guard scale == expected else {
            throw ModelError(.invalidInput, "scales of shape \(scale) for a tensor of shape \(shape), expected \(expected)")
        }
        let inner = shape[(axis + 1)...].reduce(1, &*)
        var indices: [Int] = []
        indices.reserveCapacity(count)
        for index in 0..<count {
            let along = index / inner % shape[axis]
            let outer = index / inner / shape[axis]
            indices.append(blockSize == 0 ? along : (outer * blocks + along / blockSize) * inner + index % inner)
        }
        return indices
    }

    /// Checks the shapes of scales and zero points as far as they are known.
    ///
    /// - Throws: `invalidModel` when they differ.
    func check(_ inputs: Facts) throws(ModelError) {
        guard let scale = try inputs.tensor(1).shape, let zero = inputs[2]?.type.tensor?.shape else { return }
        let mayBeSingle = { (shape: [Dimension]) in
            shape.isEmpty || shape.count == 1 && !shape[0].isProvablyDifferent(from: 1)
        }
        if scale.count != zero.count, mayBeSingle(scale), mayBeSingle(zero) { return }
        guard scale.count == zero.count else {
            throw ModelError(.invalidModel, "the scale has shape \(scale), the zero point \(zero)")
        }
        for (a, b) in zip(scale, zero) { _ = try sharedDimension(a, b, "the scale and the zero point") }
    }
}
