import SeptumIR
import SeptumKernels
import SeptumOperators
package import SeptumTensor

extension Op.TopK: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let x = site.input(0), let shape = (site.output(0) ?? site.output(1))?.shape, x.count > 0 else { return nil }
        let axis = try normalizedAxis(axis, rank: x.shape.count)
        guard shape[axis] > 0 else { return nil }
        let (outer, n, inner) = (x.shape[..<axis].reduce(1, *), x.shape[axis], x.shape[(axis + 1)...].reduce(1, *))
        if x.elementType == .float32, inner == 1, n <= Op.TopK.comparingLimit, shape[axis] > 2 {
            return compare(&site, x.slot, outer, n, shape[axis])
        }
        let work = RankingWork(
            x: x.slot, values: site.output(0)?.slot, indices: site.output(1)?.slot, outer: outer, n: n, k: shape[axis],
            inner: inner, keys: site.scratch(byteCount: shape[axis] * 8), places: site.scratch(byteCount: shape[axis] * 8),
            flip: takesLargest ? 0 : .max)
        return x.elementType == .float32 ? work.real32() : try? x.elementType.dispatch(work)
    }

    /// Rows of at most so many elements are ranked by comparing all pairs, which has no branches.
    private static let comparingLimit = 128

    private func compare(_ site: inout LoweringSite, _ x: Int, _ rows: Int, _ n: Int, _ k: Int) -> Step {
        let (values, takesLargest) = (site.output(0)?.slot, takesLargest)
        let places = site.output(1)?.slot ?? site.scratch(byteCount: rows * k * 8)
        let scratch = site.scratch(byteCount: KernelTable.rankScratchByteCount(n))
        return { addresses throws(ModelError) in
            let (source, found) = (addresses.read(x, Float.self), addresses.write(places, Int64.self))
            kernels.rank(rows, n, k, source, takesLargest: takesLargest, found, scratch: addresses[scratch])
            guard let values else { return }
            let target = addresses.write(values, Float.self)
            for row in 0..<rows {
                for place in row * k..<(row + 1) * k { target[place] = source[row * n + Int(found[place])] }
            }
        }
    }
}

/// The k elements with the largest keys along the middle axis of `[outer, n, inner]`, the first one of equals first.
private struct RankingWork: ElementVisitor {
    let x: Int
    let values: Int?
    let indices: Int?
    let outer: Int
    let n: Int
    let k: Int
    let inner: Int
    /// Slots of the keys and the places of the best elements so far.
    let keys: Int
    let places: Int
    /// Turns the order of keys round.
    let flip: UInt64

    private func work<T: Scalar, Key: FixedWidthInteger>(_ type: T.Type, _ key: @escaping (T) -> Key) -> Step {
        { [self] addresses throws(ModelError) in rank(addresses, key) }
    }

    @inline(__always)
    private func rank<T: Scalar, Key: FixedWidthInteger>(_ addresses: Addresses, _ key: (T) -> Key) {
        let (keys, found) = (addresses.write(keys, Key.self), addresses.write(places, Int64.self))
        let flip = Key(truncatingIfNeeded: flip)
        for row in 0..<outer * inner {
            let (block, lane) = (row / inner, row % inner)
            let source = addresses.read(x, T.self) + block * n * inner + lane
            var filled = 0
            for index in 0..<n {
                let key = key(source[index * inner]) ^ flip
                if filled == k, key <= keys[k - 1] { continue }
                var place = filled < k ? filled : k - 1
                while place > 0, keys[place - 1] < key {
                    keys[place] = keys[place - 1]
                    found[place] = found[place - 1]
                    place -= 1
                }
                keys[place] = key
                found[place] = Int64(index)
                if filled < k { filled += 1 }
            }
            let start = block * k * inner + lane
            for place in 0..<k {
                if let values {
                    addresses.write(values, T.self)[start + place * inner] = source[Int(found[place]) * inner]
                }
                if let indices { addresses.write(indices, Int64.self)[start + place * inner] = found[place] }
            }
        }
    }

    /// Keys order as the numbers do, both zeros being equal and NaN the largest.
    func real32() -> Step {
        { [self] addresses throws(ModelError) in rank(addresses, RankingWork.key) }
    }

    @inline(__always)
    private static func key(_ value: Float) -> UInt32 {
        if value.isNaN { return UInt32.max }
        let bits = value == 0 ? 0 : value.bitPattern
        return bits & 0x8000_0000 == 0 ? bits | 0x8000_0000 : ~bits
    }

    func real<T: Element>(_ type: T.Type) throws(ModelError) -> Step where T.Wide == Double {
        work(type) { element in
            let value = element.wide
            if value.isNaN { return UInt64.max }
            let bits = value == 0 ? 0 : value.bitPattern
            return bits & 1 << 63 == 0 ? bits | 1 << 63 : ~bits
        }
    }
    func signed<T: Element>(_ type: T.Type) throws(ModelError) -> Step where T.Wide == Int64 {
        work(type) { UInt64(bitPattern: $0.wide) ^ 1 << 63 }
    }
    func unsigned<T: Element>(_ type: T.Type) throws(ModelError) -> Step where T.Wide == UInt64 { work(type) { $0.wide } }
}
