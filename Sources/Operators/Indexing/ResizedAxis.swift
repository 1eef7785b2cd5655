package import SeptumIR
package import SeptumTensor

/// How one axis of a tensor is resized.
package struct ResizedAxis {
    package var axis: Int
    package var size: Int
    package var target: Int
    var scale: Double
    /// The part of the axis that is resized, in units of its length; nil unless cropping.
    var region: (start: Double, end: Double)?

    package var isIdentity: Bool {
        scale == 1 && size == target && (region?.start ?? 0) == 0 && (region?.end ?? 1) == 1
    }

    /// The place in the input that a position of the result corresponds to.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/onnx/reference/ops/op_resize.py#L244
    package func source(of position: Int, _ coordinates: Op.Resize.Coordinates) -> Double {
        let y = Double(position)
        let length = scale * Double(size)
        let last = Double(size - 1)
        switch coordinates {
        case .halfPixel: return (y + 0.5) / scale - 0.5
        case .symmetricHalfPixel:
            return Double(size) / 2 * (1 - Double(target) / length) + (y + 0.5) / scale - 0.5
        case .pytorchHalfPixel: return target > 1 ? (y + 0.5) / scale - 0.5 : 0
        case .alignCorners: return length == 1 ? 0 : y * last / (length - 1)
        case .asymmetric: return y / scale
        case .cropAndResize:
            let (start, end) = region ?? (0, 1)
            return length == 1 ? (start + end) * last / 2 : start * last + y * (end - start) * last / (length - 1)
        }
    }

    func contains(_ x: Double) -> Bool { x >= 0 && x <= Double(size - 1) }

    /// The nearest index there is; 0 for what is no number.
    func clamped(_ index: Double) -> Int { index.isNaN ? 0 : Int(min(max(index, 0), Double(size - 1))) }
}

extension Op.Resize {
    /// How each listed axis of a tensor of the shape is resized.
    ///
    /// - Throws: `invalidInput` when scales, sizes or the region do not fit.
    package func resizedAxes(_ inputs: Arguments, _ shape: [Int]) throws(ModelError) -> [ResizedAxis] {
        let listed = try listedAxes(rank: shape.count)
        let sizes = inputs[3] == nil ? [] : try inputs.integers(3)
        let scales = try inputs.optionalTensor(2)?.doubles ?? []
        guard sizes.isEmpty != scales.isEmpty || listed.isEmpty else {
            throw ModelError(.invalidInput, "exactly one of scales and sizes must be given")
        }
        guard max(sizes.count, scales.count) == listed.count, sizes.allSatisfy({ $0 >= 0 }),
            scales.allSatisfy({ $0 > 0 && $0.isFinite })
        else {
            throw ModelError(.invalidInput, "found scales \(scales) and sizes \(sizes) for \(listed.count) axes")
        }
        let region = coordinates == .cropAndResize ? try inputs.optionalTensor(1)?.doubles ?? [] : []
        guard coordinates != .cropAndResize || (region.count == 2 * listed.count && region.allSatisfy(\.isFinite)) else {
            throw ModelError(.invalidInput, "found the region \(region), expected a start and an end for each axis")
        }
        var ratios = scales
        if scales.isEmpty {
            ratios = zip(listed, sizes).map { Double($1) / Double(max(shape[$0], 1)) }
            let common = aspectRatio == .notLarger ? ratios.min() : aspectRatio == .notSmaller ? ratios.max() : nil
            if let common { ratios = ratios.map { _ in common } }
        }
        var result: [ResizedAxis] = []
        for (index, axis) in listed.enumerated() {
            let crop = region.isEmpty ? nil : (start: region[index], end: region[index + listed.count])
            var length = ratios[index] * Double(shape[axis])
            if scales.isEmpty {
                length = aspectRatio == .stretch ? Double(sizes[index]) : (length + 0.5).rounded(.down)
            } else if let crop {
                length = (length * (crop.end - crop.start)).rounded(.down)
            }
            guard let target = Int(exactly: length.rounded(.down)), target >= 0, shape[axis] > 0 || target == 0 else {
                throw ModelError(.invalidInput, "axis \(axis) of size \(shape[axis]) cannot be resized to \(length)")
            }
            result.append(ResizedAxis(axis: axis, size: shape[axis], target: target, scale: ratios[index], region: crop))
        }
        return result
    }
}

extension Tensor {
    /// The elements of a tensor of numbers as float64.
    package var doubles: [Double] {
        get throws(ModelError) { try converted(to: .float64).array(of: Double.self) }
    }
}
