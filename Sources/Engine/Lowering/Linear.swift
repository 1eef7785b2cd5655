import SeptumIR
import SeptumKernels
import SeptumOperators
package import SeptumTensor

extension LoweringSite {
    /// A float32 matrix `[k, n]` in the layout of the products: packed once for a weight, at each run otherwise.
    ///
    /// Gives what packs at run time, nil when that is not needed, and where the packed matrix lies.
    mutating func packedMatrix(
        _ operand: Operand, k: Int, n: Int, transposed: Bool
    ) throws(ModelError) -> (pack: ((Addresses) -> Void)?, packed: (Addresses) -> UnsafePointer<Float>) {
        let byteCount = max(1, KernelTable.gemmPackedCount(k, n)) * 4
        let stride = transposed ? k : n
        let constant = try packed(operand, "gemm\(transposed ? "T" : "") \(k)x\(n)", byteCount: byteCount) { source, target in
            kernels.gemmPack(
                k, n, source.assumingMemoryBound(to: Float.self), stride, transposed: transposed,
                target.assumingMemoryBound(to: Float.self))
        }
        if let constant {
            let pointer = constant.assumingMemoryBound(to: Float.self)
            return (nil, { _ in pointer })
        }
        let slot = scratch(byteCount: byteCount)
        return (
            { addresses in
                kernels.gemmPack(k, n, addresses.read(operand.slot), stride, transposed: transposed, addresses.write(slot))
            }, { addresses in addresses.read(slot) }
        )
    }
}

/// A float64 product of matrices with a bias of one row; the weights must be part of the model.
private func wideProduct(
    _ site: inout LoweringSite, _ x: LoweringSite.Operand, _ w: LoweringSite.Operand, _ bias: LoweringSite.Operand?,
    m: Int, k: Int, n: Int, transposed: Bool
) throws(ModelError) -> Step? {
    guard let y = site.output(0) else { return nil }
    let byteCount = max(1, KernelTable.gemmDoublePackedCount(k, n)) * 8
    let layout = "wide\(transposed ? "T" : "") \(k)x\(n)"
    let packed = try site.packed(w, layout, byteCount: byteCount) { source, target in
        kernels.gemmDoublePack(
            k, n, source.assumingMemoryBound(to: Double.self), transposed ? k : n, transposed: transposed,
            target.assumingMemoryBound(to: Double.self))
    }
    guard let packed = packed?.assumingMemoryBound(to: Double.self) else { return nil }
    return { addresses throws(ModelError) in
        kernels.gemmDouble(
            m, k, n, addresses.read(x.slot), k, packed, bias.map { addresses.read($0.slot) }, addresses.write(y.slot), n)
    }
}

extension Op.MatMul: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        if let x = site.input(0), let w = site.input(1), x.elementType == .float64, x.shape.count >= 2, w.shape.count == 2 {
            let (k, n) = (w.shape[0], w.shape[1])
            return try wideProduct(
                &site, x, w, nil, m: x.shape.dropLast().reduce(1, *), k: k, n: n, transposed: false)
        }
        guard let (x, y) = site.float32(), let w = site.input(1), w.elementType == .float32, w.shape.count >= 1,
            x.shape.count >= 1
        else { return nil }
        let left = x.shape.count == 1 ? [1] + x.shape : x.shape
        let right = w.shape.count == 1 ? w.shape + [1] : w.shape
        let (m, k, n) = (left[left.count - 2], left[left.count - 1], right[right.count - 1])
        let (leftBatch, rightBatch) = (Array(left.dropLast(2)), Array(right.dropLast(2)))
        if rightBatch.allSatisfy({ $0 == 1 }) {
            let rows = leftBatch.reduce(m, *)
            let (pack, packed) = try site.packedMatrix(w, k: k, n: n, transposed: false)
            return { addresses throws(ModelError) in
                pack?(addresses)
                kernels.gemm(rows, k, n, addresses.read(x.slot), k, packed(addresses), nil, addresses.write(y.slot), n)
            }
        }
        let batch = try broadcastShape(leftBatch, rightBatch)
        guard let plan = BroadcastPlan([leftBatch, rightBatch], to: batch) else { return nil }
        let packed = site.scratch(byteCount: max(1, KernelTable.gemmPackedCount(k, n)) * 4)
        return { addresses throws(ModelError) in
            for block in 0..<plan.blockCount {
                for item in 0..<plan.length {
                    let a = plan.start(0, block) + item * plan.steps[0]
                    let b = plan.start(1, block) + item * plan.steps[1]
                    kernels.gemmPack(k, n, addresses.read(w.slot, Float.self) + b * k * n, n, addresses.write(packed))
                    kernels.gemm(
                        m, k, n, addresses.read(x.slot, Float.self) + a * m * k, k, addresses.read(packed), nil,
                        addresses.write(y.slot, Float.self) + (block * plan.length + item) * m * n, n)
                }
            }
        }
    }
}

extension Op.Gemm: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        if let x = site.input(0), let w = site.input(1), let y = site.output(0), x.elementType == .float64, alpha == 1,
            !transposesA
        {
            let (n, bias) = (y.shape[1], site.input(2))
            guard bias == nil || beta == 1 && bias?.count == n && (bias?.shape.last == n || n == 1) else { return nil }
            return try wideProduct(&site, x, w, bias, m: y.shape[0], k: x.shape[1], n: n, transposed: transposesB)
        }
        guard alpha == 1, let (x, y) = site.float32(), let w = site.input(1), w.elementType == .float32, !transposesA else {
            return nil
        }
        let (m, k, n) = (y.shape[0], x.shape[1], y.shape[1])
        let bias = site.input(2)
        // A bias that is one row enters each chain; any other shape runs the definition.
        guard bias == nil || beta == 1 && bias?.count == n && (bias?.shape.last == n || n == 1) else { return nil }
        let (pack, packed) = try site.packedMatrix(w, k: k, n: n, transposed: transposesB)
        return { addresses throws(ModelError) in
            pack?(addresses)
            kernels.gemm(
                m, k, n, addresses.read(x.slot), k, packed(addresses), bias.map { addresses.read($0.slot) },
                addresses.write(y.slot), n)
        }
    }
}
