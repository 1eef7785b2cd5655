import SeptumIR
import SeptumOperators
package import SeptumTensor

extension LoweringSite {
    /// Reads the indices of an operand, int32 or int64; nil for other types.
    fileprivate func indexReader(_ operand: Operand) -> ((Addresses, Int) -> Int)? {
        let slot = operand.slot
        switch operand.elementType {
        case .int64: return { Int($0.read(slot, Int64.self)[$1]) }
        case .int32: return { Int($0.read(slot, Int32.self)[$1]) }
        default: return nil
        }
    }

    /// Data, indices, updates and output of a scattering.
    fileprivate var scattering: (data: Operand, indices: Operand, updates: Operand, output: Operand)? {
        guard let data = input(0), let indices = input(1), let updates = input(2), let output = output(0),
            updates.elementType == data.elementType, data.elementType.byteWidth > 0
        else { return nil }
        return (data, indices, updates, output)
    }
}

/// Puts a run of updates in place, or combines them with what is there.
private func put(
    _ source: UnsafeMutableRawPointer, _ target: UnsafeMutableRawPointer, count: Int, width: Int,
    _ combine: ((UnsafeMutableRawPointer, UnsafeRawPointer) -> Void)?
) {
    guard let combine else { return target.copyMemory(from: source, byteCount: count * width) }
    for index in 0..<count { combine(target + index * width, source + index * width) }
}

/// Scatters float32 along an axis, one element after another; gives an index that is outside.
private func scatter<Index: FixedWidthInteger>(
    _ indices: UnsafePointer<Index>, _ bases: [Int32], _ step: Int, _ extent: Int, _ source: UnsafePointer<Float>,
    _ target: UnsafeMutablePointer<Float>, _ reduction: ScatterReduction
) -> Int? {
    @inline(__always)
    func each(_ join: (Float, Float) -> Float) -> Int? {
        for position in bases.indices {
            let given = Int(indices[position])
            let index = given < 0 ? given &+ extent : given
            guard index >= 0, index < extent else { return given }
            let place = target + (Int(bases[position]) + index * step)
            place.pointee = join(place.pointee, source[position])
        }
        return nil
    }
    return switch reduction {
    case .none: each { $1 }
    case .add: each { $0 + $1 }
    case .mul: each { $0 * $1 }
    case .max: each { $0.isNaN || $0 > $1 ? $0 : $1 }
    case .min: each { $0.isNaN || $0 < $1 ? $0 : $1 }
    }
}

private func outside(_ index: Int, _ extent: Int) -> ModelError {
    ModelError(.invalidInput, "index \(index) is outside an axis of size \(extent)")
}

extension Op.ScatterElements: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let (data, indices, updates, output) = site.scattering, let read = site.indexReader(indices),
            updates.shape == indices.shape, data.count <= Int(Int32.max), data.count > 0
        else { return nil }
        let axis = try normalizedAxis(axis, rank: data.shape.count)
        guard indices.shape.count == data.shape.count,
            indices.shape.indices.allSatisfy({ $0 == axis || indices.shape[$0] <= data.shape[$0] })
        else { return nil }
        var strides = rowMajorStrides(data.shape)
        let (step, extent) = (strides[axis], data.shape[axis])
        strides[axis] = 0
        let bases = Strided(indices.shape, strides).map { Int32($0) }
        let combine = try reduction.combine(data.elementType)
        let (bytes, width) = (data.count * data.elementType.byteWidth, data.elementType.byteWidth)
        if data.elementType == .float32 {
            let (reduction, isWide) = (reduction, indices.elementType == .int64)
            return { addresses throws(ModelError) in
                addresses[output.slot].copyMemory(from: addresses[data.slot], byteCount: bytes)
                let (source, target) = (addresses.read(updates.slot, Float.self), addresses.write(output.slot, Float.self))
                let misfit =
                    isWide
                    ? scatter(addresses.read(indices.slot, Int64.self), bases, step, extent, source, target, reduction)
                    : scatter(addresses.read(indices.slot, Int32.self), bases, step, extent, source, target, reduction)
                if let misfit { throw outside(misfit, extent) }
            }
        }
        return { addresses throws(ModelError) in
            let target = addresses[output.slot]
            target.copyMemory(from: addresses[data.slot], byteCount: bytes)
            for position in bases.indices {
                let given = read(addresses, position)
                let index = given < 0 ? given &+ extent : given
                guard index >= 0, index < extent else { throw outside(given, extent) }
                put(
                    addresses[updates.slot] + position * width, target + (Int(bases[position]) + index * step) * width, count: 1,
                    width: width, combine)
            }
        }
    }
}

