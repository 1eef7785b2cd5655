import SeptumIR
import SeptumKernels
import SeptumOperators
import SeptumTensor

/// A reduction that the kernels have for float32.
protocol ReductionKernelOperator: LoweredOperator {
    var kernel: ReduceOperation { get }
}

extension ReductionKernelOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let (x, y) = site.float32(), let axes = try AnySlice.axes(self, site), !x.shape.isEmpty,
            let (outer, n, inner) = collapsed(x.shape, axes), n > 0
        else { return try AnySlice.lower(self, &site) }
        let kernel = kernel
        if let divided = site.dividedRows(
            outer, n * inner, inner, cost: 1, x, y, { kernels.reduce(kernel, $0, n, inner, $1, $2) })
        {
            return divided
        }
        return { addresses throws(ModelError) in
            kernels.reduce(kernel, outer, n, inner, addresses.read(x.slot), addresses.write(y.slot))
        }
    }
}

/// A shape as [outer, n, inner] with n the given axes; nil when they are not adjacent.
func collapsed(_ shape: [Int], _ axes: [Int]) -> (outer: Int, n: Int, inner: Int)? {
    guard let first = axes.first, let last = axes.last, last - first + 1 == axes.count else { return nil }
    return (shape[..<first].reduce(1, *), shape[first...last].reduce(1, *), shape[(last + 1)...].reduce(1, *))
}

extension Op.ReduceSum: ReductionKernelOperator { var kernel: ReduceOperation { .sum } }
extension Op.ReduceMean: ReductionKernelOperator { var kernel: ReduceOperation { .mean } }
extension Op.ReduceMax: ReductionKernelOperator { var kernel: ReduceOperation { .maximum } }
extension Op.ReduceMin: ReductionKernelOperator { var kernel: ReduceOperation { .minimum } }
extension Op.ReduceProd: ReductionKernelOperator { var kernel: ReduceOperation { .product } }
extension Op.ReduceSumSquare: ReductionKernelOperator { var kernel: ReduceOperation { .sumOfSquares } }
extension Op.ReduceL1: ReductionKernelOperator { var kernel: ReduceOperation { .sumOfMagnitudes } }

/// An operator that has no kernel, but works slice by slice.
protocol SliceLoweredOperator: LoweredOperator {}

extension SliceLoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? { try AnySlice.lower(self, &site) }
}

extension Op.ArgMax: SliceLoweredOperator {}
extension Op.ArgMin: SliceLoweredOperator {}
extension Op.CumProd: SliceLoweredOperator {}
extension Op.CumSum: SliceLoweredOperator {}
extension Op.Hardmax: SliceLoweredOperator {}
extension Op.LpNormalization: SliceLoweredOperator {}
extension Op.ReduceL2: SliceLoweredOperator {}
extension Op.ReduceLogSum: SliceLoweredOperator {}
extension Op.ReduceLogSumExp: SliceLoweredOperator {}
