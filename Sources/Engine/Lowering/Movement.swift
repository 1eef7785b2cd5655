import SeptumIR
import SeptumOperators
package import SeptumTensor

// Operators whose outputs are boxes of their inputs: planned from shapes and strides alone.

extension LoweringSite {
    /// The work of copying boxes of input elements to outputs; an output that is one block of its input is no copy at all.
    fileprivate mutating func copies(_ boxes: [StridedCopy]) -> Step {
        var steps: [Step] = []
        for box in boxes {
            if let view = box.view {
                views.append(view)
            } else if !box.isEmpty {
                steps.append(box.step(&self))
            }
        }
        isFree = steps.isEmpty
        return inOrder(steps)
    }
}

extension Op.Transpose: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let x = site.input(0), let y = site.output(0) else { return nil }
        let strides = rowMajorStrides(x.shape)
        return site.copies([StridedCopy(x, try order(rank: x.shape.count).map { strides[$0] }, to: y)])
    }
}

extension Op.Slice: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let x = site.input(0), let y = site.output(0) else { return nil }
        var bounds: [[Int]?] = []
        for index in 1...4 {
            guard let operand = site.input(index) else { bounds.append(nil); continue }
            guard let values = operand.constant?.integers else { return nil }
            bounds.append(values)
        }
        guard let starts = bounds[0], let ends = bounds[1] else { return nil }
        let box = try box(x.shape, starts, ends, axes: bounds[2], steps: bounds[3])
        guard box.shape == y.shape else { return nil }
        return site.copies([StridedCopy(x, box.strides, from: box.start, to: y)])
    }
}

extension Op.Split: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let x = site.input(0) else { return nil }
        let axis = try normalizedAxis(axis, rank: x.shape.count)
        let count = site.outputs.count
        let equal = x.shape[axis] / count + (x.shape[axis] % count == 0 ? 0 : 1)
        let given = site.input(1)
        guard given == nil || given?.constant != nil else { return nil }
        let sizes = given?.constant?.integers ?? (0..<count).map { min(equal, max(0, x.shape[axis] - $0 * equal)) }
        guard sizes.count == count else { return nil }
        let strides = rowMajorStrides(x.shape)
        var (copies, start): ([StridedCopy], Int) = ([], 0)
        for (output, size) in zip(site.outputs, sizes) {
            if let output {
                guard output.shape[axis] == size, start + size <= x.shape[axis] else { return nil }
                copies.append(StridedCopy(x, strides, from: start * strides[axis], to: output))
            }
            start += size
        }
        return site.copies(copies)
    }
}

extension Op.Expand: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let x = site.input(0), let y = site.output(0), (try? broadcastShape(x.shape, y.shape)) == y.shape else {
            return nil
        }
        return site.copies([StridedCopy(x, broadcastStrides(x.shape, to: y.shape), to: y)])
    }
}

extension Op.Tile: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let x = site.input(0), let y = site.output(0), x.shape.count == y.shape.count, x.count > 0 else { return nil }
        let (own, target) = (rowMajorStrides(x.shape), rowMajorStrides(y.shape))
        var (box, strides, targetStrides): ([Int], [Int], [Int]) = ([], [], [])
        for axis in x.shape.indices {
            box += [y.shape[axis] / x.shape[axis], x.shape[axis]]
            strides += [0, own[axis]]
            targetStrides += [target[axis] * x.shape[axis], target[axis]]
        }
        return site.copies([StridedCopy(x, strides, to: y, box: box, targetStrides: targetStrides)])
    }
}

extension Op.Concat: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let y = site.output(0) else { return nil }
        let axis = try normalizedAxis(axis, rank: y.shape.count)
        let target = rowMajorStrides(y.shape)
        var (copies, start): ([StridedCopy], Int) = ([], 0)
        for operand in site.inputs {
            guard let operand, operand.shape.count == y.shape.count else { return nil }
            var box = y.shape
            box[axis] = operand.shape[axis]
            guard box == operand.shape, start + box[axis] <= y.shape[axis] else { return nil }
            copies.append(
                StridedCopy(
                    operand, rowMajorStrides(box), to: y, box: box, targetStrides: target, targetStart: start * target[axis]))
            start += box[axis]
        }
        return start == y.shape[axis] ? site.copies(copies) : nil
    }
}

