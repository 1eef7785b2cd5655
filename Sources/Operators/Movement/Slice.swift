public import SeptumIR
public import SeptumTensor

extension Op {
    /// Every `steps`-th element from `starts` up to `ends` along some axes; bounds are clamped.
    ///
    /// Source: https://github.com/onnx/onnx/blob/v1.19.0/docs/Operators.md#Slice
    public struct Slice: PassThroughOperator {
        public static let name = "Slice"
        public static let inputCount = 3...5

        public init() {}
        public init(_ attributes: inout AttributeReader) throws(ModelError) {}

        public func isIdentity(_ inputs: Facts) -> Bool {
            let isForward = inputs[4] == nil || inputs.integers(4)?.allSatisfy { $0 == 1 } ?? false
            return isForward && areProvablyEqual(inputs[0]?.type.tensor?.shape, (try? infer(inputs))?.first?.type.tensor?.shape)
        }

        public func infer(_ inputs: Facts) throws(ModelError) -> [Fact] {
            let data = try inputs.tensor(0)
            guard var shape = data.shape else { return [Fact(data.elementType, nil)] }
            let count = inputs.elements(1)?.count ?? inputs.elements(2)?.count ?? inputs.elementCount(1)
            let listed = inputs[3] == nil ? count.map { Array(0..<$0) } : inputs.integers(3)
            guard let listed else { return [Fact(data.elementType, Facts.unknownShape(shape.count))] }
            let steps = inputs[4] == nil ? Array(repeating: 1, count: listed.count) : inputs.integers(4)
            let starts = inputs.elements(1) ?? Array(repeating: .unknown, count: listed.count)
            let ends = inputs.elements(2) ?? Array(repeating: .unknown, count: listed.count)
            try check([starts.count, ends.count, steps?.count ?? listed.count], listed, rank: shape.count)
            for (index, axis) in listed.enumerated() {
                let axis = try normalizedAxis(axis, rank: shape.count, "axes")
                shape[axis] = try size(shape[axis], starts[index], ends[index], step: steps?[index])
            }
            return moved(inputs, data.elementType, shape)
        }

        public func evaluate(_ inputs: Arguments) throws(ModelError) -> [Value] {
            let data = try inputs.tensor(0)
            let box = try box(
                data.shape, try inputs.integers(1), try inputs.integers(2), axes: inputs[3] == nil ? nil : try inputs.integers(3),
                steps: inputs[4] == nil ? nil : try inputs.integers(4))
            return [.tensor(try data.strided(box.shape, box.strides, from: box.start))]
        }

        /// Where the elements lie that are cut out: their shape, a stride for each axis, and the first one's place.
        package func box(
            _ data: [Int], _ starts: [Int], _ ends: [Int], axes: [Int]?, steps: [Int]?
        ) throws(ModelError) -> (shape: [Int], strides: [Int], start: Int) {
            let listed = axes ?? Array(starts.indices)
            let steps = steps ?? Array(repeating: 1, count: listed.count)
            try check([starts.count, ends.count, steps.count], listed, rank: data.count)
            var shape = data
            var strides = rowMajorStrides(data)
            var offset = 0
            for (index, axis) in listed.enumerated() {
                let axis = try normalizedAxis(axis, rank: shape.count, "axes")
                let part = try bounds(shape[axis], starts[index], ends[index], step: steps[index])
                shape[axis] = part.count
                offset &+= part.start &* strides[axis]
                strides[axis] = part.count < 2 ? 0 : steps[index] &* strides[axis]
            }
            return (shape, strides, shape.contains(0) ? 0 : offset)
        }

        private func check(_ counts: [Int], _ axes: [Int], rank: Int) throws(ModelError) {
            guard counts.allSatisfy({ $0 == axes.count }) else {
                throw ModelError(.invalidModel, "found \(counts) starts, ends and steps for \(axes.count) axes")
            }
            _ = try normalizedAxes(axes, rank: rank)
        }

        /// Bounds count from the end when negative and are then clamped to what the direction allows.
        private func bounds(_ size: Int, _ start: Int, _ end: Int, step: Int) throws(ModelError) -> (start: Int, count: Int) {
            guard step != 0 else { throw ModelError(.invalidInput, "a step is 0") }
            let (lowest, highest) = step > 0 ? (0, size) : (-1, size - 1)
            func clamped(_ bound: Int, _ lowest: Int) -> Int { min(max(bound < 0 ? bound + size : bound, lowest), highest) }
            let (first, last) = (clamped(start, 0), clamped(end, lowest))
            let distance = step > 0 ? last - first : first - last
            guard distance > 0 else { return (0, 0) }
            return (first, Int((distance - 1).magnitude / step.magnitude) + 1)
        }

        /// A bound that may be negative or positive leaves the size unknown.
        private func size(
            _ size: Dimension, _ start: Dimension, _ end: Dimension, step: Int?
        ) throws(ModelError) -> Dimension {
            guard let step else { return .unknown }
            guard step != 0 else { throw ModelError(.invalidModel, "a step is 0") }
            if let size = size.number, let start = start.number, let end = end.number {
                return .fixed(try bounds(size, start, end, step: step).count)
            }
            if step < 0 {
                let isReversal = start == -1 && (end.number ?? 0) <= -Int(Int32.max)
                return isReversal && step > .min ? size.dividedRoundingUp(by: .fixed(-step)) : .unknown
            }
            let last = Dimension.lesser(position(end, size), size)
            return (last - position(start, size)).clampedToZero.dividedRoundingUp(by: .fixed(step))
        }

        /// Counted from the start and not negative. Writers say "to the end" by the largest number of 32 or 64 bits.
        private func position(_ bound: Dimension, _ size: Dimension) -> Dimension {
            if let number = bound.number, number < 0 { return (size + bound).clampedToZero }
            if let number = bound.number, number >= Int(Int32.max) { return size }
            return bound.isProvablyNonnegative ? bound : .unknown
        }
    }
}
