import SeptumIR
import SeptumKernels
import SeptumOperators
import SeptumTensor

/// Element types of matrix products: a right side `[k, n]` is laid out first; every element is one chain over ascending k.
protocol ProductElement: ChainScalar {
    static func packedCount(_ k: Int, _ n: Int) -> Int
    /// Lays out w `[k, n]`, or `[n, k]` when transposed.
    static func pack(
        _ k: Int, _ n: Int, _ w: UnsafePointer<Self>, transposed: Bool, _ packed: UnsafeMutablePointer<Self>)
    /// y `[m, n]` = bias `[n]` + x `[m, k]` w `[k, n]`.
    static func multiply(
        _ m: Int, _ k: Int, _ n: Int, _ x: UnsafePointer<Self>, _ packed: UnsafePointer<Self>, _ bias: UnsafePointer<Self>?,
        _ y: UnsafeMutablePointer<Self>)
}

extension Float: ProductElement {
    static func packedCount(_ k: Int, _ n: Int) -> Int { KernelTable.gemmPackedCount(k, n) }
    static func pack(
        _ k: Int, _ n: Int, _ w: UnsafePointer<Float>, transposed: Bool, _ packed: UnsafeMutablePointer<Float>
    ) { kernels.gemmPack(k, n, w, transposed ? k : n, transposed: transposed, packed) }
    static func multiply(
        _ m: Int, _ k: Int, _ n: Int, _ x: UnsafePointer<Float>, _ packed: UnsafePointer<Float>,
        _ bias: UnsafePointer<Float>?, _ y: UnsafeMutablePointer<Float>
    ) { kernels.gemm(m, k, n, x, k, packed, bias, y, n) }
}

extension Double: ProductElement {
    static func packedCount(_ k: Int, _ n: Int) -> Int { KernelTable.gemmDoublePackedCount(k, n) }
    static func pack(
        _ k: Int, _ n: Int, _ w: UnsafePointer<Double>, transposed: Bool, _ packed: UnsafeMutablePointer<Double>
    ) { kernels.gemmDoublePack(k, n, w, transposed ? k : n, transposed: transposed, packed) }
    static func multiply(
        _ m: Int, _ k: Int, _ n: Int, _ x: UnsafePointer<Double>, _ packed: UnsafePointer<Double>,
        _ bias: UnsafePointer<Double>?, _ y: UnsafeMutablePointer<Double>
    ) { kernels.gemmDouble(m, k, n, x, k, packed, bias, y, n) }
}

/// Integers are laid out row by row and multiplied without a kernel.
extension ProductElement where Self: FixedWidthInteger {
    static func packedCount(_ k: Int, _ n: Int) -> Int { k * n }
    static func pack(
        _ k: Int, _ n: Int, _ w: UnsafePointer<Self>, transposed: Bool, _ packed: UnsafeMutablePointer<Self>
    ) {
        for row in 0..<k {
            for column in 0..<n { packed[row * n + column] = transposed ? w[column * k + row] : w[row * n + column] }
        }
    }
    static func multiply(
        _ m: Int, _ k: Int, _ n: Int, _ x: UnsafePointer<Self>, _ packed: UnsafePointer<Self>, _ bias: UnsafePointer<Self>?,
        _ y: UnsafeMutablePointer<Self>
    ) {
        for row in 0..<m {
            for column in 0..<n { y[row * n + column] = bias?[column] ?? 0 }
            for inner in 0..<k {
                let factor = x[row * k + inner]
                for column in 0..<n { y[row * n + column] &+= factor &* packed[inner * n + column] }
            }
        }
    }
}

extension Int32: ProductElement {}
extension Int64: ProductElement {}
extension UInt32: ProductElement {}
extension UInt64: ProductElement {}

/// Right sides of products in the layout that they want: packed once for a weight, at each run otherwise.
struct PackedMatrices<T: ProductElement> {
    let k: Int
    let n: Int
    let isTransposed: Bool
    /// The slot of the matrices as they are, one after another.
    let source: Int
    /// All matrices packed; nil when they are computed.
    let constant: UnsafePointer<T>?
    /// Where a computed matrix is packed.
    let scratch: Int

    /// Matrix `index`, good until the next call.
    @inline(__always)
    func callAsFunction(_ index: Int, _ addresses: Addresses) -> UnsafePointer<T> {
        if let constant { return constant + index * T.packedCount(k, n) }
        return pack(index, addresses)
    }

    /// What the last call packed, or all matrices.
    func packed(_ addresses: Addresses) -> UnsafePointer<T> { constant ?? addresses.read(scratch) }

    private func pack(_ index: Int, _ addresses: Addresses) -> UnsafePointer<T> {
        let packed = addresses.write(scratch, T.self)
        T.pack(k, n, addresses.read(source, T.self) + index * k * n, transposed: isTransposed, packed)
        return UnsafePointer(packed)
    }
}

extension LoweringSite {
    /// The matrices `[k, n]` (or `[n, k]`) that make up an operand.
    mutating func packedMatrices<T: ProductElement>(
        _ operand: Operand, k: Int, n: Int, transposed: Bool = false, count: Int = 1, of type: T.Type
    ) throws(ModelError) -> PackedMatrices<T> {
        let size = T.packedCount(k, n)
        let layout = "\(T.elementType)\(transposed ? "T" : "") \(count)x\(k)x\(n)"
        let constant = try packed(operand, layout, byteCount: max(1, count * size) * MemoryLayout<T>.stride) { source, target in
            for index in 0..<count {
                T.pack(
                    k, n, source.assumingMemoryBound(to: T.self) + index * k * n, transposed: transposed,
                    target.assumingMemoryBound(to: T.self) + index * size)
            }
        }
        return PackedMatrices(
            k: k, n: n, isTransposed: transposed, source: operand.slot, constant: constant?.assumingMemoryBound(to: T.self),
            scratch: constant == nil ? scratch(byteCount: max(1, size) * MemoryLayout<T>.stride, forEachThread: count > 1) : 0)
    }
}

/// An operator made of matrix products, for every element type that has them.
protocol ProductOperator: WidenedOperator {
    func lower<T: ProductElement>(_ site: inout LoweringSite, of type: T.Type) throws(ModelError) -> Step?
}

extension ProductOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let x = site.input(0), site.output(0)?.elementType == x.elementType else { return nil }
        return switch x.elementType {
        case .float32: try lower(&site, of: Float.self)
        case .float64: try lower(&site, of: Double.self)
        case .int32: try lower(&site, of: Int32.self)
        case .int64: try lower(&site, of: Int64.self)
        case .uint32: try lower(&site, of: UInt32.self)
        case .uint64: try lower(&site, of: UInt64.self)
        default: nil
        }
    }
}
