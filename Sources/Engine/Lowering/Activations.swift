import SeptumIR
import SeptumKernels
import SeptumOperators

extension Op.Mish: UnaryKernelOperator { var kernel: UnaryKernel { UnaryKernel(.mish) } }
extension Op.Softsign: UnaryKernelOperator { var kernel: UnaryKernel { UnaryKernel(.softsign) } }
extension Op.HardSwish: UnaryKernelOperator { var kernel: UnaryKernel { UnaryKernel(.hardSwish) } }
