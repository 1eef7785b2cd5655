import SeptumIR
import SeptumKernels
import SeptumOperators
import SeptumTensor

/// Elementwise operations prepared for one output: all of them run on a block that stays in cache before the next block begins.
struct ElementWork {
    /// Where a block's operand lies: a slot, and elements from its start; `moves` when the block's own start is added.
    private struct Place {
        let slot: Int
        var offset = 0
        var moves = false
        var step = 1

        @inline(__always)
        func pointer(_ addresses: Addresses, _ start: Int) -> UnsafeMutablePointer<Float> {
            addresses.write(slot, Float.self) + (moves ? offset + start : offset)
        }
    }

    private struct Call {
        var unary: UnaryKernel?
        var binary = BinaryOperation.add
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
        let walk: BroadcastWalk
    }

    /// Elements of the largest block.
    let capacity: Int
    private var calls: [Call] = []
    private var fills: [Fill] = []

    /// - Parameters:
    ///   - code: The operations.
    ///   - y: The output, which all results have the shape of.
    ///   - seed: The part that the output's block holds when work on it begins.
    ///   - capacity: Elements of the largest block; every block starts at a multiple of it.
    init?(
        _ code: ElementCode, _ y: LoweringSite.Operand, seed: Int? = nil, capacity: Int, _ site: inout LoweringSite
    ) {
        self.capacity = capacity
        let output = Place(slot: y.slot, moves: true)
        let room = min(capacity, max(1, y.count))
        var operands: [FusedPart.Source: Place] = [:]
        if let seed { operands[.part(seed)] = output }
        for source in code.lines.flatMap(\.operands) where operands[source] == nil {
            guard case .input(let index) = source else { continue }
            guard let operand = site.input(index), operand.elementType == .float32 else { return nil }
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
                        place: Place(slot: operand.slot), target: place, count: room, isPeriodic: isPeriodic, walk: walk))
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
            }
        }
    }

    /// Works on the elements from `start` on, no more than the capacity.
    @inline(__always)
    func run(_ addresses: Addresses, start: Int, count: Int) {
        for index in fills.indices where start == 0 || !fills[index].isPeriodic {
            let fill = fills[index]
            fill.walk.fill(
                fill.place.pointer(addresses, 0), fill.target.pointer(addresses, 0), start: start,
                count: fill.isPeriodic ? fill.count : count)
        }
        for index in calls.indices {
            let (a, target) = (calls[index].a.pointer(addresses, start), calls[index].target.pointer(addresses, start))
            if let kernel = calls[index].unary {
                kernels.unary(kernel.operation, count, a, target, a: kernel.a, b: kernel.b)
            } else {
                kernels.binary(
                    calls[index].binary, count, a, calls[index].b.pointer(addresses, start), target, xStep: calls[index].a.step,
                    yStep: calls[index].b.step)
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

    func fill(_ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>, start: Int, count: Int) {
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
