import SeptumIR
import SeptumOperators
import SeptumTensor

/// An operator whose output elements are copies of input elements, or one fill value, at places that the shapes decide.
///
/// The plan finds the places by evaluating the operator on the positions of the elements instead of the elements.
protocol MovementOperator: LoweredOperator {
    /// The inputs that are moved; all others must be known when planning.
    func movedInputs(_ count: Int) -> Range<Int>
    /// The input that holds what fills places nothing is moved to.
    var fillInput: Int? { get }
}

extension MovementOperator {
    func movedInputs(_ count: Int) -> Range<Int> { 0..<1 }
    var fillInput: Int? { nil }

    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? { try lowerMovement(&site) }

    func lowerMovement(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        let moved = movedInputs(site.inputs.count)
        var arguments: [Value?] = []
        // Positions count from 1; 0 stands for a zero and -1 for the fill value.
        var bases: [Int] = []
        var next = 1
        for (index, operand) in site.inputs.enumerated() {
            guard let operand else { arguments.append(nil); continue }
            if moved.contains(index) {
                bases.append(next)
                let first = next
                arguments.append(.tensor(try Tensor(operand.shape, (0..<operand.count).map { Int64(first + $0) })))
                next += operand.count
            } else if index == fillInput {
                arguments.append(.tensor(try Tensor(operand.shape, [Int64](repeating: -1, count: operand.count))))
            } else if let constant = operand.constant {
                arguments.append(.tensor(constant))
            } else {
                return nil
            }
        }
        let results = try evaluate(Arguments(arguments, outputCount: site.outputs.count))
        guard let width = site.input(moved.lowerBound)?.elementType.byteWidth else { return nil }
        let sources = zip(bases, moved).compactMap { base, index in site.input(index).map { (base: base, slot: $0.slot) } }
        let fill = fillInput.flatMap { site.input($0)?.slot }
        var copies: [Step] = []
        for (operand, result) in zip(site.outputs, results) {
            guard let operand else { continue }
            guard let positions = try result.tensor?.array(of: Int64.self), positions.count == operand.count else { return nil }
            let copy = CopyPlan(positions, sources: sources, fill: fill, target: operand.slot, width: width)
            let step: Step = { addresses throws(ModelError) in copy.run(addresses) }
            copies.append(step)
        }
        return inOrder(copies)
    }
}

/// Runs of elements that are copied as blocks.
struct CopyPlan {
    private struct Block {
        /// The slot copied from; -1 for zeros, -2 for the fill value.
        var source: Int
        var from: Int
        var to: Int
        var count: Int
    }

    private var blocks: [Block] = []
    private let fill: Int?
    private let target: Int
    private let width: Int
    /// When blocks are short and of one source: the position of each target element.
    private var single: [Int32] = []
    private var singleSource = 0

    init(_ positions: [Int64], sources: [(base: Int, slot: Int)], fill: Int?, target: Int, width: Int) {
        self.fill = fill
        self.target = target
        self.width = width
        var start = 0
        while start < positions.count {
            let first = positions[start]
            var end = start + 1
            if first > 0 {
                let limit = sources.first { $0.base > Int(first) }?.base ?? .max
                while end < positions.count, positions[end] == positions[end - 1] + 1, positions[end] < Int64(limit) { end += 1 }
                let source = sources.last { $0.base <= Int(first) } ?? (1, 0)
                blocks.append(Block(source: source.slot, from: Int(first) - source.base, to: start, count: end - start))
            } else {
                while end < positions.count, positions[end] == first { end += 1 }
                blocks.append(Block(source: first == 0 ? -1 : -2, from: 0, to: start, count: end - start))
            }
            start = end
        }
        guard sources.count == 1, blocks.count * 8 > positions.count, positions.allSatisfy({ $0 > 0 && $0 < Int64(Int32.max) })
        else { return }
        single = positions.map { Int32($0 - 1) }
        singleSource = sources[0].slot
        blocks = []
    }

    func run(_ addresses: Addresses) {
        if !single.isEmpty { return gather(addresses) }
        let output = addresses[target]
        for index in blocks.indices {
            let block = blocks[index]
            let destination = output + block.to * width
            switch block.source {
            case -1: destination.initializeMemory(as: UInt8.self, repeating: 0, count: block.count * width)
            case -2:
                guard let fill else { continue }
                for item in 0..<block.count { (destination + item * width).copyMemory(from: addresses[fill], byteCount: width) }
            default:
                destination.copyMemory(from: addresses[block.source] + block.from * width, byteCount: block.count * width)
            }
        }
    }

    private func gather(_ addresses: Addresses) {
        switch width {
        case 4: gather(addresses, UInt32.self)
        case 8: gather(addresses, UInt64.self)
        case 2: gather(addresses, UInt16.self)
        case 1: gather(addresses, UInt8.self)
        default:
            for index in single.indices {
                (addresses[target] + index * width)
                    .copyMemory(from: addresses[singleSource] + Int(single[index]) * width, byteCount: width)
            }
        }
    }

    private func gather<T: BitwiseCopyable>(_ addresses: Addresses, _ type: T.Type) {
        let source = addresses.read(singleSource, T.self)
        let output = addresses.write(target, T.self)
        single.withUnsafeBufferPointer { positions in
            for index in positions.indices { output[index] = source[Int(positions[index])] }
        }
    }
}

extension Op.ReverseSequence: MovementOperator {}
extension Op.Trilu: MovementOperator {}
