import SeptumIR
import SeptumKernels
import SeptumOperators
package import SeptumTensor

extension Op.MatMul: ProductOperator {
    func lower<T: ProductElement>(_ site: inout LoweringSite, of type: T.Type) throws(ModelError) -> Step? {
        guard let x = site.input(0), let w = site.input(1), let y = site.output(0), !x.shape.isEmpty, !w.shape.isEmpty else {
            return nil
        }
        let left = x.shape.count == 1 ? [1] + x.shape : x.shape
        let right = w.shape.count == 1 ? w.shape + [1] : w.shape
        let (m, k, n) = (left[left.count - 2], left[left.count - 1], right[right.count - 1])
        let (leftBatch, rightBatch) = (Array(left.dropLast(2)), Array(right.dropLast(2)))
        if rightBatch.allSatisfy({ $0 == 1 }) {
            let rows = leftBatch.reduce(m, *)
            let matrix = try site.packedMatrices(w, k: k, n: n, of: type)
            if let divided = site.dividedProduct(rows, k, n, x.slot, matrix, nil, y.slot) { return divided }
            return { addresses throws(ModelError) in
                T.multiply(rows, k, n, addresses.read(x.slot), matrix(0, addresses), nil, addresses.write(y.slot))
            }
        }
        guard y.count > 0, w.count > 0,
            let plan = BroadcastPlan([leftBatch, rightBatch], to: Array(y.shape.prefix(rank(y, x, w))))
        else { return nil }
        let matrices = try site.packedMatrices(w, k: k, n: n, count: rightBatch.reduce(1, *), of: type)
        func multiply(_ addresses: Addresses, _ range: Range<Int>) {
            let (source, target) = (addresses.read(x.slot, T.self), addresses.write(y.slot, T.self))
            var (block, item) = (range.lowerBound / plan.length, range.lowerBound % plan.length)
            for index in range {
                let a = plan.start(0, block) + item * plan.steps[0]
                let b = plan.start(1, block) + item * plan.steps[1]
                T.multiply(m, k, n, source + a * m * k, matrices(b, addresses), nil, target + index * m * n)
                item += 1
                if item == plan.length { (block, item) = (block + 1, 0) }
            }
        }
        let count = plan.blockCount * plan.length
        if let division = site.division(count, cost: Double(m) * Double(k) * Double(n)) { return division.step(multiply) }
        return { addresses throws(ModelError) in multiply(addresses, 0..<count) }
    }

    /// The number of axes of the stack of matrices.
    private func rank(_ y: LoweringSite.Operand, _ x: LoweringSite.Operand, _ w: LoweringSite.Operand) -> Int {
        y.shape.count - (x.shape.count > 1 ? 1 : 0) - (w.shape.count > 1 ? 1 : 0)
    }
}

extension Op.Gemm: ProductOperator {
    func lower<T: ProductElement>(_ site: inout LoweringSite, of type: T.Type) throws(ModelError) -> Step? {
        guard let x = site.input(0), let w = site.input(1), let y = site.output(0), let alpha = T(exactFactor: alpha),
            let beta = T(exactFactor: beta)
        else { return nil }
        let (m, k, n) = (y.shape[0], x.shape[transposesA ? 0 : 1], y.shape[1])
        let bias = site.input(2)
        let matrix = try site.packedMatrices(w, k: k, n: n, transposed: transposesB, of: type)
        let turned = transposesA ? site.scratch(byteCount: x.count * MemoryLayout<T>.stride) : nil
        // A bias that is one row enters each chain; any other one is added to what the chains give.
        let isRow = bias == nil || alpha == 1 && beta == 1 && bias?.count == n && (bias?.shape.last == n || n == 1)
        let row = isRow ? bias : nil
        let divided = turned == nil ? site.dividedProduct(m, k, n, x.slot, matrix, row?.slot, y.slot) : nil
        let whole: Step = { addresses throws(ModelError) in
            if let turned {
                let (source, target) = (addresses.read(x.slot, T.self), addresses.write(turned, T.self))
                for inner in 0..<k { for row in 0..<m { target[row * k + inner] = source[inner * m + row] } }
            }
            T.multiply(
                m, k, n, addresses.read(turned ?? x.slot), matrix(0, addresses), row.map { addresses.read($0.slot) },
                addresses.write(y.slot))
        }
        let product = divided ?? whole
        if isRow, alpha == 1 { return product }
        let strides = bias.map { broadcastStrides($0.shape, to: y.shape) } ?? [0, 0]
        let added = isRow ? nil : bias
        return { addresses throws(ModelError) in
            try product(addresses)
            let sums = addresses.write(y.slot, T.self)
            let addend: UnsafePointer<T>? = added.map { addresses.read($0.slot) }
            for row in 0..<m {
                for column in 0..<n {
                    let start = addend?[row * strides[0] + column * strides[1]].wrappingMultiplied(by: beta) ?? 0
                    sums[row * n + column] = start.adding(sums[row * n + column], times: alpha)
                }
            }
        }
    }
}

