import SeptumKernels
import SeptumOperators
package import SeptumTensor

extension Op.Mish: UnaryKernelOperator { var kernel: UnaryKernel { UnaryKernel(.mish) } }
extension Op.Softsign: UnaryKernelOperator { var kernel: UnaryKernel { UnaryKernel(.softsign) } }
extension Op.HardSwish: UnaryKernelOperator { var kernel: UnaryKernel { UnaryKernel(.hardSwish) } }

extension Op.Swish: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard alpha == 1, let (x, y) = site.float32() else { return nil }
        let count = x.count
        return { addresses throws(ModelError) in kernels.unary(.silu, count, addresses.read(x.slot), addresses.write(y.slot)) }
    }
}
