import SeptumIR
import SeptumKernels
import SeptumOperators
package import SeptumTensor

extension Op.Where: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let condition = site.input(0), let x = site.input(1), let y = site.input(2), let z = site.output(0), z.count > 0,
            let plan = BroadcastPlan([condition.shape, x.shape, y.shape], to: z.shape)
        else { return nil }
        switch x.elementType.byteWidth {
        case 4: return choose(condition.slot, x.slot, y.slot, z.slot, plan)
        case 8: return choose(condition.slot, x.slot, y.slot, z.slot, plan, UInt64.self)
        default: break
        }
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

/// Elements of four bytes from where a condition says.
private func choose(_ condition: Int, _ x: Int, _ y: Int, _ z: Int, _ plan: BroadcastPlan) -> Step {
    let (length, steps) = (plan.length, plan.steps)
    return { addresses throws(ModelError) in
        for block in 0..<plan.blockCount {
            kernels.choose(
                length, addresses.read(condition, UInt8.self) + plan.start(0, block),
                addresses.read(x, Float.self) + plan.start(1, block), addresses.read(y, Float.self) + plan.start(2, block),
                addresses.write(z, Float.self) + block * length, step: steps[0], xStep: steps[1], yStep: steps[2])
        }
    }
}

/// Elements of one width from where a condition says.
private func choose<T: FixedWidthInteger>(
    _ condition: Int, _ x: Int, _ y: Int, _ z: Int, _ plan: BroadcastPlan, _ type: T.Type
) -> Step {
    let (length, first, left, right) = (plan.length, plan.steps[0], plan.steps[1], plan.steps[2])
    return { addresses throws(ModelError) in
        for block in 0..<plan.blockCount {
            let choices = addresses.read(condition, UInt8.self) + plan.start(0, block)
            let (yes, no) = (addresses.read(x, T.self) + plan.start(1, block), addresses.read(y, T.self) + plan.start(2, block))
            let target = addresses.write(z, T.self) + block * length
            for index in 0..<length {
                let (a, b) = (yes[index &* left], no[index &* right])
                target[index] = choices[index &* first] != 0 ? a : b
            }
        }
    }
}

// MARK: Cast

extension Op.Cast: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? { convert(site) }
}

extension Op.CastLike: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? { convert(site) }
}

/// Conversions between the types that have arithmetic.
private func convert(_ site: LoweringSite) -> Step? {
    guard let x = site.input(0), let z = site.output(0) else { return nil }
    let kernel: Conversion? =
        switch (x.elementType, z.elementType) {
        case (.float16, .float32): .float16ToFloat
        case (.bfloat16, .float32): .bfloat16ToFloat
        case (.float32, .float16): .floatToFloat16
        case (.float32, .bfloat16): .floatToBFloat16
        case (.int32, .float32): .int32ToFloat
        default: nil
        }
    if let kernel {
        let count = x.count
        return { addresses throws(ModelError) in kernels.convert(kernel, count, addresses[x.slot], addresses[z.slot]) }
    }
    if let step = loop(x, z) { return step }
    return (try? x.elementType.dispatch(ConversionWork(x: x.slot, z: z.slot, count: x.count, type: z.elementType))) ?? nil
}

/// Conversions that masks and indices go through, in loops of their own: generic ones cost a multiple.
private func loop(_ x: LoweringSite.Operand, _ z: LoweringSite.Operand) -> Step? {
    let (from, to, count) = (x.slot, z.slot, x.count)
    @inline(__always)
    func step<A, B>(_ convert: @escaping (A) -> B) -> Step {
        { addresses throws(ModelError) in
            let (source, target) = (addresses.read(from, A.self), addresses.write(to, B.self))
            for index in 0..<count { target[index] = convert(source[index]) }
        }
    }
    return switch (x.elementType, z.elementType) {
    case (.float32, .bool): step { (value: Float) -> UInt8 in value != 0 ? 1 : 0 }
    case (.bool, .float32): step { (value: UInt8) -> Float in value != 0 ? 1 : 0 }
    case (.bool, .bool): step { (value: UInt8) -> UInt8 in value != 0 ? 1 : 0 }
    case (.int32, .int64): step { (value: Int32) -> Int64 in Int64(value) }
    case (.int64, .int32): step { (value: Int64) -> Int32 in Int32(truncatingIfNeeded: value) }
    case (.int64, .float32): step { (value: Int64) -> Float in Float(value) }
    default: nil
    }
}