extension Op.MatMulInteger: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let x = site.input(0), let w = site.input(1), let y = site.output(0), !x.shape.isEmpty, !w.shape.isEmpty else {
            return nil
        }
        if let product = try IntegerProduct(&site, x, site.input(2), w, site.input(3)) {
            return { addresses throws(ModelError) in
                product.run(addresses, IntegerEnding(start: product.starts(addresses)), y.slot)
            }
        }
        if w.shape.count == 2,
            let step = try site.integerProduct(
                channelAxis: 1, { inner throws(ModelError) in try Op.MatMul().lower(&inner, of: Float.self) })
        {
            return step
        }
        // A zero point for each row of A comes as a vector.
        var rows = site.input(2)
        if let vector = rows, vector.shape.count == 1, vector.count > 1 {
            rows = .init(
                elementType: vector.elementType, shape: [vector.count, 1], slot: vector.slot, constant: nil, weight: nil)
        }
        guard let (left, first) = centred(&site, x, rows), let (right, second) = centred(&site, w, site.input(3)) else {
            return nil
        }
        var inner = site.replacing(inputs: [left, right], outputs: [y])
        guard let product = try Op.MatMul().lower(&inner, of: Int32.self) else { return nil }
        site.adopt(inner)
        return inOrder([first, second, product])
    }

    /// 8-bit integers less their zero point, in int32.
    private func centred(
        _ site: inout LoweringSite, _ x: LoweringSite.Operand, _ zero: LoweringSite.Operand?
    ) -> (LoweringSite.Operand, Step)? {
        let zeroShape = zero?.count == 1 ? [] : zero?.shape ?? []
        guard (try? broadcastShape(x.shape, zeroShape)) == x.shape, x.count > 0,
            let plan = BroadcastPlan([x.shape, zeroShape], to: x.shape)
        else { return nil }
        let slot = site.scratch(byteCount: x.count * 4)
        let isSigned = x.elementType == .int8
        let step: Step = { addresses throws(ModelError) in
            let (bytes, target) = (addresses.read(x.slot, UInt8.self), addresses.write(slot, Int32.self))
            let zeros: UnsafePointer<UInt8>? = zero.map { addresses.read($0.slot) }
            func value(_ byte: UInt8) -> Int32 { isSigned ? Int32(Int8(bitPattern: byte)) : Int32(byte) }
            for block in 0..<plan.blockCount {
                for index in 0..<plan.length {
                    let offset = zeros?[plan.start(1, block) + index * plan.steps[1]] ?? 0
                    let byte = bytes[plan.start(0, block) + index * plan.steps[0]]
                    target[block * plan.length + index] = value(byte) - value(offset)
                }
            }
        }
        return (.init(elementType: .int32, shape: x.shape, slot: slot, constant: nil, weight: nil), step)
    }
}
