import SeptumIR
import SeptumKernels
import SeptumOperators
package import SeptumTensor

/// A function of one element that the kernels have for float32.
package struct UnaryKernel {
    let operation: UnaryOperation
    let a: Float
    let b: Float

    init(_ operation: UnaryOperation, _ a: Float = 0, _ b: Float = 0) {
        self.operation = operation
        self.a = a
        self.b = b
    }
}

/// An elementwise operator with a float32 kernel; other element types run its definition element by element.
protocol UnaryKernelOperator: LoweredOperator {
    var kernel: UnaryKernel { get }
}

extension UnaryKernelOperator {
    package var elementwise: ElementKernel? { .unary(kernel) }

    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let (x, y) = site.float32() else { return nil }
        let (kernel, count) = (kernel, x.count)
        if let divided = site.dividedElements(
            count, cost: 6, x, y, { kernels.unary(kernel.operation, $0, $1, $2, a: kernel.a, b: kernel.b) })
        {
            return divided
        }
        return { addresses throws(ModelError) in
            kernels.unary(kernel.operation, count, addresses.read(x.slot), addresses.write(y.slot), a: kernel.a, b: kernel.b)
        }
    }
}

extension Op.Relu: UnaryKernelOperator { var kernel: UnaryKernel { UnaryKernel(.relu) } }
extension Op.Tanh: UnaryKernelOperator { var kernel: UnaryKernel { UnaryKernel(.tanh) } }
extension Op.Sigmoid: UnaryKernelOperator { var kernel: UnaryKernel { UnaryKernel(.sigmoid) } }
extension Op.LeakyRelu: UnaryKernelOperator { var kernel: UnaryKernel { UnaryKernel(.leakyRelu, alpha) } }
extension Op.Elu: UnaryKernelOperator { var kernel: UnaryKernel { UnaryKernel(.elu, alpha) } }
extension Op.Selu: UnaryKernelOperator { var kernel: UnaryKernel { UnaryKernel(.selu, alpha, gamma) } }
extension Op.Softplus: UnaryKernelOperator { var kernel: UnaryKernel { UnaryKernel(.softplus) } }
extension Op.HardSigmoid: UnaryKernelOperator { var kernel: UnaryKernel { UnaryKernel(.hardSigmoid, alpha, beta) } }
extension Op.Exp: UnaryKernelOperator { var kernel: UnaryKernel { UnaryKernel(.exp) } }
extension Op.Log: UnaryKernelOperator { var kernel: UnaryKernel { UnaryKernel(.log) } }
extension Op.Erf: UnaryKernelOperator { var kernel: UnaryKernel { UnaryKernel(.erf) } }
extension Op.Sqrt: UnaryKernelOperator { var kernel: UnaryKernel { UnaryKernel(.sqrt) } }
extension Op.Reciprocal: UnaryKernelOperator { var kernel: UnaryKernel { UnaryKernel(.reciprocal) } }
extension Op.Abs: UnaryKernelOperator { var kernel: UnaryKernel { UnaryKernel(.abs) } }
extension Op.Neg: UnaryKernelOperator { var kernel: UnaryKernel { UnaryKernel(.neg) } }
extension Op.Floor: UnaryKernelOperator { var kernel: UnaryKernel { UnaryKernel(.floor) } }
extension Op.Ceil: UnaryKernelOperator { var kernel: UnaryKernel { UnaryKernel(.ceil) } }
extension Op.Round: UnaryKernelOperator { var kernel: UnaryKernel { UnaryKernel(.round) } }
extension Op.Sin: UnaryKernelOperator { var kernel: UnaryKernel { UnaryKernel(.sin) } }
extension Op.Cos: UnaryKernelOperator { var kernel: UnaryKernel { UnaryKernel(.cos) } }
extension Op.Atan: UnaryKernelOperator { var kernel: UnaryKernel { UnaryKernel(.atan) } }