extension Op.Not: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let x = site.input(0), let z = site.output(0), x.elementType == .bool, x.shape == z.shape else { return nil }
        let count = x.count
        return { addresses throws(ModelError) in
            let (source, target) = (addresses.read(x.slot, UInt8.self), addresses.write(z.slot, UInt8.self))
            for index in 0..<count { target[index] = source[index] == 0 ? 1 : 0 }
        }
    }
}

private struct ConversionWork: ElementVisitor {
    let x: Int
    let z: Int
    let count: Int
    let type: ElementType

    private func work<A: Element, B: Scalar>(_ a: A.Type, _ convert: @escaping (A.Wide) -> B) -> Step {
        { [x, z, count] addresses throws(ModelError) in
            let (source, target) = (addresses.read(x, A.self), addresses.write(z, B.self))
            for index in 0..<count { target[index] = convert(source[index].wide) }
        }
    }

    func real<T: Element>(_ t: T.Type) throws(ModelError) -> Step? where T.Wide == Double {
        switch type {
        case .float32: work(t) { Float($0) }
        case .float64: work(t) { $0 }
        case .float16: work(t) { Float16($0) }
        case .bfloat16: work(t) { BFloat16(Float($0)) }
        case .bool: work(t) { Bool8($0 != 0) }
        case .int8: work(t) { Int8(saturating: $0) }
        case .int16: work(t) { Int16(saturating: $0) }
        case .int32: work(t) { Int32(saturating: $0) }
        case .int64: work(t) { Int64(saturating: $0) }
        case .uint8: work(t) { UInt8(saturating: $0) }
        case .uint16: work(t) { UInt16(saturating: $0) }
        case .uint32: work(t) { UInt32(saturating: $0) }
        case .uint64: work(t) { UInt64(saturating: $0) }
        default: nil
        }
    }

    func signed<T: Element>(_ t: T.Type) throws(ModelError) -> Step? where T.Wide == Int64 { integer(t) }
    func unsigned<T: Element>(_ t: T.Type) throws(ModelError) -> Step? where T.Wide == UInt64 { integer(t) }

    private func integer<T: Element>(_ t: T.Type) -> Step? where T.Wide: FixedWidthInteger {
        switch type {
        case .float32: work(t) { Float($0) }
        case .float64: work(t) { Double($0) }
        case .float16: work(t) { Float16(Double($0)) }
        case .bfloat16: work(t) { BFloat16(Float($0)) }
        case .bool: work(t) { Bool8($0 != 0) }
        case .int8: work(t) { Int8(truncatingIfNeeded: $0) }
        case .int16: work(t) { Int16(truncatingIfNeeded: $0) }
        case .int32: work(t) { Int32(truncatingIfNeeded: $0) }
        case .int64: work(t) { Int64(truncatingIfNeeded: $0) }
        case .uint8: work(t) { UInt8(truncatingIfNeeded: $0) }
        case .uint16: work(t) { UInt16(truncatingIfNeeded: $0) }
        case .uint32: work(t) { UInt32(truncatingIfNeeded: $0) }
        case .uint64: work(t) { UInt64(truncatingIfNeeded: $0) }
        default: nil
        }
    }
}

// MARK: Reading numbers

/// Reads one element of a tensor of any arithmetic type as float64.
typealias NumberReader = (UnsafeRawPointer, Int) -> Double

