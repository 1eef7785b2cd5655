import SeptumIR
import SeptumKernels
import SeptumOperators
import SeptumTensor

/// Elementwise operations prepared for one output: all of them run on a block that stays in cache before the next block begins.
struct ElementWork {
    /// Where a block's operand lies: in a slot, from the block's own start on when it `moves`.
    private struct Place {
        let slot: Int
        var moves = false
        var step = 1

        @inline(__always)
        func pointer<T>(_ addresses: Addresses, _ start: Int, _ type: T.Type) -> UnsafeMutablePointer<T> {
            addresses.write(slot, T.self) + (moves ? start : 0)
        }
    }

    private struct Call {
        var unary: UnaryKernel?
        var binary = BinaryOperation.add
        /// What chooses between a and b.
        var condition: Place?
        let a: Place
        let b: Place
        let target: Place
    }

    /// An operand that is repeated along some axes, written out for each block, or once when all blocks are alike.
    private struct Fill {
        let place: Place
        let target: Place
        let count: Int
        let isPeriodic: Bool
        let isBool: Bool
        let walk: BroadcastWalk
    }

    /// Elements of the largest block.
    let capacity: Int
    private var calls: [Call] = []
    private var fills: [Fill] = []

    /// Prepares `code` for the output `y`, which all results have the shape of, and whose blocks hold the part `seed` when work
    /// on them begins. Every block starts at a multiple of the capacity. The slot of `y` may hold a single block.
    init?(
        _ code: ElementCode, _ y: LoweringSite.Operand, seed: Int? = nil, capacity: Int, holdsBlock: Bool = false,
        _ site: inout LoweringSite
    ) {
        self.capacity = capacity
        let output = Place(slot: y.slot, moves: !holdsBlock)
        let room = min(capacity, max(1, y.count))
        var operands: [FusedPart.Source: Place] = [:]
        if let seed { operands[.part(seed)] = output }
        for source in code.lines.flatMap(\.operands) where operands[source] == nil {
            guard case .input(let index) = source else { continue }
            guard let operand = site.input(index) else { return nil }
            if operand.count == y.count {
                operands[source] = Place(slot: operand.slot, moves: true)
            } else if operand.count == 1 {
                operands[source] = Place(slot: operand.slot, step: 0)
            } else {
                guard let walk = BroadcastWalk(operand.shape, to: y.shape) else { return nil }
                let place = Place(slot: site.scratch(byteCount: room * 4))
                let period = walk.period
                let isPeriodic = period > 0 && capacity % period == 0
                fills.append(
                    Fill(
                        place: Place(slot: operand.slot), target: place, count: room, isPeriodic: isPeriodic,
                        isBool: operand.elementType == .bool, walk: walk))
                operands[source] = place
            }
        }
        var last: [Int: Int] = [:]
        for (index, line) in code.lines.enumerated() {
            for case .part(let part) in line.operands { last[part] = index }
        }
        var free: [Place] = seed == nil ? [output] : []
        for (index, line) in code.lines.enumerated() {
            let sources = line.operands.compactMap { operands[$0] }
            guard let a = sources.first, sources.count == line.operands.count else { return nil }
            for case .part(let part) in Set(line.operands) where last[part] == index {
                if let place = operands[.part(part)] { free.append(place) }
            }
            // The result of the last line belongs into the output, any other one wherever there is room.
            let isLast = index == code.lines.count - 1
            let target = isLast ? output : free.popLast() ?? Place(slot: site.scratch(byteCount: room * 4))
            operands[.part(code.firstPart + index)] = target
            switch line.kind {
            case .unary(let kernel): calls.append(Call(unary: kernel, a: a, b: a, target: target))
            case .binary(let operation): calls.append(Call(binary: operation, a: a, b: sources[1], target: target))
            case .select: calls.append(Call(condition: a, a: sources[1], b: sources[2], target: target))
            }
        }
    }

    /// Works on the elements from `start` on, no more than the capacity.
    @inline(__always)
    func run(_ addresses: Addresses, start: Int, count: Int) {
        for index in fills.indices where start == 0 || !fills[index].isPeriodic {
            let fill = fills[index]
            let length = fill.isPeriodic ? fill.count : count
            if fill.isBool {
                let (from, to) = (fill.place.pointer(addresses, 0, Bool8.self), fill.target.pointer(addresses, 0, Bool8.self))
                fill.walk.fill(UnsafePointer(from), to, start: start, count: length)
            } else {
                let (from, to) = (fill.place.pointer(addresses, 0, Float.self), fill.target.pointer(addresses, 0, Float.self))
                fill.walk.fill(UnsafePointer(from), to, start: start, count: length)
            }
        }
        for index in calls.indices {
            let call = calls[index]
            let (a, target) = (call.a.pointer(addresses, start, Float.self), call.target.pointer(addresses, start, Float.self))
            if let kernel = call.unary {
                kernels.unary(kernel.operation, count, a, target, a: kernel.a, b: kernel.b)
                continue
            }
            let b = call.b.pointer(addresses, start, Float.self)
            if let condition = call.condition {
                let holds = condition.pointer(addresses, start, Bool8.self)
                for item in 0..<count {
                    target[item] = holds[item * condition.step].value ? a[item * call.a.step] : b[item * call.b.step]
                }
            } else {
                kernels.binary(call.binary, count, a, b, target, xStep: call.a.step, yStep: call.b.step)
            }
        }
    }
}

/// The elements of an operand in the order of the shape that it is broadcast to.
struct BroadcastWalk {
    private struct Axis {
        var extent: Int
        let stride: Int
    }

    /// Neighbouring axes that are walked alike are one, innermost first.
    private var axes: [Axis] = []

    /// Nil when the shape does not broadcast to the target.
    init?(_ shape: [Int], to target: [Int]) {
        guard shape.count <= target.count, zip(shape.reversed(), target.reversed()).allSatisfy({ $0 == $1 || $0 == 1 }) else {
            return nil
        }
        var stride = 1
        for (index, extent) in target.reversed().enumerated() where extent != 1 {
            let own = index < shape.count ? shape[shape.count - 1 - index] : 1
            let step = own == 1 ? 0 : stride
            if own != 1 { stride *= own }
            if let inner = axes.last, step == inner.stride * inner.extent, (step == 0) == (inner.stride == 0) {
                axes[axes.count - 1].extent *= extent
            } else {
                axes.append(Axis(extent: extent, stride: step))
            }
        }
    }

    /// After how many elements everything repeats; 0 when it does not.
    var period: Int {
        guard axes.count == 2, axes[0].stride == 1, axes[1].stride == 0 else { return 0 }
        return axes[0].extent
    }

    func fill<T: BitwiseCopyable>(
        _ source: UnsafePointer<T>, _ target: UnsafeMutablePointer<T>, start: Int, count: Int
    ) {
        if axes.isEmpty { return target.update(repeating: source[0], count: count) }
        let inner = axes[0]
        var done = 0
        while done < count {
            var (rest, offset) = (start + done, 0)
            for index in axes.indices {
                let next = rest / axes[index].extent
                offset += (rest - next * axes[index].extent) * axes[index].stride
                rest = next
            }
            let run = min(inner.extent - (start + done) % inner.extent, count - done)
            if inner.stride == 0 {
                (target + done).update(repeating: source[offset], count: run)
            } else {
                (target + done).update(from: source + offset, count: run)
            }
            done += run
        }
    }
}
