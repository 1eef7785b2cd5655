import SeptumIR
import SeptumKernels
import SeptumOperators
package import SeptumTensor

/// A recurrent layer that the kernels can run: constant weights, all steps used, plain activations.
///
/// Rows of the batch run through all steps in blocks, so that their gates stay in cache.
private struct RecurrentLayer {
    enum Cell { case lstm, gru }

    /// What one direction's layer is made of: weights of the input and of the state, packed unless rows are in lanes, and the
    /// biases of both.
    private struct Weights {
        let input: UnsafePointer<Float>
        let state: UnsafePointer<Float>
        let inputBias: Int
        let stateBias: Int
    }

    /// Rows of a product that are enough to read weights once for; whole tiles.
    private static let blockRows = 48
    /// With rows in lanes: whole vectors of them, and the batch from which on they fill a vector.
    private static let blockLanes = 64
    private static let leastLanes = 16

    private let cell: Cell
    private let x: LoweringSite.Operand
    private let steps: Int
    private let batch: Int
    private let inputs: Int
    private let hidden: Int
    private let directions: Int
    private let columns: Int
    private let isReversed: Bool
    private var weights: [Weights] = []
    /// Rows that run together, and steps whose gate pre-activations from the input are one product.
    private let blockRows: Int
    private let chunk: Int
    /// Whether states are `[panels, hidden, 16]` and gates `[gate, hidden, rows]`, in whole panels of sixteen rows, so that every lane
    /// is filled however many units there are. The products are the same chains.
    private let hasLanes: Bool
    /// The slot of the rows of one step in lanes.
    private let turned: Int
    /// Slots of the gate pre-activations from the input and from the state, of the state, and of the LSTM's cells.
    private let fromInput: Int
    private let fromState: Int
    private let state: Int
    private let cells: Int
    private let initial: (h: Int?, c: Int?)
    private let results: (sequence: Int?, h: Int?, c: Int?)

    init?(_ site: inout LoweringSite, _ recurrence: Recurrence, _ cell: Cell) throws(ModelError) {
        guard let x = site.input(0), let w = site.input(1), let r = site.input(2), x.elementType == .float32,
            w.constant != nil, r.constant != nil, site.input(4) == nil, recurrence.clip == nil, recurrence.activations.isEmpty,
            !recurrence.isBatchFirst, site.input(3) == nil || site.input(3)?.constant != nil, x.count > 0
        else { return nil }
        self.x = x
        self.cell = cell
        (steps, batch, inputs) = (x.shape[0], x.shape[1], x.shape[2])
        hidden = r.shape[2]
        directions = recurrence.directionCount
        isReversed = recurrence.direction == .reverse
        let columns = (cell == .lstm ? 4 : 3) * hidden
        self.columns = columns
        let hasLanes = batch >= RecurrentLayer.leastLanes
        self.hasLanes = hasLanes
        for direction in 0..<directions {
            func matrix(_ operand: LoweringSite.Operand, _ k: Int) throws(ModelError) -> UnsafePointer<Float>? {
                if hasLanes {
                    return operand.constant?.bytes.baseAddress.map {
                        UnsafePointer($0.assumingMemoryBound(to: Float.self)) + direction * columns * k
                    }
                }
                return try site.packed(
                    operand, "recurrent \(direction)", byteCount: max(1, KernelTable.gemmPackedCount(k, columns)) * 4
                ) { source, target in
                    kernels.gemmPack(
                        k, columns, source.assumingMemoryBound(to: Float.self) + direction * columns * k, k, transposed: true,
                        target.assumingMemoryBound(to: Float.self))
                }?.assumingMemoryBound(to: Float.self)
            }
            guard let input = try matrix(w, inputs), let state = try matrix(r, hidden) else { return nil }
            let biases =
                try site.input(3)?.constant?.array(of: Float.self) ?? [Float](repeating: 0, count: directions * 2 * columns)
            let first = direction * 2 * columns
            weights.append(
                Weights(
                    input: input, state: state,
                    inputBias: site.resident(try Tensor([columns], Array(biases[first..<first + columns]))),
                    stateBias: site.resident(try Tensor([columns], Array(biases[first + columns..<first + 2 * columns])))))
        }
        blockRows = min(batch, hasLanes ? RecurrentLayer.blockLanes : RecurrentLayer.blockRows)
        chunk = hasLanes || batch > blockRows ? 1 : min(steps, max(1, RecurrentLayer.blockRows / max(1, batch)))
        let roomRows = hasLanes ? (blockRows + 15) / 16 * 16 : blockRows
        func room(_ count: Int) -> Int { site.scratch(byteCount: max(1, count) * 4, forEachThread: true) }
        fromInput = room(chunk * roomRows * columns)
        fromState = room(roomRows * columns)
        state = room(roomRows * hidden)
        cells = cell == .lstm ? room(roomRows * hidden) : 0
        turned = hasLanes ? room(roomRows * inputs) : 0
        initial = (site.input(5)?.slot, site.input(6)?.slot)
        results = (site.output(0)?.slot, site.output(1)?.slot, site.output(2)?.slot)
    }

    /// The whole layer, in parts of the batch where threads share it.
    func step(_ site: LoweringSite) -> Step {
        let blocks = (batch + blockRows - 1) / blockRows
        let products = Double(steps * blockRows) * Double(columns) * Double(inputs + hidden + 20) * Double(directions)
        if let division = site.division(blocks, cost: products) { return division.step(run) }
        return { addresses throws(ModelError) in run(addresses, 0..<blocks) }
    }

