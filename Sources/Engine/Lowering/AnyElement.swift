import SeptumIR
import SeptumOperators
package import SeptumTensor

/// Elementwise operators on element types without a kernel of their own: the definition, one element after another, in place.
enum AnyElement {
    /// The prepared work; nil for operators that are not elementwise, and for types below a byte.
    static func lower(_ op: any Operator, _ site: LoweringSite) throws(ModelError) -> Step? {
        guard let x = site.input(0), let z = site.output(0) else { return nil }
        if let op = op as? any UnaryOperator, x.elementType == z.elementType {
            return try? x.elementType.dispatch(
                UnaryWork(x: x.slot, z: z.slot, count: x.count, real: op.value, signed: op.value, unsigned: op.value))
        }
        guard site.inputs.count == 2, let y = site.input(1), x.elementType == y.elementType,
            let plan = BroadcastPlan([x.shape, y.shape], to: z.shape), z.count > 0
        else { return nil }
        if let op = op as? any BinaryOperator, x.elementType.isFloatingPoint, x.elementType == z.elementType {
            return try? x.elementType.dispatch(BinaryWork(x: x.slot, y: y.slot, z: z.slot, plan: plan, real: op.value))
        }
        if let op = op as? any ComparisonOperator, z.elementType == .bool {
            return try? x.elementType.dispatch(
                ComparisonWork(
                    x: x.slot, y: y.slot, z: z.slot, plan: plan, real: op.holds, signed: op.holds, unsigned: op.holds))
        }
        return nil
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

/// Floating point only: integer operators may refuse their operands.
private struct BinaryWork: ElementVisitor {
    let x: Int
    let y: Int
    let z: Int
    let plan: BroadcastPlan
    let real: (Double, Double) -> Double

    func real<T: Element>(_ type: T.Type) throws(ModelError) -> Step where T.Wide == Double {
        { [self] addresses throws(ModelError) in
            let target = addresses.write(z, T.self)
            for block in 0..<plan.blockCount {
                let left = addresses.read(x, T.self) + plan.start(0, block)
                let right = addresses.read(y, T.self) + plan.start(1, block)
                for index in 0..<plan.length {
                    let value = real(left[index * plan.steps[0]].wide, right[index * plan.steps[1]].wide)
                    target[block * plan.length + index] = T(narrowing: value)
                }
            }
        }
    }

    func signed<T: Element>(_ type: T.Type) throws(ModelError) -> Step where T.Wide == Int64 { throw unsupported(type) }
    func unsigned<T: Element>(_ type: T.Type) throws(ModelError) -> Step where T.Wide == UInt64 { throw unsupported(type) }

    private func unsupported<T: Element>(_ type: T.Type) -> ModelError {
        ModelError(.unsupported, "integer operators run their definition")
    }
}

private struct ComparisonWork: ElementVisitor {
    let x: Int
    let y: Int
    let z: Int
    let plan: BroadcastPlan
    let real: (Double, Double) -> Bool
    let signed: (Int64, Int64) -> Bool
    let unsigned: (UInt64, UInt64) -> Bool

    private func work<T: Element>(_ type: T.Type, _ holds: @escaping (T.Wide, T.Wide) -> Bool) -> Step {
        { [self] addresses throws(ModelError) in
            let target = addresses.write(z, Bool8.self)
            for block in 0..<plan.blockCount {
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

extension Op.Where: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let condition = site.input(0), let x = site.input(1), let y = site.input(2), let z = site.output(0), z.count > 0,
            let plan = BroadcastPlan([condition.shape, x.shape, y.shape], to: z.shape)
        else { return nil }
        let width = x.elementType.byteWidth
        return { addresses throws(ModelError) in
            let choices = addresses.read(condition.slot, UInt8.self)
            var target = addresses[z.slot]
            for block in 0..<plan.blockCount {
                let (first, left, right) = (plan.start(0, block), plan.start(1, block), plan.start(2, block))
                for index in 0..<plan.length {
                    let source =
                        choices[first + index * plan.steps[0]] != 0
                        ? addresses[x.slot] + (left + index * plan.steps[1]) * width
                        : addresses[y.slot] + (right + index * plan.steps[2]) * width
                    target.copyMemory(from: source, byteCount: width)
                    target += width
                }
            }
        }
    }
}

extension Op.Cast: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let x = site.input(0), let z = site.output(0) else { return nil }
        let count = x.count
        func convert<A: Scalar, B: Scalar>(_ a: A.Type, _ b: B.Type, _ value: @escaping (A) -> B) -> Step {
            { addresses throws(ModelError) in
                let (source, target) = (addresses.read(x.slot, A.self), addresses.write(z.slot, B.self))
                for index in 0..<count { target[index] = value(source[index]) }
            }
        }
        return switch (x.elementType, z.elementType) {
        case (.float32, .float64): convert(Float.self, Double.self) { Double($0) }
        case (.float64, .float32): convert(Double.self, Float.self) { Float($0) }
        case (.int64, .float32): convert(Int64.self, Float.self) { Float($0) }
        case (.int32, .float32): convert(Int32.self, Float.self) { Float($0) }
        case (.bool, .float32): convert(Bool8.self, Float.self) { $0.value ? 1 : 0 }
        case (.bool, .int64): convert(Bool8.self, Int64.self) { $0.value ? 1 : 0 }
        case (.int32, .int64): convert(Int32.self, Int64.self) { Int64($0) }
        default: nil
        }
    }
}
