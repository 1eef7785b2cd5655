import SeptumIR
import SeptumOperators
package import SeptumTensor

/// Copies rows of a table to where indices that are known only at run time say.
private func gatherRows(
    _ table: LoweringSite.Operand, _ indices: LoweringSite.Operand, _ output: LoweringSite.Operand, outer: Int, extent: Int,
    rowBytes: Int
) -> Step {
    let count = indices.count
    let isWide = indices.elementType == .int64
    return { addresses throws(ModelError) in
        for block in 0..<outer {
            let (source, target) = (
                addresses[table.slot] + block * extent * rowBytes, addresses[output.slot] + block * count * rowBytes
            )
            let misfit =
                isWide
                ? gather(addresses.read(indices.slot, Int64.self), count, extent, rowBytes, source, target)
                : gather(addresses.read(indices.slot, Int32.self), count, extent, rowBytes, source, target)
            if let misfit { throw ModelError(.invalidInput, "index \(misfit) is outside an axis of size \(extent)") }
        }
    }
}

/// Copies the rows that indices name; gives the first index that is outside.
private func gather<Index: FixedWidthInteger>(
    _ indices: UnsafePointer<Index>, _ count: Int, _ extent: Int, _ rowBytes: Int, _ source: UnsafeMutableRawPointer,
    _ target: UnsafeMutableRawPointer
) -> Int? {
    @inline(__always)
    func each(_ copy: (_ item: Int, _ index: Int) -> Void) -> Int? {
        for item in 0..<count {
            let given = Int(indices[item])
            let index = given < 0 ? given &+ extent : given
            guard index >= 0, index < extent else { return given }
            copy(item, index)
        }
        return nil
    }
    if rowBytes == 4 {
        let (from, to) = (source.assumingMemoryBound(to: UInt32.self), target.assumingMemoryBound(to: UInt32.self))
        return each { to[$0] = from[$1] }
    }
    return each { (target + $0 * rowBytes).copyMemory(from: source + $1 * rowBytes, byteCount: rowBytes) }
}

extension LoweringSite {
    /// The data, its indices and the output, when the indices are integers in memory.
    fileprivate var gathering: (table: Operand, indices: Operand, output: Operand)? {
        guard let table = input(0), let indices = input(1), let output = output(0),
            indices.elementType == .int64 || indices.elementType == .int32
        else { return nil }
        return (table, indices, output)
    }
}

extension Op.Gather: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let (table, indices, output) = site.gathering else { return nil }
        let axis = try normalizedAxis(axis, rank: table.shape.count)
        let outer = table.shape[..<axis].reduce(1, *)
        let rowBytes = table.shape[(axis + 1)...].reduce(table.elementType.byteWidth, *)
        return gatherRows(table, indices, output, outer: outer, extent: table.shape[axis], rowBytes: rowBytes)
    }
}

extension Op.GatherElements: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let (table, indices, output) = site.gathering else { return nil }
        let axis = try normalizedAxis(axis, rank: table.shape.count)
        let others = table.shape.indices.filter { $0 != axis }
        guard others.allSatisfy({ table.shape[$0] == indices.shape[$0] }) else { return nil }
        let (extent, width) = (table.shape[axis], table.elementType.byteWidth)
        let (outer, n) = (table.shape[..<axis].reduce(1, *), indices.shape[axis])
        let inner = table.shape[(axis + 1)...].reduce(1, *)
        let isWide = indices.elementType == .int64
        return { addresses throws(ModelError) in
            let (source, target) = (addresses[table.slot], addresses[output.slot])
            let (wide, narrow) = (addresses.read(indices.slot, Int64.self), addresses.read(indices.slot, Int32.self))
            for block in 0..<outer {
                for item in 0..<n {
                    for column in 0..<inner {
                        let place = (block * n + item) * inner + column
                        let given = isWide ? Int(wide[place]) : Int(narrow[place])
                        let index = given < 0 ? given &+ extent : given
                        guard index >= 0, index < extent else {
                            throw ModelError(.invalidInput, "index \(given) is outside an axis of size \(extent)")
                        }
                        (target + place * width)
                            .copyMemory(from: source + ((block * extent + index) * inner + column) * width, byteCount: width)
                    }
                }
            }
        }
    }
}

extension Op.GatherND: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let (table, indices, output) = site.gathering, indices.elementType == .int64, let depth = indices.shape.last,
            depth > 0, batchAxisCount + depth <= table.shape.count
        else { return nil }
        let batches = table.shape[..<batchAxisCount].reduce(1, *)
        let extents = Array(table.shape[batchAxisCount..<batchAxisCount + depth])
        let rowBytes = table.shape[(batchAxisCount + depth)...].reduce(table.elementType.byteWidth, *)
        let batchBytes = extents.reduce(rowBytes, *)
        let rows = batches == 0 ? 0 : indices.count / depth / batches
        return { addresses throws(ModelError) in
            let (source, target) = (addresses[table.slot], addresses[output.slot])
            let list = addresses.read(indices.slot, Int64.self)
            for batch in 0..<batches {
                for row in 0..<rows {
                    let entry = list + (batch * rows + row) * depth
                    var position = 0
                    for axis in 0..<depth {
                        let given = Int(entry[axis])
                        let index = given < 0 ? given &+ extents[axis] : given
                        guard index >= 0, index < extents[axis] else {
                            throw ModelError(.invalidInput, "index \(given) is outside an axis of size \(extents[axis])")
                        }
                        position = position * extents[axis] + index
                    }
                    (target + (batch * rows + row) * rowBytes)
                        .copyMemory(from: source + batch * batchBytes + position * rowBytes, byteCount: rowBytes)
                }
            }
        }
    }
}
