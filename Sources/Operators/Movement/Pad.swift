public import SeptumIR
public import SeptumTensor

extension Op {
    /// Adds elements before and after those of some axes; negative numbers take elements away.
    ///
    /// Inputs: data, pads (all begins, then all ends), value, axes.
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#Pad
    public struct Pad: PassThroughOperator {
        public static let name = "Pad"
        public static let inputCount = 2...4

        public enum Mode: String, CaseIterable, Sendable { case constant, reflect, edge, wrap }

        public var mode: Mode

        public init(mode: Mode = .constant) { self.mode = mode }

        public init(_ attributes: inout AttributeReader) throws(ModelError) {
            mode = try attributes.choice("mode") ?? .constant
        }

        public var attributes: Attributes { [("mode", .string(mode.rawValue))] }

        public func isIdentity(_ inputs: Facts) -> Bool { inputs.integers(1)?.allSatisfy { $0 == 0 } ?? false }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let data = try inputs.tensor(0)
            if inputs[2] != nil, try inputs.tensor(2).elementType != data.elementType {
                throw ModelError(.invalidModel, "the value is \(try inputs.tensor(2).elementType), the data \(data.elementType)")
            }
            guard var shape = data.shape else { return [Fact(data.elementType, nil)] }
            guard let pads = inputs.elements(1), inputs[3] == nil || inputs.integers(3) != nil else {
                return [Fact(data.elementType, Facts.unknownShape(shape.count))]
            }
            let axes = try paddedAxes(inputs.integers(3), rank: shape.count, pads.count)
            for (index, axis) in axes.enumerated() {
                shape[axis] = shape[axis] + pads[index] + pads[index + axes.count]
                if let number = shape[axis].number, number < 0 {
                    throw ModelError(.invalidModel, "dimension \(axis) would be \(number) after padding")
                }
            }
            return moved(inputs, data.elementType, shape, data: [0, 2])
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let data = try inputs.tensor(0)
            let pads = try inputs.integers(1)
            let axes = try paddedAxes(inputs[3] == nil ? nil : try inputs.integers(3), rank: data.shape.count, pads.count)
            var (before, after) = ([Int](repeating: 0, count: data.shape.count), [Int](repeating: 0, count: data.shape.count))
            for (index, axis) in axes.enumerated() {
                (before[axis], after[axis]) = (pads[index], pads[index + axes.count])
            }
            let cropped = try data.cropped(before.map { min($0, 0) }, after.map { min($0, 0) })
            (before, after) = (before.map { max($0, 0) }, after.map { max($0, 0) })
            var shape = cropped.shape
            for axis in shape.indices {
                let (sum, overflow) = before[axis].addingReportingOverflow(after[axis])
                let (size, overflow2) = shape[axis].addingReportingOverflow(sum)
                guard !overflow, !overflow2 else { throw ModelError(.limit, "the padding of axis \(axis) is too large") }
                shape[axis] = size
            }
            guard mode == .constant else { return [.tensor(try extended(cropped, before, shape))] }
            var result = try Assembly(data.elementType, shape)
            let strides = rowMajorStrides(shape)
            if let value = inputs.optionalTensor(2), value.count == 1, value.elementType == data.elementType {
                let zeros = Array(repeating: 0, count: shape.count)
                result.copy(value, box: shape, from: 0, strides: zeros, targetStrides: strides)
            } else if inputs[2] != nil {
                throw ModelError(.invalidInput, "the value must be one element of \(data.elementType)")
            }
            let start = cropped.count == 0 ? 0 : zip(before, strides).reduce(0) { $0 + $1.0 * $1.1 }
            result.copy(
                cropped, box: cropped.shape, from: 0, strides: rowMajorStrides(cropped.shape), to: start,
                targetStrides: strides)
            return [.tensor(try result.finished())]
        }

        private func paddedAxes(_ axes: [Int]?, rank: Int, _ padCount: Int) throws(ModelError) -> [Int] {
            var result = Array(0..<rank)
            if let axes {
                _ = try normalizedAxes(axes, rank: rank)
                result = axes.map { $0 < 0 ? $0 + rank : $0 }
            }
            guard padCount == 2 * result.count else {
                throw ModelError(.invalidModel, "found \(padCount) pads for \(result.count) axes, expected two for each")
            }
            return result
        }

        /// Pads one axis after the other with elements of the tensor itself.
        private func extended(_ data: Tensor, _ before: [Int], _ shape: [Int]) throws(ModelError) -> Tensor {
            var current = data
            if try Tensor.elementCount(shape) == 0 { return try Tensor(zeros: data.elementType, shape) }
            for axis in shape.indices where current.shape[axis] != shape[axis] {
                let size = current.shape[axis]
                guard size > 0 else {
                    throw ModelError(.invalidInput, "axis \(axis) is empty: there is nothing to pad it with", attribute: "mode")
                }
                var target = current.shape
                target[axis] = shape[axis]
                var result = try Assembly(data.elementType, target)
                let inner = rowMajorStrides(target)[axis]
                for row in 0..<result.count / inner {
                    let (outer, position) = row.quotientAndRemainder(dividingBy: shape[axis])
                    let source = outer * size + self.source(position - before[axis], size)
                    result.copy(current, from: source * inner, to: row * inner, count: inner)
                }
                current = try result.finished()
            }
            return current
        }

        private func source(_ position: Int, _ size: Int) -> Int {
            func wrapped(_ period: Int) -> Int {
                let remainder = position % period
                return remainder < 0 ? remainder + period : remainder
            }
            switch mode {
            case .constant, .edge: return min(max(position, 0), size - 1)
            case .wrap: return wrapped(size)
            case .reflect:
                if size == 1 { return 0 }
                let folded = wrapped(2 * size - 2)
                return folded < size ? folded : 2 * size - 2 - folded
            }
        }
    }
}

extension Tensor {
    /// Takes elements away at both ends of each axis; the numbers are zero or negative.
    fileprivate func cropped(_ before: [Int], _ after: [Int]) throws(ModelError) -> Tensor {
        guard before.contains(where: { $0 < 0 }) || after.contains(where: { $0 < 0 }) else { return self }
        var (part, start) = (shape, 0)
        let strides = rowMajorStrides(shape)
        for axis in shape.indices {
            guard before[axis] >= -shape[axis], after[axis] >= -(shape[axis] + before[axis]) else {
                throw ModelError(.invalidInput, "more elements are taken from axis \(axis) than its \(shape[axis])")
            }
            part[axis] += before[axis] + after[axis]
            start &-= before[axis] &* strides[axis]
        }
        return try strided(part, strides, from: part.contains(0) ? 0 : start)
    }
}