/// The reader of an element type; nil for types without arithmetic.
func numberReader(_ type: ElementType) -> NumberReader? { try? type.dispatch(ReaderVisitor()) }

private struct ReaderVisitor: ElementVisitor {
    func real<T: Element>(_ type: T.Type) throws(ModelError) -> NumberReader where T.Wide == Double {
        { $0.assumingMemoryBound(to: T.self)[$1].wide }
    }
    func signed<T: Element>(_ type: T.Type) throws(ModelError) -> NumberReader where T.Wide == Int64 {
        { Double($0.assumingMemoryBound(to: T.self)[$1].wide) }
    }
    func unsigned<T: Element>(_ type: T.Type) throws(ModelError) -> NumberReader where T.Wide == UInt64 {
        { Double($0.assumingMemoryBound(to: T.self)[$1].wide) }
    }
}

/// A test of each number.
private func testing(_ site: LoweringSite, _ test: @escaping (Double) -> Bool) -> Step? {
    guard let x = site.input(0), let z = site.output(0), let read = numberReader(x.elementType) else { return nil }
    let count = x.count
    return { addresses throws(ModelError) in
        let (source, target) = (UnsafeRawPointer(addresses[x.slot]), addresses.write(z.slot, Bool8.self))
        for index in 0..<count { target[index] = Bool8(test(read(source, index))) }
    }
}

extension Op.IsNaN: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? { testing(site) { $0.isNaN } }
}

extension Op.IsInf: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        let (negative, positive) = (detectNegative, detectPositive)
        return testing(site) { $0.isInfinite && ($0 < 0 ? negative : positive) }
    }
}

// MARK: Pow

extension Op.Pow: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let x = site.input(0), let y = site.input(1), let z = site.output(0) else { return nil }
        if x.elementType == .float32, y.elementType == .float32 {
            // A square is the product, rounded once, in both.
            let exponent = try y.constant?.array(of: Float.self)
            return exponent == [2] && x.shape == z.shape ? combine(.multiply, x, x, z, &site) : combine(.power, x, y, z, &site)
        }
        guard !(x.elementType.isInteger && y.elementType.isInteger), z.count > 0, let read = numberReader(y.elementType),
            let plan = BroadcastPlan([x.shape, y.shape], to: z.shape)
        else { return nil }
        return try? x.elementType.dispatch(PowerWork(x: x.slot, y: y.slot, z: z.slot, plan: plan, exponent: read))
    }
}

/// Powers computed in float64; integers to integer powers are left to the definition.
private struct PowerWork: ElementVisitor {
    let x: Int
    let y: Int
    let z: Int
    let plan: BroadcastPlan
    let exponent: NumberReader

    private func work<T: Element>(_ type: T.Type, _ power: @escaping (T.Wide, Double) -> T) -> Step {
        { [x, y, z, plan, exponent] addresses throws(ModelError) in
            let (base, target) = (addresses.read(x, T.self), addresses.write(z, T.self))
            for block in 0..<plan.blockCount {
                for index in 0..<plan.length {
                    let value = exponent(addresses[y], plan.start(1, block) + index * plan.steps[1])
                    target[block * plan.length + index] = power(base[plan.start(0, block) + index * plan.steps[0]].wide, value)
                }
            }
        }
    }

    func real<T: Element>(_ type: T.Type) throws(ModelError) -> Step where T.Wide == Double {
        work(type) { T(narrowing: Elementary.pow($0, $1)) }
    }
    func signed<T: Element>(_ type: T.Type) throws(ModelError) -> Step where T.Wide == Int64 {
        throw ModelError(.unsupported, "powers of integers run their definition")
    }
    func unsigned<T: Element>(_ type: T.Type) throws(ModelError) -> Step where T.Wide == UInt64 {
        throw ModelError(.unsupported, "powers of integers run their definition")
    }
}
