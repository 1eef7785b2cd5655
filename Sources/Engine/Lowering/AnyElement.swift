import SeptumIR
import SeptumOperators
import SeptumTensor

/// Elementwise operators on element types without a kernel of their own: the definition, one element after another, in place.
enum AnyElement {
    /// The prepared work; nil for operators that are not elementwise, and for types below a byte.
    static func lower(_ op: any Operator, _ site: LoweringSite) throws(ModelError) -> Step? {
        guard let x = site.input(0), let z = site.output(0), let family = type(of: op).family else { return nil }
        if family == .unary, let op = op as? any UnaryOperator, x.elementType == z.elementType {
            if x.elementType == .float64 { return DoubleWork.unary(op, x.slot, z.slot, x.count) }
            return try? x.elementType.dispatch(
                UnaryWork(x: x.slot, z: z.slot, count: x.count, real: op.value, signed: op.value, unsigned: op.value))
        }
        guard let operands = Operands(site.inputs, z) else { return nil }
        if family == .binary, let op = op as? any BinaryOperator, x.elementType == z.elementType {
            switch x.elementType {
            case .float64: if let step = DoubleWork.binary(op, operands) { return step }
            case .int32: if let step = wrapping(op, operands, Int32.self) { return step }
            case .int64: if let step = wrapping(op, operands, Int64.self) { return step }
            default: break
            }
            let real: (Double, Double) -> Double = op.value
            let signed: (Int64, Int64) -> Int64 = op.value
            let unsigned: (UInt64, UInt64) -> UInt64 = op.value
            var work = FoldWork(operands, real: { real($1, $2) }, signed: { signed($1, $2) }, unsigned: { unsigned($1, $2) })
            work.refusesZeros = (op.isA(Op.Div.self) || op.isA(Op.Mod.self)) && x.elementType.isInteger
            return try? x.elementType.dispatch(work)
        }
        if family == .variadic, let op = op as? any VariadicOperator {
            let real: (Double, Double) -> Double = op.value
            let signed: (Int64, Int64) -> Int64 = op.value
            let unsigned: (UInt64, UInt64) -> UInt64 = op.value
            var work = FoldWork(operands, real: { real($1, $2) }, signed: { signed($1, $2) }, unsigned: { unsigned($1, $2) })
            let (finish, count): ((Double, Int) -> Double, Int) = (op.finish, site.inputs.count)
            work.finish = { finish($0, count) }
            work.isChain = true
            return try? x.elementType.dispatch(work)
        }
        if family == .comparison, let op = op as? any ComparisonOperator, z.elementType == .bool {
            if x.elementType == .float32, let step = FloatComparison(op, operands)?.step { return step }
            return try? x.elementType.dispatch(
                ComparisonWork(operands: operands, real: op.holds, signed: op.holds, unsigned: op.holds))
        }
        return nil
    }

    /// Clip with bounds that may be computed, on any element type.
    static func clip(_ site: LoweringSite) -> Step? {
        guard let x = site.input(0), let z = site.output(0),
            let operands = Operands([x] + [1, 2].compactMap { site.input($0) }, z)
        else { return nil }
        let (low, high) = (Op.Max(), Op.Min())
        let highPlace = site.input(1) == nil ? 1 : 2
        return try? x.elementType.dispatch(
            FoldWork(
                operands, real: { $0 < highPlace ? low.value($1, $2) : high.value($1, $2) },
                signed: { $0 < highPlace ? low.value($1, $2) : high.value($1, $2) },
                unsigned: { $0 < highPlace ? low.value($1, $2) : high.value($1, $2) }))
    }
}

/// Operands of one element type that are broadcast to a result.
private struct Operands {
    let slots: [Int]
    let z: Int
    let plan: BroadcastPlan
    /// Zero when the result has no elements.
    let blockCount: Int

    init?(_ inputs: [LoweringSite.Operand?], _ z: LoweringSite.Operand) {
        let given = inputs.compactMap { $0 }
        guard given.count == inputs.count, given.allSatisfy({ $0.elementType == given[0].elementType }),
            given.allSatisfy({ (try? broadcastShape($0.shape, z.shape)) == z.shape }),
            let plan = BroadcastPlan(given.map(\.shape), to: z.shape)
        else { return nil }
        slots = given.map(\.slot)
        self.z = z.slot
        self.plan = plan
        blockCount = z.count == 0 ? 0 : plan.blockCount
    }
}

/// Float64, in which scikit-learn computes, in loops of its own: generic ones cost a multiple of the arithmetic.
private enum DoubleWork {
    private enum Operation { case add, subtract, multiply, divide }

