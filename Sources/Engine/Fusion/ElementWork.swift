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

    /// Where operands lie.
    private struct Places {
        private var (inputs, parts) = (SlotTable<Place>(count: 0), SlotTable<Place>(count: 0))

        subscript(source: FusedPart.Source) -> Place? {
            get {
                switch source {
                case .input(let index): inputs[index]
                case .part(let index): parts[index]
                }
            }
            set {
                switch source {
                case .input(let index): inputs[index] = newValue
                case .part(let index): parts[index] = newValue
                }
            }
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

    /// Elements of a block of at most 4 kB of float32: as many whole rows, or groups of rows, as fit, since what repeats from one
    /// to the next is then written out once.
    static func capacity(_ shape: [Int]) -> Int {
        let limit = 1024
        var group = 1
        for extent in shape.reversed() where extent > 0 {
            if extent > limit / group { break }
            group *= extent
        }
        return limit / group * group
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
        var operands = Places()
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
                let place = Place(slot: site.scratch(byteCount: room * 4, forEachThread: true))
                let period = walk.period
                let isPeriodic = period > 0 && capacity % period == 0
                fills.append(
                    Fill(
                        place: Place(slot: operand.slot), target: place, count: room, isPeriodic: isPeriodic,
                        isBool: operand.elementType == .bool, walk: walk))
                operands[source] = place
            }
        }
        var last = SlotTable<Int>(count: 0)
        for (index, line) in code.lines.enumerated() {
            for case .part(let part) in line.operands { last[part] = index }
        }
        var free: [Place] = seed == nil ? [output] : []
        for (index, line) in code.lines.enumerated() {
            let sources = line.operands.compactMap { operands[$0] }
            guard let a = sources.first, sources.count == line.operands.count else { return nil }
            for (number, source) in line.operands.enumerated() where !line.operands[..<number].contains(source) {
                guard case .part(let part) = source, last[part] == index else { continue }
                if let place = operands[source] { free.append(place) }
            }
            // The result of the last line belongs into the output, any other one wherever there is room.
            let isLast = index == code.lines.count - 1
            let target = isLast ? output : free.popLast() ?? Place(slot: site.scratch(byteCount: room * 4, forEachThread: true))
            operands[.part(code.firstPart + index)] = target
            switch line.kind {
            case .unary(let kernel): calls.append(Call(unary: kernel, a: a, b: a, target: target))
            case .binary(let operation): calls.append(Call(binary: operation, a: a, b: sources[1], target: target))
            case .select: calls.append(Call(condition: a, a: sources[1], b: sources[2], target: target))
            }
        }
    }

    /// Multiply-adds that take about as long as one element.
    var cost: Double { 4 * Double(calls.count) }

    /// Works on some of the output's blocks, `total` being all its elements.
    func run(_ addresses: Addresses, blocks: Range<Int>, total: Int) {
        for block in blocks {
            let start = block * capacity
            run(addresses, start: start, count: min(capacity, total - start), isFirst: block == blocks.lowerBound)
        }
    }

    /// Works on the elements from `start` on, no more than the capacity; the first block of a thread writes out what stays.
    @inline(__always)
    func run(_ addresses: Addresses, start: Int, count: Int, isFirst: Bool) {
        for index in fills.indices where isFirst || !fills[index].isPeriodic {
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
                kernels.choose(count, holds, a, b, target, step: condition.step, xStep: call.a.step, yStep: call.b.step)
            } else {
                kernels.binary(call.binary, count, a, b, target, xStep: call.a.step, yStep: call.b.step)
            }
        }
    }
}

/// The elements of an operand in the order of the shape that it is broadcast to.
struct BroadcastWalk {
    /// Shapes of a higher rank are not walked.
    static let rankLimit = 8

    /// Neighbouring axes that are walked alike are one, innermost first.
    private var extents = SIMD8<Int>(repeating: 1)
    private var strides = SIMD8<Int>(repeating: 0)
    private var rank = 0

    /// Nil when the shape does not broadcast to the target.
    init?(_ shape: [Int], to target: [Int]) {
        guard shape.count <= target.count, target.count <= BroadcastWalk.rankLimit else { return nil }
        var stride = 1
        for index in 0..<target.count {
            let extent = target[target.count - 1 - index]
            let own = index < shape.count ? shape[shape.count - 1 - index] : 1
            guard own == extent || own == 1 else { return nil }
            if extent == 1 { continue }
            let step = own == 1 ? 0 : stride
            if own != 1 { stride *= own }
            if rank > 0, step == strides[rank - 1] * extents[rank - 1], (step == 0) == (strides[rank - 1] == 0) {
                extents[rank - 1] *= extent
            } else {
                (extents[rank], strides[rank]) = (extent, step)
                rank += 1
            }
        }
    }

    /// After how many elements everything repeats; 0 when it does not.
    var period: Int {
        guard rank > 1, strides[rank - 1] == 0 else { return 0 }
        var count = 1
        for axis in 0..<rank - 1 { count *= extents[axis] }
        return count
    }

    /// Writes `count` elements out, from the given one in the order of the target on.
    func fill<T: BitwiseCopyable>(
        _ source: UnsafePointer<T>, _ target: UnsafeMutablePointer<T>, start: Int, count: Int
    ) {
        var (place, rest, offset) = (SIMD8<Int>(repeating: 0), start, 0)
        for axis in 0..<rank {
            let next = rest / extents[axis]
            place[axis] = rest - next * extents[axis]
            offset += place[axis] * strides[axis]
            rest = next
        }
        let (inner, step) = (extents[0], strides[0])
        let repeats = rank > 1 && strides[1] == 0 ? extents[1] : 1
        var done = 0
        while done < count {
            let run = min(inner - place[0], count - done)
            let (from, to) = (source + offset, target + done)
            if step == 0 {
                let value = from[0]
                for item in 0..<run { to[item] = value }
            } else if run < 32 {
                for item in 0..<run { to[item] = from[item] }
            } else {
                to.update(from: from, count: run)
            }
            done += run
            // A row that the next axis repeats is doubled until there are as many as it asks for.
            if run == inner, repeats > 1, place[1] == 0, done + (repeats - 1) * inner <= count {
                let all = repeats * inner
                var written = inner
                while written < all {
                    let more = min(written, all - written)
                    (to + written).update(from: to, count: more)
                    written += more
                }
                done += all - inner
                place[1] = repeats - 1
            }
            offset -= place[0] * step
            place[0] = 0
            var axis = 1
            while axis < rank {
                place[axis] += 1
                offset += strides[axis]
                if place[axis] < extents[axis] { break }
                offset -= strides[axis] * extents[axis]
                place[axis] = 0
                axis += 1
            }
        }
    }
}