extension Op.Gelu: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let (x, y) = site.float32() else { return nil }
        let (operation, count): (UnaryOperation, Int) = (approximate == .none ? .gelu : .geluTanh, x.count)
        return { addresses throws(ModelError) in kernels.unary(operation, count, addresses.read(x.slot), addresses.write(y.slot))
        }
    }
}

extension Op.Swish: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard alpha == 1, let (x, y) = site.float32() else { return nil }
        let count = x.count
        return { addresses throws(ModelError) in kernels.unary(.silu, count, addresses.read(x.slot), addresses.write(y.slot)) }
    }
}

extension Op.PRelu: LoweredOperator {
    /// Runs of elements that share a slope; other forms go element by element.
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let (x, y) = site.float32(), let slope = site.input(1), slope.elementType == .float32, y.count > 0,
            let plan = BroadcastPlan([x.shape, slope.shape], to: y.shape), plan.steps == [1, 0]
        else { return nil }
        return { addresses throws(ModelError) in
            let (source, slopes) = (addresses.read(x.slot, Float.self), addresses.read(slope.slot, Float.self))
            let target = addresses.write(y.slot, Float.self)
            for block in 0..<plan.blockCount {
                kernels.unary(
                    .leakyRelu, plan.length, source + plan.start(0, block), target + block * plan.length,
                    a: slopes[plan.start(1, block)])
            }
        }
    }
}

extension Op.Clip: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        let bounds = [1, 2].map { site.input($0) }
        guard let (x, y) = site.float32(), bounds.allSatisfy({ $0 == nil || $0?.constant != nil }) else {
            return AnyElement.clip(site)
        }
        var limits: [Float] = [-.infinity, .infinity]
        for (index, bound) in bounds.enumerated() {
            if let value = try bound?.constant?.array(of: Float.self).first { limits[index] = value }
        }
        guard limits[0] <= limits[1] else { return AnyElement.clip(site) }
        let (count, low, high) = (x.count, limits[0], limits[1])
        return { addresses throws(ModelError) in
            kernels.unary(.clip, count, addresses.read(x.slot), addresses.write(y.slot), a: low, b: high)
        }
    }
}

/// A function of two elements that the kernels have for float32.
protocol BinaryKernelOperator: LoweredOperator {
    var kernel: BinaryOperation { get }
}

extension BinaryKernelOperator {
    package var elementwise: ElementKernel? { .binary(kernel) }

    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let (x, z) = site.float32() else { return nil }
        guard let y = site.input(1), y.elementType == .float32 else {
            return nil
        }
        return combine(kernel, x, y, z, &site)
    }
}

/// An operand of a broadcast operation, repeated as the output asks for in one block after another.
private struct BlockOperand {
    /// Elements of a block.
    let capacity: Int
    private let slot: Int
    private let walk: BroadcastWalk
    private let isWhole: Bool
    /// Whether all blocks are alike.
    private let isPeriodic: Bool
    private let block: Int

    init?(_ x: LoweringSite.Operand, _ z: LoweringSite.Operand, _ site: inout LoweringSite) {
        guard let walk = BroadcastWalk(x.shape, to: z.shape) else { return nil }
        (self.walk, slot, isWhole) = (walk, x.slot, x.count == z.count)
        capacity = ElementWork.capacity(z.shape)
        isPeriodic = walk.period > 0 && capacity % walk.period == 0
        block = site.scratch(byteCount: isWhole ? 4 : min(z.count, capacity) * 4)
    }

    /// The elements from `start` on, good until the next call.
    func callAsFunction(_ addresses: Addresses, _ start: Int, _ count: Int) -> UnsafePointer<Float> {
        if isWhole { return addresses.read(slot) + start }
        let target = addresses.write(block, Float.self)
        if start == 0 || !isPeriodic { walk.fill(addresses.read(slot, Float.self), target, start: start, count: count) }
        return UnsafePointer(target)
    }
}

