import SeptumIR
import SeptumKernels
import SeptumOperators
import SeptumTensor

/// A matrix product with a weight of 16-bit floats, which stays in 16 bits: some columns at a time are widened in cache.
///
/// Widening is exact, so the bits are those of the product in float32, rounded once.
struct HalfProduct {
    /// Smaller weights are widened once.
    private static let leastCount = 1 << 14
    /// Elements that are widened at a time: 64 kB of float32.
    private static let blockCount = 1 << 14

    private let k: Int
    private let n: Int
    /// Panels of sixteen columns, as the kernels take them.
    private let packed: UnsafePointer<UInt16>
    private let widening: Conversion
    private let columns: Int
    private let block: Int

    /// For a weight `[k, n]`, or `[n, k]` when transposed; nil for computed and small ones and other types.
    init?(_ site: inout LoweringSite, _ w: LoweringSite.Operand, transposed: Bool) throws(ModelError) {
        guard w.elementType.isHalf, w.constant != nil, w.shape.count == 2, w.count >= HalfProduct.leastCount else { return nil }
        let (k, n) = transposed ? (w.shape[1], w.shape[0]) : (w.shape[0], w.shape[1])
        (self.k, self.n) = (k, n)
        widening = w.elementType == .float16 ? .float16ToFloat : .bfloat16ToFloat
        columns = min((n + 15) & ~15, max(32, HalfProduct.blockCount / max(1, k) & ~31))
        let layout = "half \(transposed ? "T" : "")\(k)x\(n)"
        let pointer = try site.packed(w, layout, byteCount: KernelTable.gemmPackedCount(k, n) * 2) { source, target in
            let (from, to) = (source.assumingMemoryBound(to: UInt16.self), target.assumingMemoryBound(to: UInt16.self))
            for panel in 0..<(n + 15) / 16 {
                for row in 0..<k {
                    for lane in 0..<16 {
                        let column = panel * 16 + lane
                        let place = transposed ? column * k + row : row * n + column
                        to[(panel * k + row) * 16 + lane] = column < n ? from[place] : 0
                    }
                }
            }
        }
        guard let pointer else { return nil }
        packed = pointer.assumingMemoryBound(to: UInt16.self)
        block = site.scratch(byteCount: columns * k * 4, forEachThread: true)
    }

    /// y `[m, n]` = bias `[n]` + x `[m, k]` w, in float32.
    func step(_ site: LoweringSite, _ m: Int, _ x: Int, _ bias: Int?, _ y: Int) -> Step {
        let blocks = (n + columns - 1) / columns
        if let division = site.division(blocks, cost: Double(m + 4) * Double(k * columns)) {
            return division.step { run($0, $1, m, x, bias, y) }
        }
        return { addresses throws(ModelError) in run(addresses, 0..<blocks, m, x, bias, y) }
    }

    private func run(_ addresses: Addresses, _ blocks: Range<Int>, _ m: Int, _ x: Int, _ bias: Int?, _ y: Int) {
        for index in blocks {
            let first = index * columns
            let count = min(columns, n - first)
            kernels.convert(
                widening, KernelTable.gemmPackedCount(k, count), UnsafeRawPointer(packed + KernelTable.gemmPackedCount(k, first)),
                addresses[block])
            kernels.gemm(
                m, k, count, addresses.read(x), k, addresses.read(block), bias.map { addresses.read($0) + first },
                addresses.write(y, Float.self) + first, n)
        }
    }
}

extension LoweringSite {
    /// A product of 16-bit floats whose weight is constant; nil for other operators, and for forms that are more than a product
    /// with a row as its bias.
    mutating func halfProduct(_ op: any WidenedOperator) throws(ModelError) -> Step? {
        guard let x = input(0), let w = input(1), let y = output(0), x.elementType == w.elementType,
            y.elementType == x.elementType,
            !x.shape.isEmpty
        else { return nil }
        var (transposed, bias): (Bool, Operand?) = (false, nil)
        switch op {
        case Op.MatMul.self: break
        case let gemm as Op.Gemm where gemm.alpha == 1 && gemm.beta == 1 && !gemm.transposesA:
            (transposed, bias) = (gemm.transposesB, input(2))
            if let bias, bias.count != y.shape[1] || bias.shape.last != bias.count && bias.count != 1 { return nil }
        default: return nil
        }
        guard let product = try HalfProduct(&self, w, transposed: transposed) else { return nil }
        let rows = x.count / max(1, w.shape[transposed ? 1 : 0])
        let (wideX, wideY) = (scratch(byteCount: max(1, x.count) * 4), scratch(byteCount: max(1, y.count) * 4))
        var steps = [conversion(x.elementType, x.slot, x.count, wide: wideX).widen]
        var wideBias: Int?
        if let bias {
            let slot = scratch(byteCount: max(1, bias.count) * 4)
            steps.append(conversion(bias.elementType, bias.slot, bias.count, wide: slot).widen)
            wideBias = slot
        }
        steps.append(product.step(self, rows, wideX, wideBias, wideY))
        steps.append(conversion(y.elementType, y.slot, y.count, wide: wideY).narrow)
        return inOrder(steps)
    }
}
