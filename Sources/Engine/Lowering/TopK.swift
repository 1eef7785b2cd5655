import SeptumIR
import SeptumOperators
package import SeptumTensor

extension Op.TopK: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let (x, values) = site.float32(), let k = values.shape.last, k > 0, x.count > 0 else { return nil }
        let axis = try normalizedAxis(axis, rank: x.shape.count)
        guard axis == x.shape.count - 1 else { return nil }
        let n = x.shape[axis]
        let rows = x.count / n
        let indices = site.output(1)
        let best = site.scratch(byteCount: k * 4)
        let places = site.scratch(byteCount: k * 8)
        let flip: UInt32 = takesLargest ? 0 : .max
        return { addresses throws(ModelError) in
            let keys = addresses.write(best, UInt32.self)
            let found = addresses.write(places, Int64.self)
            for row in 0..<rows {
                let source = addresses.read(x.slot, Float.self) + row * n
                var filled = 0
                for index in 0..<n {
                    let key = orderKey(source[index]) ^ flip
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
                let target = addresses.write(values.slot, Float.self) + row * k
                for place in 0..<k { target[place] = source[Int(found[place])] }
                if let indices { (addresses.write(indices.slot, Int64.self) + row * k).update(from: found, count: k) }
            }
        }
    }
}

/// An integer that orders as the number does, both zeros being equal and NaN the largest.
private func orderKey(_ value: Float) -> UInt32 {
    if value.isNaN { return .max }
    let bits = value == 0 ? 0 : value.bitPattern
    return bits & 0x8000_0000 == 0 ? bits | 0x8000_0000 : ~bits
}