/// One broadcast operation of two float32 operands.
func combine(
    _ operation: BinaryOperation, _ x: LoweringSite.Operand, _ y: LoweringSite.Operand, _ z: LoweringSite.Operand,
    _ site: inout LoweringSite
) -> Step? {
    guard let plan = BroadcastPlan([x.shape, y.shape], to: z.shape) else { return nil }
    let (length, xStep, yStep) = (plan.length, plan.steps[0], plan.steps[1])
    // A kernel call for a few elements costs more than repeating the operands first.
    if length < 16, plan.blockCount > 1, z.count > 0 {
        guard let left = BlockOperand(x, z, &site), let right = BlockOperand(y, z, &site) else { return nil }
        let count = z.count
        return { addresses throws(ModelError) in
            var start = 0
            while start < count {
                let size = min(left.capacity, count - start)
                kernels.binary(
                    operation, size, left(addresses, start, size), right(addresses, start, size),
                    addresses.write(z.slot, Float.self) + start)
                start += size
            }
        }
    }
    if plan.blockCount == 1 {
        let count = z.count == 0 ? 0 : length
        if let division = site.division(count, cost: 2, of: 1024) {
            return division.step { addresses, range in
                let start = range.lowerBound
                kernels.binary(
                    operation, range.count, addresses.read(x.slot, Float.self) + start * xStep,
                    addresses.read(y.slot, Float.self) + start * yStep, addresses.write(z.slot, Float.self) + start, xStep: xStep,
                    yStep: yStep)
            }
        }
        return { addresses throws(ModelError) in
            kernels.binary(
                operation, count, addresses.read(x.slot), addresses.read(y.slot), addresses.write(z.slot), xStep: xStep,
                yStep: yStep)
        }
    }
    return { addresses throws(ModelError) in
        let (left, right, result) = (
            addresses.read(x.slot, Float.self), addresses.read(y.slot, Float.self), addresses.write(z.slot, Float.self)
        )
        for block in 0..<plan.blockCount {
            kernels.binary(
                operation, length, left + plan.start(0, block), right + plan.start(1, block), result + block * length,
                xStep: xStep, yStep: yStep)
        }
    }
}

extension Op.Add: BinaryKernelOperator { var kernel: BinaryOperation { .add } }
extension Op.Sub: BinaryKernelOperator { var kernel: BinaryOperation { .subtract } }
extension Op.Mul: BinaryKernelOperator { var kernel: BinaryOperation { .multiply } }
extension Op.Div: BinaryKernelOperator { var kernel: BinaryOperation { .divide } }

/// An operator that combines any number of inputs from left to right.
protocol VariadicKernelOperator: LoweredOperator {
    var kernel: BinaryOperation { get }
}

extension VariadicKernelOperator {
    package var elementwise: ElementKernel? { .variadic(kernel) }

    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let (first, z) = site.float32() else { return nil }
        var operands: [LoweringSite.Operand] = []
        for index in 1..<site.inputs.count {
            guard let operand = site.input(index), operand.elementType == .float32 else { return nil }
            operands.append(operand)
        }
        // From the second step on the result is an operand, which must have its full shape from the first on.
        guard let second = operands.first else {
            let count = first.count
            return { addresses throws(ModelError) in
                kernels.unary(.identity, count, addresses.read(first.slot), addresses.write(z.slot))
            }
        }
        guard operands.count == 1 || (try? broadcastShape(first.shape, second.shape)) == z.shape else { return nil }
        var steps: [Step] = []
        guard let start = combine(kernel, first, second, z, &site) else { return nil }
        steps.append(start)
        for operand in operands.dropFirst() {
            guard let step = combine(kernel, z, operand, z, &site) else { return nil }
            steps.append(step)
        }
        return inOrder(steps)
    }
}

extension Op.Max: VariadicKernelOperator { var kernel: BinaryOperation { .maximum } }
extension Op.Min: VariadicKernelOperator { var kernel: BinaryOperation { .minimum } }
extension Op.Sum: VariadicKernelOperator { var kernel: BinaryOperation { .add } }