    static func unary(_ op: any UnaryOperator, _ x: Int, _ z: Int, _ count: Int) -> Step {
        let (isRelu, value): (Bool, (Double) -> Double) = (op.isA(Op.Relu.self), op.value)
        return { addresses throws(ModelError) in
            let (source, target) = (addresses.read(x, Double.self), addresses.write(z, Double.self))
            if isRelu {
                for index in 0..<count { target[index] = source[index] < 0 ? 0 : source[index] }
            } else {
                for index in 0..<count { target[index] = value(source[index]) }
            }
        }
    }

    /// The prepared work; nil for all but the four operations of arithmetic.
    static func binary(_ op: any Operator, _ operands: Operands) -> Step? {
        let operation: Operation
        switch op {
        case Op.Add.self: operation = .add
        case Op.Sub.self: operation = .subtract
        case Op.Mul.self: operation = .multiply
        case Op.Div.self: operation = .divide
        default: return nil
        }
        let plan = operands.plan
        let (length, left, right) = (plan.length, plan.steps[0], plan.steps[1])
        return { addresses throws(ModelError) in
            for block in 0..<operands.blockCount {
                let x = addresses.read(operands.slots[0], Double.self) + plan.start(0, block)
                let y = addresses.read(operands.slots[1], Double.self) + plan.start(1, block)
                let z = addresses.write(operands.z, Double.self) + block * length
                switch operation {
                case .add: for index in 0..<length { z[index] = x[index * left] + y[index * right] }
                case .subtract: for index in 0..<length { z[index] = x[index * left] - y[index * right] }
                case .multiply: for index in 0..<length { z[index] = x[index * left] * y[index * right] }
                case .divide: for index in 0..<length { z[index] = x[index * left] / y[index * right] }
                }
            }
        }
    }
}

/// Sums, differences and products of integers in loops of their own; nil for other operations.
private func wrapping<T: FixedWidthInteger>(_ op: any Operator, _ operands: Operands, _ type: T.Type) -> Step? {
    @inline(__always)
    func step(_ join: @escaping (T, T) -> T) -> Step {
        let plan = operands.plan
        let (length, left, right) = (plan.length, plan.steps[0], plan.steps[1])
        return { addresses throws(ModelError) in
            for block in 0..<operands.blockCount {
                let x = addresses.read(operands.slots[0], T.self) + plan.start(0, block)
                let y = addresses.read(operands.slots[1], T.self) + plan.start(1, block)
                let z = addresses.write(operands.z, T.self) + block * length
                for index in 0..<length { z[index] = join(x[index * left], y[index * right]) }
            }
        }
    }
    return switch op {
    case Op.Add.self: step { $0 &+ $1 }
    case Op.Sub.self: step { $0 &- $1 }
    case Op.Mul.self: step { $0 &* $1 }
    default: nil
    }
}

private struct UnaryWork: ElementVisitor {
    let x: Int
    let z: Int
    let count: Int
    let real: (Double) -> Double
    let signed: (Int64) -> Int64
    let unsigned: (UInt64) -> UInt64

    private func work<T: Element>(_ type: T.Type, _ value: @escaping (T.Wide) -> T.Wide) -> Step {
        { [x, z, count] addresses throws(ModelError) in
            let (source, target) = (addresses.read(x, T.self), addresses.write(z, T.self))
            for index in 0..<count { target[index] = T(narrowing: value(source[index].wide)) }
        }
    }

    func real<T: Element>(_ type: T.Type) throws(ModelError) -> Step where T.Wide == Double { work(type, real) }
    func signed<T: Element>(_ type: T.Type) throws(ModelError) -> Step where T.Wide == Int64 { work(type, signed) }
    func unsigned<T: Element>(_ type: T.Type) throws(ModelError) -> Step where T.Wide == UInt64 { work(type, unsigned) }
}

/// Combines operands from left to right.
private struct FoldWork: ElementVisitor {
    let operands: Operands
    /// Joins what the operands before the given one combine to with its element.
    let real: (_ operand: Int, Double, Double) -> Double
    let signed: (_ operand: Int, Int64, Int64) -> Int64
    let unsigned: (_ operand: Int, UInt64, UInt64) -> UInt64
    var finish: (Double) -> Double = { $0 }
    /// Whether each step is rounded: to the element type, half precision to float32.
    var isChain = false
    /// Whether operands after the first must not be zero.
    var refusesZeros = false

    init(
        _ operands: Operands, real: @escaping (Int, Double, Double) -> Double,
        signed: @escaping (Int, Int64, Int64) -> Int64, unsigned: @escaping (Int, UInt64, UInt64) -> UInt64
    ) {
        self.operands = operands
        self.real = real
        self.signed = signed
        self.unsigned = unsigned
    }

