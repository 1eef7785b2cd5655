import SeptumIR
import SeptumOperators
import SeptumTensor

extension Op.Einsum: ProductOperator {
    func lower<T: ProductElement>(_ site: inout LoweringSite, of type: T.Type) throws(ModelError) -> Step? {
        guard let y = site.output(0), y.count > 0 else { return nil }
        var operands: [LoweringSite.Operand] = []
        for operand in site.inputs {
            guard let operand, operand.count > 0 else { return nil }
            operands.append(operand)
        }
        let bound = try EinsumEquation(equation).bound(to: operands.map { $0.shape.map(Dimension.fixed) })
        if let step = try matrixProduct(&site, operands, y, bound, of: type) { return step }
        return sums(operands, y, bound, of: type)
    }

    /// Two operands that are stacks of matrices after a permutation of their axes.
    private func matrixProduct<T: ProductElement>(
        _ site: inout LoweringSite, _ operands: [LoweringSite.Operand], _ y: LoweringSite.Operand,
        _ bound: EinsumEquation.Bound, of type: T.Type
    ) throws(ModelError) -> Step? {
        guard operands.count == 2 else { return nil }
        let (first, second) = (Set(bound.operands[0]), Set(bound.operands[1]))
        let summed = bound.summed
        for (operand, indices) in zip(operands, bound.operands) {
            // No diagonal, nothing broadcast.
            guard Set(indices).count == indices.count,
                zip(indices, operand.shape).allSatisfy({ bound.sizes[$0]?.number == $1 })
            else { return nil }
        }
        guard summed.allSatisfy({ first.contains($0) && second.contains($0) }) else { return nil }
        let stack = bound.output.filter { first.contains($0) && second.contains($0) }
        let rows = bound.output.filter { first.contains($0) && !second.contains($0) }
        let columns = bound.output.filter { !first.contains($0) && second.contains($0) }
        func size(_ indices: [EinsumEquation.Index]) -> Int { indices.reduce(1) { $0 * (bound.sizes[$1]?.number ?? 1) } }
        let (batch, m, k, n) = (size(stack), size(rows), size(summed), size(columns))
        guard let (left, moveLeft) = arranged(&site, operands[0], bound, 0, stack + rows + summed),
            let (right, moveRight) = arranged(&site, operands[1], bound, 1, stack + summed + columns)
        else { return nil }
        let product = stack + rows + columns
        let isInPlace = product == bound.output
        let result = isInPlace ? y.slot : site.scratch(byteCount: y.count * MemoryLayout<T>.stride)
        let strides = rowMajorStrides(product.map { bound.sizes[$0]?.number ?? 1 })
        let order = bound.output.map { index in strides[product.firstIndex(of: index) ?? 0] }
        let moveBack =
            isInPlace
            ? nil
            : StridedCopy(
                .init(
                    elementType: y.elementType, shape: product.map { bound.sizes[$0]?.number ?? 1 }, slot: result, constant: nil,
                    weight: nil), order, to: y
            ).step(&site)
        let matrices = try site.packedMatrices(right, k: k, n: n, count: batch, of: type)
        return { addresses throws(ModelError) in
            try moveLeft?(addresses)
            try moveRight?(addresses)
            let (source, target) = (addresses.read(left.slot, T.self), addresses.write(result, T.self))
            for item in 0..<batch {
                T.multiply(
                    m, k, n, source + item * m * k, matrices(item, addresses), nil, target + item * m * n)
            }
            try moveBack?(addresses)
        }
    }

    /// An operand with its axes in another order, and what moves it there at each run.
    private func arranged(
        _ site: inout LoweringSite, _ operand: LoweringSite.Operand, _ bound: EinsumEquation.Bound, _ number: Int,
        _ order: [EinsumEquation.Index]
    ) -> (LoweringSite.Operand, Step?)? {
        if order == bound.operands[number] { return (operand, nil) }
        let shape = order.map { bound.sizes[$0]?.number ?? 1 }
        let strides = bound.strides(number, operand.shape, order)
        let width = operand.elementType.byteWidth
        if let constant = operand.constant {
            guard let moved = try? constant.strided(shape, strides) else { return nil }
            let slot = site.resident(moved)
            return (.init(elementType: operand.elementType, shape: shape, slot: slot, constant: moved, weight: nil), nil)
        }
        let slot = site.scratch(byteCount: operand.count * width)
        let moved = LoweringSite.Operand(
            elementType: operand.elementType, shape: shape, slot: slot, constant: nil, weight: nil)
        return (moved, StridedCopy(operand, strides, to: moved).step(&site))
    }

    /// Any equation: every element by itself, as the definition does.
    private func sums<T: ProductElement>(
        _ operands: [LoweringSite.Operand], _ y: LoweringSite.Operand, _ bound: EinsumEquation.Bound, of type: T.Type
    ) -> Step? {
        let summed = bound.summed.map { bound.sizes[$0]?.number ?? 1 }
        let count = summed.reduce(1.0) { $0 * Double($1) }
        guard count < Double(1 << 26), operands.allSatisfy({ $0.count < Int(Int32.max) }) else { return nil }
        func places(_ shape: [Int], _ indices: [EinsumEquation.Index]) -> [[Int32]] {
            operands.indices.map { number in
                Strided(shape, bound.strides(number, operands[number].shape, indices)).map { Int32($0) }
            }
        }
        let (outer, inner) = (places(y.shape, bound.output), places(summed, bound.summed))
        let slots = operands.map(\.slot)
        let (terms, last) = (Int(count), slots.count - 1)
        return { addresses throws(ModelError) in
            let target = addresses.write(y.slot, T.self)
            for index in 0..<outer[0].count {
                var sum: T = 0
                for term in 0..<terms {
                    var product: T = 1
                    for operand in 0..<last {
                        let place = Int(outer[operand][index]) + Int(inner[operand][term])
                        product = product.wrappingMultiplied(by: addresses.read(slots[operand], T.self)[place])
                    }
                    let place = Int(outer[last][index]) + Int(inner[last][term])
                    sum = sum.adding(product, times: addresses.read(slots[last], T.self)[place])
                }
                target[index] = sum
            }
        }
    }
}
