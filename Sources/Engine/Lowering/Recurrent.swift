import SeptumIR
import SeptumKernels
import SeptumOperators
package import SeptumTensor

/// Shapes and operands of a recurrent layer that the kernels can run: constant weights, all steps used, plain activations.
private struct RecurrentLayer {
    let x: LoweringSite.Operand
    let steps: Int
    let batch: Int
    let inputs: Int
    let hidden: Int
    let directions: Int
    let gates: Int
    let isReversed: Bool
    /// For each direction: packed weights of the input and of the state, and the biases of both.
    var weights: [(input: UnsafePointer<Float>, state: UnsafePointer<Float>, inputBias: Tensor, stateBias: Tensor)] = []
    /// Slots of the gate pre-activations from the input, from the state, and of the state itself.
    var fromInput = 0
    var fromState = 0
    var state = 0

    init?(_ site: inout LoweringSite, _ recurrence: Recurrence, gates: Int) throws(ModelError) {
        guard let x = site.input(0), let w = site.input(1), let r = site.input(2), x.elementType == .float32,
            w.constant != nil, r.constant != nil, site.input(4) == nil, recurrence.clip == nil, recurrence.activations.isEmpty,
            !recurrence.isBatchFirst, site.input(3) == nil || site.input(3)?.constant != nil, x.count > 0
        else { return nil }
        self.x = x
        (steps, batch, inputs) = (x.shape[0], x.shape[1], x.shape[2])
        hidden = r.shape[2]
        directions = recurrence.directionCount
        isReversed = recurrence.direction == .reverse
        self.gates = gates
        let columns = gates * hidden
        for direction in 0..<directions {
            func matrix(_ operand: LoweringSite.Operand, _ k: Int) throws(ModelError) -> UnsafePointer<Float>? {
                try site.packed(
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
                (
                    input, state, try Tensor([columns], Array(biases[first..<first + columns])),
                    try Tensor([columns], Array(biases[first + columns..<first + 2 * columns]))
                ))
        }
        fromInput = site.scratch(byteCount: max(1, steps * batch * columns) * 4)
        fromState = site.scratch(byteCount: max(1, batch * columns) * 4)
        state = site.scratch(byteCount: max(1, batch * hidden) * 4)
    }

    /// Runs one direction: `cell` updates the state of one batch row from its gates; outputs are `[steps, directions, batch, hidden]`.
    /// With `sumsGates` those from the state hold those from the input too.
    func run(
        _ addresses: Addresses, _ direction: Int, sumsGates: Bool = false, sequence: UnsafeMutablePointer<Float>?,
        last: UnsafeMutablePointer<Float>?,
        initial: UnsafePointer<Float>?,
        _ cell: (
            _ row: Int, _ fromInput: UnsafeMutablePointer<Float>, _ fromState: UnsafeMutablePointer<Float>,
            _ h: UnsafeMutablePointer<Float>
        ) -> Void
    ) {
        let columns = gates * hidden
        let (gatesIn, gatesState) = (addresses.write(fromInput, Float.self), addresses.write(fromState, Float.self))
        let h = addresses.write(state, Float.self)
        let layer = weights[direction]
        if let initial {
            h.update(from: initial + direction * batch * hidden, count: batch * hidden)
        } else {
            h.update(repeating: 0, count: batch * hidden)
        }
        guard let inputBias = layer.inputBias.bytes.baseAddress?.assumingMemoryBound(to: Float.self),
            let stateBias = layer.stateBias.bytes.baseAddress?.assumingMemoryBound(to: Float.self)
        else { return }
        kernels.gemm(steps * batch, inputs, columns, addresses.read(x.slot), inputs, layer.input, inputBias, gatesIn, columns)
        for count in 0..<steps {
            let step = isReversed || direction == 1 ? steps - 1 - count : count
            let addend = sumsGates ? UnsafePointer(gatesIn + step * batch * columns) : nil
            kernels.gemm(
                batch, hidden, columns, h, hidden, layer.state, stateBias, gatesState, columns, Ending(addend: addend))
            for row in 0..<batch {
                cell(row, gatesIn + (step * batch + row) * columns, gatesState + row * columns, h + row * hidden)
            }
            if let sequence {
                (sequence + (step * directions + direction) * batch * hidden).update(from: h, count: batch * hidden)
            }
        }
        if let last { (last + direction * batch * hidden).update(from: h, count: batch * hidden) }
    }
}

extension Op.GRU: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard appliesResetAfter, let layer = try RecurrentLayer(&site, recurrence, gates: 3) else { return nil }
        let (sequence, last, initial) = (site.output(0), site.output(1), site.input(5))
        let hidden = layer.hidden
        return { addresses throws(ModelError) in
            for direction in 0..<layer.directions {
                layer.run(
                    addresses, direction, sequence: sequence.map { addresses.write($0.slot) },
                    last: last.map { addresses.write($0.slot) },
                    initial: initial.map { addresses.read($0.slot) }
                ) { _, fromInput, fromState, h in
                    kernels.binary(.add, 2 * hidden, fromInput, fromState, fromState)
                    kernels.gruCell(
                        hidden, update: fromState, reset: fromState + hidden, fromInput: fromInput + 2 * hidden,
                        fromState: fromState + 2 * hidden, h: h)
                }
            }
        }
    }
}

extension Op.LSTM: LoweredOperator {
    package func lower(_ site: inout LoweringSite) throws(ModelError) -> Step? {
        guard !couplesInputAndForget, site.input(7) == nil, let layer = try RecurrentLayer(&site, recurrence, gates: 4) else {
            return nil
        }
        let (sequence, last, lastCell) = (site.output(0), site.output(1), site.output(2))
        let (initial, initialCell) = (site.input(5), site.input(6))
        let (hidden, size) = (layer.hidden, layer.batch * layer.hidden)
        let cells = site.scratch(byteCount: max(1, size) * 4)
        return { addresses throws(ModelError) in
            let c = addresses.write(cells, Float.self)
            for direction in 0..<layer.directions {
                if let initialCell {
                    c.update(from: addresses.read(initialCell.slot, Float.self) + direction * size, count: size)
                } else {
                    c.update(repeating: 0, count: size)
                }
                layer.run(
                    addresses, direction, sumsGates: true, sequence: sequence.map { addresses.write($0.slot) },
                    last: last.map { addresses.write($0.slot) },
                    initial: initial.map { addresses.read($0.slot) }
                ) { row, _, fromState, h in
                    kernels.lstmCell(
                        hidden, input: fromState, forget: fromState + 2 * hidden, cell: fromState + 3 * hidden,
                        output: fromState + hidden, c: c + row * hidden, h: h)
                }
                if let lastCell { (addresses.write(lastCell.slot, Float.self) + direction * size).update(from: c, count: size) }
            }
        }
    }
}