extension Op.ScatterND: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let (data, indices, updates, _) = site.scattering,
            indices.elementType == .int64 || indices.elementType == .int32, let depth = indices.shape.last, depth > 0,
            depth <= data.shape.count, data.count > 0,
            updates.shape == indices.shape.dropLast() + data.shape[depth...]
        else { return nil }
        let extents = Array(data.shape[..<depth])
        let size = data.shape[depth...].reduce(1, *)
        let rows = indices.shape.dropLast().reduce(1, *)
        let rowBytes = size * data.elementType.byteWidth
        let bytes = data.count * data.elementType.byteWidth
        guard bytes <= Int(Int32.max) else { return nil }
        let list = indices.isFixed ? site.kept(byteCount: rows * 4) : site.scratch(byteCount: rows * 4)
        let isWide = indices.elementType == .int64
        let find: Step = { addresses throws(ModelError) in
            let target = addresses.write(list, Int32.self)
            if isWide {
                try findRows(addresses.read(indices.slot, Int64.self), rows, extents, rowBytes, target)
            } else {
                try findRows(addresses.read(indices.slot, Int32.self), rows, extents, rowBytes, target)
            }
        }
        let scatter = try scatterRows(site, rows: rows, size: size, list: list, bytes: bytes)
        guard indices.isFixed else { return inOrder([find, scatter]) }
        site.prepare(find, reading: [1])
        return scatter
    }

    /// Puts the updates where the list says, in bytes from the beginning.
    private func scatterRows(
        _ site: LoweringSite, rows: Int, size: Int, list: Int, bytes: Int
    ) throws(ModelError) -> Step {
        guard let (data, _, updates, output) = site.scattering else { return { _ in } }
        let width = data.elementType.byteWidth
        let rowBytes = size * width
        func each(
            _ work: @escaping (UnsafeMutableRawPointer, UnsafeMutableRawPointer) -> Void
        ) -> Step {
            { addresses throws(ModelError) in
                let (source, target) = (addresses[updates.slot], addresses[output.slot])
                let list = addresses.read(list, Int32.self)
                target.copyMemory(from: addresses[data.slot], byteCount: bytes)
                for row in 0..<rows { work(target + Int(list[row]), source + row * rowBytes) }
            }
        }
        if reduction == .none {
            if rowBytes == 4 {
                return { addresses throws(ModelError) in
                    let (source, target) = (addresses.read(updates.slot, UInt32.self), addresses[output.slot])
                    let list = addresses.read(list, Int32.self)
                    target.copyMemory(from: addresses[data.slot], byteCount: bytes)
                    for row in 0..<rows { target.storeBytes(of: source[row], toByteOffset: Int(list[row]), as: UInt32.self) }
                }
            }
            return each { $0.copyMemory(from: $1, byteCount: rowBytes) }
        }
        if reduction == .add, data.elementType == .float32 {
            return { addresses throws(ModelError) in
                let (source, target) = (addresses.read(updates.slot, Float.self), addresses[output.slot])
                let list = addresses.read(list, Int32.self)
                target.copyMemory(from: addresses[data.slot], byteCount: bytes)
                for row in 0..<rows {
                    let place = (target + Int(list[row])).assumingMemoryBound(to: Float.self)
                    for item in 0..<size { place[item] += source[row * size + item] }
                }
            }
        }
        let combine = try reduction.combine(data.elementType)
        return each { put($1, $0, count: size, width: width, combine) }
    }
}

/// Where the rows that indices name begin, in bytes; all of them are within 2^31.
private func findRows<Index: FixedWidthInteger>(
    _ indices: UnsafePointer<Index>, _ count: Int, _ extents: [Int], _ rowBytes: Int, _ target: UnsafeMutablePointer<Int32>
) throws(ModelError) {
    var entry = indices
    for row in 0..<count {
        var place = 0
        for axis in extents.indices {
            let (extent, given) = (extents[axis], Int(entry.pointee))
            let index = given < 0 ? given &+ extent : given
            guard index >= 0, index < extent else { throw outside(given, extent) }
            place = place * extent + index
            entry += 1
        }
        target[row] = Int32(truncatingIfNeeded: place * rowBytes)
    }
}

extension Op.OneHot: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let indices = site.input(0), let values = site.input(2), let y = site.output(0), values.count == 2,
            let read = numberReader(indices.elementType), indices.elementType.isInteger, indices.elementType != .uint64
        else { return nil }
        let axis = try normalizedAxis(axis, rank: y.shape.count)
        let depth = y.shape[axis]
        let inner = y.shape[(axis + 1)...].reduce(1, *)
        let (count, width) = (y.count, values.elementType.byteWidth)
        guard count > 0, width > 0 else { return nil }
        let positions = indices.count
        return { addresses throws(ModelError) in
            let (target, source) = (addresses[y.slot], addresses[values.slot])
            for index in 0..<count { (target + index * width).copyMemory(from: source, byteCount: width) }
            for position in 0..<positions {
                let given = read(addresses[indices.slot], position)
                guard given >= Double(-depth), given < Double(depth) else { continue }
                let index = given < 0 ? Int(given) + depth : Int(given)
                let place = (position / inner * depth + index) * inner + position % inner
                (target + place * width).copyMemory(from: source + width, byteCount: width)
            }
        }
    }
}
