import SeptumKernels
import SeptumTensor

// Steps in parts for the threads of a pool; nil where one thread is all there is, or the work too small.

extension LoweringSite {
    /// A kernel that works row by row: a row of `width` elements gives one of `outputWidth`; `cost` is that of one element.
    func dividedRows(
        _ rows: Int, _ width: Int, _ outputWidth: Int, cost: Double, _ x: Operand, _ y: Operand,
        _ kernel: @escaping (_ rows: Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
    ) -> Step? {
        division(rows, cost: cost * Double(width))?.step { addresses, range in
            kernel(
                range.count, addresses.read(x.slot, Float.self) + range.lowerBound * width,
                addresses.write(y.slot, Float.self) + range.lowerBound * outputWidth)
        }
    }

    /// y = f(x), element by element.
    func dividedElements(
        _ count: Int, cost: Double, _ x: Operand, _ y: Operand,
        _ kernel: @escaping (_ count: Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
    ) -> Step? {
        division(count, cost: cost, of: 1024)?.step { addresses, range in
            kernel(
                range.count, addresses.read(x.slot, Float.self) + range.lowerBound,
                addresses.write(y.slot, Float.self) + range.lowerBound)
        }
    }

    /// y `[m, n]` = bias `[n]` + x `[m, k]` w `[k, n]`, ended, by rows, or by columns where there are few rows.
    func dividedProduct(
        _ m: Int, _ k: Int, _ n: Int, _ x: Int, _ packed: @escaping (Addresses) -> UnsafePointer<Float>, _ bias: Int?, _ y: Int,
        _ ending: FusedEnding? = nil
    ) -> Step? {
        // Weights are read once for all rows: as much as some four rows of products.
        let work = Double(m + 4) * Double(k)
        if m >= 4 * Kernel.rows {
            return division(m, cost: Double(k) * Double(n), of: Kernel.rows)?.step { addresses, range in
                kernels.gemm(
                    range.count, k, n, addresses.read(x, Float.self) + range.lowerBound * k, k, packed(addresses),
                    bias.map { addresses.read($0) }, addresses.write(y, Float.self) + range.lowerBound * n, n,
                    ending?(addresses, range.lowerBound * n) ?? Ending())
            }
        }
        return division(n, cost: work, of: Kernel.columns)?.step { addresses, range in
            let column = range.lowerBound
            kernels.gemm(
                m, k, range.count, addresses.read(x), k, packed(addresses) + KernelTable.gemmPackedCount(k, column),
                bias.map { addresses.read($0) + column }, addresses.write(y, Float.self) + column, n,
                ending?(addresses, column) ?? Ending())
        }
    }

    /// A product whose right side may be computed: it is packed once, before the parts. Other types than float32 go by rows alone.
    func dividedProduct<T: ProductElement>(
        _ m: Int, _ k: Int, _ n: Int, _ x: Int, _ matrix: PackedMatrices<T>, _ bias: Int?, _ y: Int
    ) -> Step? {
        let product: Step?
        if let matrix = matrix as? PackedMatrices<Float> {
            product = dividedProduct(m, k, n, x, { matrix.packed($0) }, bias, y)
        } else {
            product = division(m, cost: 2 * Double(k) * Double(n), of: Kernel.rows)?.step { addresses, range in
                T.multiply(
                    range.count, k, n, addresses.read(x, T.self) + range.lowerBound * k, matrix.packed(addresses),
                    bias.map { addresses.read($0) }, addresses.write(y, T.self) + range.lowerBound * n)
            }
        }
        guard let product, matrix.constant == nil else { return product }
        let pack: Step = { addresses throws(ModelError) in _ = matrix(0, addresses) }
        return inOrder([pack, product])
    }
}

/// Goes through planes image by image, each of `count` of them.
func forEachImage(_ planes: Range<Int>, of count: Int, _ body: (_ image: Int, _ planes: Range<Int>) -> Void) {
    var plane = planes.lowerBound
    while plane < planes.upperBound {
        let image = plane / count
        let end = min(planes.upperBound, (image + 1) * count)
        body(image, plane - image * count..<end - image * count)
        plane = end
    }
}

/// What the product kernels take at once.
private enum Kernel {
    static let rows = 12
    static let columns = 64
}