    private func work<T: Element>(
        _ type: T.Type, zero: T.Wide, _ combine: @escaping (Int, T.Wide, T.Wide) -> T.Wide, round: @escaping (T.Wide) -> T.Wide,
        finish: @escaping (T.Wide) -> T.Wide
    ) -> Step {
        let (slots, z, plan) = (operands.slots, operands.z, operands.plan)
        let (blockCount, refusesZeros) = (operands.blockCount, refusesZeros)
        return { addresses throws(ModelError) in
            let target = addresses.write(z, T.self)
            for block in 0..<blockCount {
                for index in 0..<plan.length {
                    var value = addresses.read(slots[0], T.self)[plan.start(0, block) + index * plan.steps[0]].wide
                    for operand in 1..<slots.count {
                        let place = plan.start(operand, block) + index * plan.steps[operand]
                        let next = addresses.read(slots[operand], T.self)[place].wide
                        if refusesZeros, next == zero {
                            throw ModelError(.invalidInput, "division of \(T.elementType) by zero")
                        }
                        value = round(combine(operand, value, next))
                    }
                    target[block * plan.length + index] = T(narrowing: finish(value))
                }
            }
        }
    }

    func real<T: Element>(_ type: T.Type) throws(ModelError) -> Step where T.Wide == Double {
        let isHalf = T.self == Float16.self || T.self == BFloat16.self
        let round: (Double) -> Double = !isChain ? { $0 } : isHalf ? { Double(Float($0)) } : { T(narrowing: $0).wide }
        let finish = finish
        return work(type, zero: 0, real, round: round) { round(finish(round($0))) }
    }

    func signed<T: Element>(_ type: T.Type) throws(ModelError) -> Step where T.Wide == Int64 {
        work(type, zero: 0, signed, round: { T(narrowing: $0).wide }, finish: { $0 })
    }

    func unsigned<T: Element>(_ type: T.Type) throws(ModelError) -> Step where T.Wide == UInt64 {
        work(type, zero: 0, unsigned, round: { $0 }, finish: { $0 })
    }
}

/// Comparisons of float32 in loops of their own.
private struct FloatComparison {
    private enum Relation { case less, lessOrEqual, greater, greaterOrEqual, equal }
    private let relation: Relation
    private let operands: Operands

    init?(_ op: any ComparisonOperator, _ operands: Operands) {
        switch op {
        case Op.Less.self: relation = .less
        case Op.LessOrEqual.self: relation = .lessOrEqual
        case Op.Greater.self: relation = .greater
        case Op.GreaterOrEqual.self: relation = .greaterOrEqual
        case Op.Equal.self: relation = .equal
        default: return nil
        }
        self.operands = operands
    }

    var step: Step {
        { [relation, operands] addresses throws(ModelError) in
            let plan = operands.plan
            let (length, left, right) = (plan.length, plan.steps[0], plan.steps[1])
            for block in 0..<operands.blockCount {
                let x = addresses.read(operands.slots[0], Float.self) + plan.start(0, block)
                let y = addresses.read(operands.slots[1], Float.self) + plan.start(1, block)
                let z = addresses.write(operands.z, Bool8.self) + block * length
                switch relation {
                case .less: for index in 0..<length { z[index] = Bool8(x[index * left] < y[index * right]) }
                case .lessOrEqual: for index in 0..<length { z[index] = Bool8(x[index * left] <= y[index * right]) }
                case .greater: for index in 0..<length { z[index] = Bool8(x[index * left] > y[index * right]) }
                case .greaterOrEqual: for index in 0..<length { z[index] = Bool8(x[index * left] >= y[index * right]) }
                case .equal: for index in 0..<length { z[index] = Bool8(x[index * left] == y[index * right]) }
                }
            }
        }
    }
}

private struct ComparisonWork: ElementVisitor {
    let operands: Operands
    let real: (Double, Double) -> Bool
    let signed: (Int64, Int64) -> Bool
    let unsigned: (UInt64, UInt64) -> Bool

    private func work<T: Element>(_ type: T.Type, _ holds: @escaping (T.Wide, T.Wide) -> Bool) -> Step {
        let (x, y, z, plan, blockCount) = (operands.slots[0], operands.slots[1], operands.z, operands.plan, operands.blockCount)
        return { addresses throws(ModelError) in
            let target = addresses.write(z, Bool8.self)
            for block in 0..<blockCount {
                let left = addresses.read(x, T.self) + plan.start(0, block)
                let right = addresses.read(y, T.self) + plan.start(1, block)
                for index in 0..<plan.length {
                    target[block * plan.length + index] = Bool8(
                        holds(left[index * plan.steps[0]].wide, right[index * plan.steps[1]].wide))
                }
            }
        }
    }

    func real<T: Element>(_ type: T.Type) throws(ModelError) -> Step where T.Wide == Double { work(type, real) }
    func signed<T: Element>(_ type: T.Type) throws(ModelError) -> Step where T.Wide == Int64 { work(type, signed) }
    func unsigned<T: Element>(_ type: T.Type) throws(ModelError) -> Step where T.Wide == UInt64 { work(type, unsigned) }
}