extension Op.Pad: MovementOperator {
    var fillInput: Int? { 2 }

    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard mode == .constant, let x = site.input(0), let y = site.output(0), let pads = site.input(1)?.constant?.integers,
            site.input(3) == nil || site.input(3)?.constant != nil
        else { return try lowerMovement(&site) }
        var axes: [Int] = []
        for axis in site.input(3)?.constant?.integers ?? Array(x.shape.indices) {
            axes.append(try normalizedAxis(axis, rank: x.shape.count))
        }
        guard pads.count == 2 * axes.count, x.shape.count == y.shape.count else { return nil }
        let (own, target) = (rowMajorStrides(x.shape), rowMajorStrides(y.shape))
        var (box, start, targetStart) = (x.shape, 0, 0)
        for (index, axis) in axes.enumerated() {
            let (before, after) = (pads[index], pads[index + axes.count])
            box[axis] += min(before, 0) + min(after, 0)
            start -= min(before, 0) * own[axis]
            targetStart += max(before, 0) * target[axis]
            guard box[axis] >= 0, box[axis] + max(before, 0) + max(after, 0) == y.shape[axis] else { return nil }
        }
        let fill = site.input(2)
        guard fill == nil || fill?.count == 1 && fill?.elementType == x.elementType else { return nil }
        let copy = StridedCopy(
            x, own, from: start, to: y, box: box, targetStrides: target, targetStart: targetStart)
        let step = copy.isEmpty ? nil : copy.step(&site)
        let (byteCount, width) = (y.count * y.elementType.byteWidth, y.elementType.byteWidth)
        return { addresses throws(ModelError) in
            let output = addresses[y.slot]
            if let fill {
                var place = 0
                while place < byteCount {
                    (output + place).copyMemory(from: addresses[fill.slot], byteCount: width)
                    place += width
                }
            } else {
                output.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
            }
            try step?(addresses)
        }
    }
}

/// Between a depth and blocks of height and width: the axes `split` into more, then permuted.
private func lowerBlocks(
    _ site: inout LoweringSite, _ order: [Int], _ split: ([Int]) -> [Int]
) -> Step? {
    guard let x = site.input(0), let y = site.output(0), x.shape.count == 4 else { return nil }
    let shape = split(x.shape)
    let strides = rowMajorStrides(shape)
    let box = order.map { shape[$0] }
    guard box.reduce(1, *) == y.count, x.count == y.count else { return nil }
    return site.copies([
        StridedCopy(x, order.map { strides[$0] }, to: y, box: box, targetStrides: rowMajorStrides(box))
    ])
}

extension Op.DepthToSpace: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        let b = blockSize
        let isBlockFirst = order == .depthColumnRow
        return lowerBlocks(&site, isBlockFirst ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3]) { x in
            [x[0]] + (isBlockFirst ? [b, b, x[1] / (b * b)] : [x[1] / (b * b), b, b]) + x[2...]
        }
    }
}

extension Op.SpaceToDepth: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        let b = blockSize
        return lowerBlocks(&site, order == .depthColumnRow ? [0, 3, 5, 1, 2, 4] : [0, 1, 3, 5, 2, 4]) { x in
            [x[0], x[1], x[2] / b, b, x[3] / b, b]
        }
    }
}

// MARK: What follows from the shape

extension Op.EyeLike: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let x = site.input(0), let y = site.output(0),
            let result = try evaluate(Arguments([.tensor(try Tensor(zeros: x.elementType, x.shape))], outputCount: 1)).first?
                .tensor
        else { return nil }
        let (slot, byteCount) = (site.resident(result), result.byteCount)
        return { addresses throws(ModelError) in addresses[y.slot].copyMemory(from: addresses[slot], byteCount: byteCount) }
    }
}

extension Op.Dropout: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        let isInference = site.input(2) == nil || site.input(2)?.constant?.integers?.allSatisfy { $0 == 0 } ?? false
        guard isInference, let x = site.input(0) else { return nil }
        let (y, mask, count, byteCount) = (site.output(0), site.output(1), x.count, x.count * x.elementType.byteWidth)
        return { addresses throws(ModelError) in
            if let y { addresses[y.slot].copyMemory(from: addresses[x.slot], byteCount: byteCount) }
            if let mask { addresses.write(mask.slot, Bool8.self).update(repeating: true, count: count) }
        }
    }
}