    private func run(_ addresses: Addresses, _ blocks: Range<Int>) {
        for block in blocks {
            let first = block * blockRows
            for direction in 0..<directions {
                let rows = min(blockRows, batch - first)
                if hasLanes {
                    runInLanes(addresses, direction, first, rows: rows)
                } else {
                    run(addresses, direction, first, rows: rows)
                }
            }
        }
    }

    /// Runs one direction of some rows; sequences are `[steps, directions, batch, hidden]`.
    private func run(_ addresses: Addresses, _ direction: Int, _ first: Int, rows: Int) {
        let (gatesIn, gatesState) = (addresses.write(fromInput, Float.self), addresses.write(fromState, Float.self))
        let (h, c) = (addresses.write(state, Float.self), cell == .lstm ? addresses.write(cells, Float.self) : nil)
        let (layer, size, place) = (weights[direction], rows * hidden, (direction * batch + first) * hidden)
        begin(h, initial.h, addresses, place, size)
        if let c { begin(c, initial.c, addresses, place, size) }
        let isBackward = isReversed || direction == 1
        var done = 0
        while done < steps {
            let count = min(chunk, steps - done)
            let lowest = isBackward ? steps - done - count : done
            kernels.gemm(
                count * rows, inputs, columns, addresses.read(x.slot, Float.self) + (lowest * batch + first) * inputs, inputs,
                layer.input, addresses.read(layer.inputBias), gatesIn, columns)
            for turn in 0..<count {
                let part = isBackward ? count - 1 - turn : turn
                let gates = UnsafePointer(gatesIn + part * rows * columns)
                kernels.gemm(
                    rows, hidden, columns, h, hidden, layer.state, addresses.read(layer.stateBias), gatesState, columns,
                    Ending(addend: c == nil ? nil : gates))
                if let c {
                    kernels.lstmCell(rows, hidden, gatesState, c: c, h: h)
                } else {
                    kernels.gruCell(rows, hidden, fromInput: gates, fromState: gatesState, h: h)
                }
                if let sequence = results.sequence {
                    let target = ((lowest + part) * directions + direction) * batch + first
                    (addresses.write(sequence, Float.self) + target * hidden).update(from: h, count: size)
                }
            }
            done += count
        }
        if let last = results.h { (addresses.write(last, Float.self) + place).update(from: h, count: size) }
        if let last = results.c, let c { (addresses.write(last, Float.self) + place).update(from: c, count: size) }
    }

    /// The same with rows in lanes.
    private func runInLanes(_ addresses: Addresses, _ direction: Int, _ first: Int, rows: Int) {
        let (gatesIn, gatesState) = (addresses.write(fromInput, Float.self), addresses.write(fromState, Float.self))
        let (h, c) = (addresses.write(state, Float.self), cell == .lstm ? addresses.write(cells, Float.self) : nil)
        let (layer, place, panels) = (weights[direction], (direction * batch + first) * hidden, (rows + 15) / 16)
        let x = addresses.write(turned, Float.self)
        beginInLanes(h, initial.h, addresses, place, rows)
        if let c { beginInLanes(c, initial.c, addresses, place, rows) }
        let isBackward = isReversed || direction == 1
        for turn in 0..<steps {
            let step = isBackward ? steps - 1 - turn : turn
            let source = addresses.read(self.x.slot, Float.self) + (step * batch + first) * inputs
            kernels.gemmPack(inputs, rows, source, inputs, transposed: true, x)
            kernels.gemmRowBias(
                columns, inputs, 16 * panels, layer.input, inputs, x, addresses.read(layer.inputBias), gatesIn, 16 * panels)
            kernels.gemmRowBias(
                columns, hidden, 16 * panels, layer.state, hidden, h, addresses.read(layer.stateBias), gatesState, 16 * panels,
                Ending(addend: c == nil ? nil : UnsafePointer(gatesIn)))
            if let c {
                kernels.lstmCellLanes(panels, hidden, gatesState, c: c, h: h)
            } else {
                kernels.gruCellLanes(panels, hidden, fromInput: gatesIn, fromState: gatesState, h: h)
            }
            if let sequence = results.sequence {
                let target = (step * directions + direction) * batch + first
                kernels.unpackLanes(rows, hidden, h, addresses.write(sequence, Float.self) + target * hidden)
            }
        }
        if let last = results.h { kernels.unpackLanes(rows, hidden, h, addresses.write(last, Float.self) + place) }
        if let last = results.c, let c { kernels.unpackLanes(rows, hidden, c, addresses.write(last, Float.self) + place) }
    }

    private func beginInLanes(
        _ state: UnsafeMutablePointer<Float>, _ initial: Int?, _ addresses: Addresses, _ place: Int, _ rows: Int
    ) {
        if let initial {
            kernels.gemmPack(hidden, rows, addresses.read(initial, Float.self) + place, hidden, transposed: true, state)
        } else {
            state.update(repeating: 0, count: (rows + 15) / 16 * 16 * hidden)
        }
    }

    private func begin(
        _ state: UnsafeMutablePointer<Float>, _ initial: Int?, _ addresses: Addresses, _ place: Int, _ count: Int
    ) {
        if let initial {
            state.update(from: addresses.read(initial, Float.self) + place, count: count)
        } else {
            state.update(repeating: 0, count: count)
        }
    }
}

extension Op.GRU: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard appliesResetAfter else { return nil }
        return try RecurrentLayer(&site, recurrence, .gru)?.step(site)
    }
}

extension Op.LSTM: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard !couplesInputAndForget, site.input(7) == nil else { return nil }
        return try RecurrentLayer(&site, recurrence, .lstm)?.step(site)
    }
}
