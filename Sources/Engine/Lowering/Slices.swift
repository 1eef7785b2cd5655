import SeptumIR
import SeptumOperators
import SeptumTensor

/// Where the elements of a tensor lie, slice after slice along some axes.
struct SlicePlan {
    /// Where each slice begins.
    let starts: [Int32]
    /// Where the elements of a slice lie from its beginning.
    let offsets: [Int32]

    /// Nil for tensors without elements and for very large ones.
    init?(_ shape: [Int], axes: [Int]) {
        guard !shape.contains(0), shape.reduce(1, *) <= Int(Int32.max) else { return nil }
        let strides = rowMajorStrides(shape)
        let kept = shape.indices.filter { !axes.contains($0) }
        starts = Strided(kept.map { shape[$0] }, kept.map { strides[$0] }).map { Int32($0) }
        offsets = Strided(axes.map { shape[$0] }, axes.map { strides[$0] }).map { Int32($0) }
    }

    @inline(__always)
    func place(_ slice: Int, _ index: Int) -> Int { Int(starts[slice]) + Int(offsets[index]) }
}

/// Work on one slice after another, each widened into working memory first.
private struct SliceWork: ElementVisitor {
    let x: Int
    let z: Int
    let plan: SlicePlan
    /// The slot of a slice in its wide type.
    let wide: Int
    var real: (UnsafeMutableBufferPointer<Double>) -> Double = { _ in 0 }
    var signed: (UnsafeMutableBufferPointer<Int64>) -> Int64 = { _ in 0 }
    var unsigned: (UnsafeMutableBufferPointer<UInt64>) -> UInt64 = { _ in 0 }
    let result: Outcome

    /// What a slice becomes: an element of its own type, a place along the axis, or a changed slice.
    enum Outcome { case element, place, slice }

    private func work<T: Element>(
        _ type: T.Type, _ function: @escaping (UnsafeMutableBufferPointer<T.Wide>) -> T.Wide, place: @escaping (T.Wide) -> Int64
    ) -> Step {
        { [x, z, plan, wide, result] addresses throws(ModelError) in
            let source = addresses.read(x, T.self)
            let slice = UnsafeMutableBufferPointer(start: addresses.write(wide, T.Wide.self), count: plan.offsets.count)
            for index in plan.starts.indices {
                for item in slice.indices { slice[item] = source[plan.place(index, item)].wide }
                let value = function(slice)
                switch result {
                case .element: addresses.write(z, T.self)[index] = T(narrowing: value)
                case .place: addresses.write(z, Int64.self)[index] = place(value)
                case .slice:
                    let target = addresses.write(z, T.self)
                    for item in slice.indices { target[plan.place(index, item)] = T(narrowing: slice[item]) }
                }
            }
        }
    }

    func real<T: Element>(_ type: T.Type) throws(ModelError) -> Step where T.Wide == Double {
        work(type, real) { Int64($0) }
    }
    func signed<T: Element>(_ type: T.Type) throws(ModelError) -> Step where T.Wide == Int64 { work(type, signed) { $0 } }
    func unsigned<T: Element>(_ type: T.Type) throws(ModelError) -> Step where T.Wide == UInt64 {
        work(type, unsigned) { Int64($0) }
    }
}

/// Operators that work on slices, on any element type, by their definition of one slice.
enum AnySlice {
    static func lower(_ op: any Operator, _ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard let axes = try axes(op, site) else { return nil }
        return lower(op, axes, &site)
    }

    /// A reduction of all axes but batch and channels.
    static func lowerSpatial(_ op: any ReductionOperator, _ site: inout LoweringSite) -> Step? {
        guard let rank = site.input(0)?.shape.count, rank >= 2 else { return nil }
        return lower(op, Array(2..<rank), &site)
    }

    private static func lower(_ op: any Operator, _ axes: [Int], _ site: inout LoweringSite) -> Step? {
        guard let x = site.input(0), let z = site.output(0), let plan = SlicePlan(x.shape, axes: axes) else { return nil }
        let wide = site.scratch(byteCount: plan.offsets.count * 8)
        func work(_ result: SliceWork.Outcome) -> SliceWork {
            SliceWork(x: x.slot, z: z.slot, plan: plan, wide: wide, result: result)
        }
        switch op {
        case let op as any ReductionOperator:
            var work = work(.element)
            let real: (UnsafeBufferPointer<Double>) -> Double = op.value
            let signed: (UnsafeBufferPointer<Int64>) -> Int64 = op.value
            let unsigned: (UnsafeBufferPointer<UInt64>) -> UInt64 = op.value
            work.real = { real(UnsafeBufferPointer($0)) }
            work.signed = { signed(UnsafeBufferPointer($0)) }
            work.unsigned = { unsigned(UnsafeBufferPointer($0)) }
            return try? x.elementType.dispatch(work)
        case let op as any SliceNormalization:
            var work = work(.slice)
            let normalize = op.normalize
            work.real = { slice in
                normalize(slice)
                return 0
            }
            return x.elementType.isFloatingPoint ? try? x.elementType.dispatch(work) : nil
        case let op as any ArgExtremeOperator:
            var work = work(.place)
            let real: (UnsafeBufferPointer<Double>) -> Int64 = op.index
            let signed: (UnsafeBufferPointer<Int64>) -> Int64 = op.index
            let unsigned: (UnsafeBufferPointer<UInt64>) -> Int64 = op.index
            work.real = { Double(real(UnsafeBufferPointer($0))) }
            work.signed = { signed(UnsafeBufferPointer($0)) }
            work.unsigned = { UInt64(unsigned(UnsafeBufferPointer($0))) }
            return try? x.elementType.dispatch(work)
        case let op as any CumulativeOperator:
            var work = work(.slice)
            let real: (UnsafeMutableBufferPointer<Double>) -> Void = op.accumulate
            let signed: (UnsafeMutableBufferPointer<Int64>) -> Void = op.accumulate
            let unsigned: (UnsafeMutableBufferPointer<UInt64>) -> Void = op.accumulate
            work.real = { slice in
                real(slice)
                return 0
            }
            work.signed = { slice in
                signed(slice)
                return 0
            }
            work.unsigned = { slice in
                unsigned(slice)
                return 0
            }
            return try? x.elementType.dispatch(work)
        default: return nil
        }
    }

    /// The axes that make up a slice; nil when they are not known.
    static func axes(_ op: any Operator, _ site: LoweringSite) throws(ModelError) -> [Int]? {
        guard let rank = site.input(0)?.shape.count else { return nil }
        switch op {
        case let op as any ReductionOperator:
            guard let operand = site.input(1) else { return op.noopWithEmptyAxes ? [] : Array(0..<rank) }
            guard let axes = operand.constant?.integers else { return nil }
            return axes.isEmpty ? op.noopWithEmptyAxes ? [] : Array(0..<rank) : try normalizedAxes(axes, rank: rank)
        case let op as any SliceNormalization: return [try normalizedAxis(op.axis, rank: rank)]
        case let op as any ArgExtremeOperator: return [try normalizedAxis(op.axis, rank: rank)]
        case is any CumulativeOperator:
            guard let axes = site.input(1)?.constant?.integers, axes.count == 1 else { return nil }
            return [try normalizedAxis(axes[0], rank: rank)]
        default: return nil
        }
    }
}
