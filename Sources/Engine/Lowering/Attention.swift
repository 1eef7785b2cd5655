import SeptumIR
import SeptumKernels
import SeptumOperators
package import SeptumTensor

extension Op.Attention: WidenedOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        switch site.input(0)?.elementType {
        case .float32 where softmaxPrecision == nil || softmaxPrecision == .float32: try lower(&site, of: Float.self)
        case .float64 where softmaxPrecision == nil || softmaxPrecision == .float64: try lower(&site, of: Double.self)
        default: nil
        }
    }

    /// Without a cache of earlier keys and with the attention as the only output.
    private func lower<T: ProductElement & BinaryFloatingPoint>(
        _ site: inout LoweringSite, of type: T.Type
    ) throws(ModelError) -> Step? {
        guard let q = site.input(0), let k = site.input(1), let v = site.input(2), let y = site.output(0), y.count > 0,
            k.count > 0,
            site.outputs.dropFirst().allSatisfy({ $0 == nil }), site.inputs.dropFirst(4).allSatisfy({ $0 == nil }),
            let query = Heads(q.shape, heads: queryHeads), let key = Heads(k.shape, heads: keyHeads),
            let value = Heads(v.shape, heads: keyHeads), let output = Heads(y.shape, heads: queryHeads),
            key.heads > 0, query.heads % key.heads == 0, value.heads == key.heads, value.length == key.length
        else { return nil }
        let (queries, all, features, valueFeatures) = (query.length, key.length, query.features, value.features)
        let (batch, heads, repeats) = (query.batch, query.heads, query.heads / key.heads)
        let mask = site.input(3)
        let maskStrides = mask.map { broadcastStrides($0.shape, to: [batch, heads, queries, all]) } ?? []
        let maskKeys = mask?.shape.last ?? all
        let isBool = mask?.elementType == .bool
        let factor = T((scale.map(Double.init) ?? 1 / Double(features).squareRoot()).squareRoot())
        func room(_ count: Int) -> Int { site.scratch(byteCount: max(1, count) * MemoryLayout<T>.stride, forEachThread: true) }
        let (left, right, scores) = (room(queries * features), room(all * max(features, valueFeatures)), room(queries * all))
        let packed = room(max(T.packedCount(features, all), T.packedCount(all, valueFeatures)))
        let result = room(queries * valueFeatures)
        let op = self
        func attend(_ addresses: Addresses, _ range: Range<Int>) {
            let (a, b, score) = (addresses.write(left, T.self), addresses.write(right, T.self), addresses.write(scores, T.self))
            let (matrix, product) = (addresses.write(packed, T.self), addresses.write(result, T.self))
            for index in range {
                let (image, head) = (index / heads, index % heads)
                query.copy(addresses.read(q.slot), image, head, times: factor, a)
                key.copy(addresses.read(k.slot), image, head / repeats, times: factor, b)
                T.pack(features, all, b, transposed: true, matrix)
                T.multiply(queries, features, all, a, matrix, nil, score)
                for row in 0..<queries {
                    let line = score + row * all
                    if op.softcap > 0 {
                        for column in 0..<all {
                            line[column] = T(Double(op.softcap) * Elementary.tanh(Double(line[column]) / Double(op.softcap)))
                        }
                    }
                    var isHidden = true
                    for column in 0..<all {
                        var added: T = 0
                        if column >= maskKeys || op.hides(column, from: row) {
                            added = -.infinity
                        } else if let mask {
                            let place =
                                image * maskStrides[0] + head * maskStrides[1] + row * maskStrides[2] + column * maskStrides[3]
                            added =
                                isBool
                                ? addresses.read(mask.slot, Bool8.self)[place].value ? 0 : -.infinity
                                : addresses.read(mask.slot, T.self)[place]
                        }
                        if added != -.infinity { isHidden = false }
                        line[column] += added
                    }
                    if isHidden { line.update(repeating: 0, count: all) } else { softmax(line, all) }
                }
                value.copy(addresses.read(v.slot), image, head / repeats, times: 1, b)
                T.pack(all, valueFeatures, b, transposed: false, matrix)
                T.multiply(queries, all, valueFeatures, score, matrix, nil, product)
                output.put(product, image, head, addresses.write(y.slot))
            }
        }
        let cost = Double(queries) * Double(all) * Double(features + valueFeatures + 16)
        if let division = site.division(batch * heads, cost: cost) { return division.step(attend) }
        return { addresses throws(ModelError) in attend(addresses, 0..<batch * heads) }
    }

    /// Whether causality or a window hides a key from a query.
    fileprivate func hides(_ key: Int, from query: Int) -> Bool {
        isCausal && key > query || leftWindow >= 0 && key < query - leftWindow || rightWindow >= 0 && key > query + rightWindow
    }
}

/// The softmax of one row in place.
private func softmax<T: BinaryFloatingPoint>(_ row: UnsafeMutablePointer<T>, _ count: Int) {
    if T.self == Float.self {
        let row = UnsafeMutableRawPointer(row).assumingMemoryBound(to: Float.self)
        return kernels.softmax(1, count, 1, row, row)
    }
    var (largest, sum): (T, T) = (-.infinity, 0)
    for index in 0..<count where row[index] > largest || row[index].isNaN { largest = row[index] }
    for index in 0..<count {
        row[index] = T(Elementary.exp(Double(row[index] - largest)))
        sum += row[index]
    }
    for index in 0..<count { row[index] /= sum }
}

/// Heads as an axis of their own, `(batch, heads, length, features)`, or side by side, `(batch, length, heads * features)`.
private struct Heads {
    let batch: Int
    let heads: Int
    let length: Int
    let features: Int
    let isFlat: Bool

    init?(_ shape: [Int], heads: Int?) {
        isFlat = shape.count == 3
        if isFlat {
            guard let heads, heads > 0 else { return nil }
            (batch, self.heads, length, features) = (shape[0], heads, shape[1], shape[2] / heads)
        } else {
            guard shape.count == 4 else { return nil }
            (batch, self.heads, length, features) = (shape[0], shape[1], shape[2], shape[3])
        }
    }

    @inline(__always)
    private func start(_ image: Int, _ head: Int, _ row: Int) -> Int {
        isFlat ? ((image * length + row) * heads + head) * features : ((image * heads + head) * length + row) * features
    }

    /// Gathers the rows of one head.
    func copy<T: BinaryFloatingPoint>(
        _ source: UnsafePointer<T>, _ image: Int, _ head: Int, times factor: T, _ target: UnsafeMutablePointer<T>
    ) {
        for row in 0..<length {
            let start = start(image, head, row)
            for feature in 0..<features { target[row * features + feature] = source[start + feature] * factor }
        }
    }

    /// Puts the rows of one head in place.
    func put<T: BinaryFloatingPoint>(
        _ source: UnsafeMutablePointer<T>, _ image: Int, _ head: Int, _ target: UnsafeMutablePointer<T>
    ) {
        for row in 0..<length { (target + start(image, head, row)).update(from: source + row * features, count: features) }
    }
}
